"""The funnel of a goal: nodes by stage, the rates from one volume to the next, the narrowest step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dagster_project.goals.gap.gap import Gap, sums_of_leaves
from dagster_project.goals.gap.standing import Standing, Versus
from dagster_project.goals.model import Node

Stage = Literal["top", "middle", "bottom"]
STAGES: tuple[Stage, ...] = ("top", "middle", "bottom")

Figures = Mapping[str, Fraction]  # of the versions "actual", "plan", "last_year" that are known
SMALL = Fraction(1, 10**9)  # less than this share of the plan is no shortfall


@dataclass(frozen=True)
class Step:
    """A node of the funnel. `values` and `rates` by version: actual, plan, last_year, those that are known.

    previous: for a volume (a count that grows), the volume it comes from; `rates`: this volume over that.
    effect: what the step's own shortfall or surplus against the plan adds to the KGI, that of the volume it
    comes from left out; None outside the tree.
    """

    node: Node
    stage: Stage
    is_volume: bool
    values: Figures
    previous: str | None
    rates: Figures
    effect: Fraction | None


@dataclass(frozen=True)
class Bottleneck:
    """The step that falls furthest short of `versus`. `share`: of what it was to be, 0.75 is a quarter short.

    A step with a previous volume falls short by its rate, the first one by its volume.
    """

    step: Step
    versus: Versus
    share: Fraction


def funnel_of(standing: Standing, gap: Gap | None) -> tuple[Step, ...]:
    """Those of a goal's nodes that have a stage, top first; within a stage what comes first in the tree's
    flow, from its leaves to the KGI. `gap`: against the plan."""
    tree = {node.name: node for node in standing.goal.tree}
    stages = {node.name: _stage(node, tree) for node in standing.goal.nodes}
    staged = [
        (node, stage)
        for stage in STAGES
        for node in sorted(standing.goal.nodes, key=lambda node: (node.name in tree, -node.depth))
        if stages[node.name] == stage
    ]
    volumes = {node.name: stage for node, stage in staged if _is_volume(node)}
    sums = _own_effects(standing, gap)
    steps = []
    for node, stage in staged:
        previous = _previous(node, volumes, tree) if node.name in volumes else None
        effect = sums.get(node.name) if node.name in tree else None
        if effect is not None and previous in tree:
            effect -= sums.get(previous or "", Fraction(0))
        steps.append(
            Step(
                node=node,
                stage=stage,
                is_volume=node.name in volumes,
                values=_versions(standing, node.name),
                previous=previous,
                rates=_rates(standing, node.name, previous),
                effect=effect,
            )
        )
    return tuple(steps)


def bottleneck(steps: Sequence[Step], less_is_better: bool = False) -> Bottleneck | None:
    """The volume step that costs the KGI most against the plan (raises it most, where less is better).

    Without effects on the KGI it is the one with the least share of its plan, or of last year where nothing
    is planned. None where no step falls short.
    """
    for versus in ("plan", "last_year"):
        short = [
            Bottleneck(step, versus, share)
            for step in steps
            if step.is_volume and (share := _share(step, versus)) is not None and share < 1 - SMALL
        ]
        costs = [(_cost(found.step, less_is_better), found) for found in short]
        dearest = max(costs, key=lambda pair: pair[0], default=None)
        if versus == "plan" and dearest is not None and dearest[0] > 0:
            return dearest[1]
        if short:
            return min(short, key=lambda found: found.share)
        if any(_share(step, versus) is not None for step in steps if step.is_volume):
            return None
    return None


def _cost(step: Step, less_is_better: bool) -> Fraction:
    effect = step.effect or Fraction(0)
    return effect if less_is_better else -effect


def _share(step: Step, versus: Versus) -> Fraction | None:
    figures = step.rates if step.previous is not None else step.values
    actual, wanted = figures.get("actual"), figures.get(versus)
    return None if actual is None or wanted is None or wanted <= 0 else actual / wanted


def _stage(node: Node, tree: Mapping[str, Node]) -> Stage | None:
    """That of its KPI; a volume of the tree without one comes after the volumes below it, so it is in the
    latest stage of theirs, or else in the first that lies above it."""
    declared = _declared(node)
    if declared is not None or node.name not in tree or not _is_volume(node):
        return declared
    below, found = [node.name], []
    while below:
        below = [other.name for other in tree.values() if other.parent in below]
        found += [stage for name in below if _is_volume(tree[name]) and (stage := _declared(tree[name]))]
    if found:
        return max(found, key=STAGES.index)
    above = node.parent
    while above is not None and _declared(tree[above]) is None:
        above = tree[above].parent
    return None if above is None else _declared(tree[above])


def _declared(node: Node) -> Stage | None:
    named = node.kpi.funnel if node.kpi is not None else None
    return next((stage for stage in STAGES if stage == named), None)


def _is_volume(node: Node) -> bool:
    return node.kpi is not None and node.kpi.unit == "count" and node.kpi.grows


def _previous(node: Node, volumes: Mapping[str, Stage], tree: Mapping[str, Node]) -> str | None:
    """The nearest volume below it in the tree; of the lowest, the last watched one of an earlier stage."""
    below = [node.name]
    while below:
        below = [other.name for other in tree.values() if other.parent in below]
        for name in below:
            if name in volumes:
                return name
    stage = STAGES.index(volumes[node.name])
    earlier = [name for name in volumes if name not in tree and STAGES.index(volumes[name]) < stage]
    return earlier[-1] if earlier else None


def _own_effects(standing: Standing, gap: Gap | None) -> Mapping[str, Fraction]:
    if gap is None:
        return {}
    return sums_of_leaves(standing.goal.tree, {driver.node: driver.contribution for driver in gap.drivers})


def _versions(standing: Standing, name: str) -> Figures:
    versions = {"actual": standing.actual, "plan": standing.plan, "last_year": standing.last_year}
    return {version: values[name] for version, values in versions.items() if name in values}


def _rates(standing: Standing, name: str, previous: str | None) -> Figures:
    if previous is None:
        return {}
    own, before = _versions(standing, name), _versions(standing, previous)
    return {version: own[version] / before[version] for version in own if before.get(version)}
