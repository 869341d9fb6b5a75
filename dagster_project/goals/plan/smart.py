"""Whether each target of a plan is SMART: as far as definitions tell, and with published data the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dagster_project.goals.model import PLAN
from dagster_project.goals.plan.evidence import Evidence
from dagster_project.goals.plan.lints import Lint, lacks, lints
from dagster_project.goals.plan.plan import Line, Plan
from dagster_project.goals.whatif.elasticity import elasticities
from dagster_project.kpi.model import Definitions, LintLimits

Answer = Literal["yes", "no", "unclear", "stretch", "too_easy"]


@dataclass(frozen=True)
class Smart:
    """specific: a label and an owner of its own (its KPI has one definition and a unit) · measurable: its KPI
    has a source, and a fresh one · achievable: an action fits its capacity; a node's target is harder than
    `percentile` of the past periods, `stretch` or `too_easy` outside what the project calls a target ·
    relevant: equations tie it to the KGI, which moves by `elasticity` percent with one of it, or it drives
    such a node · time_bound: the period ends. `unclear`: only data tell, and they are not there.
    """

    specific: Answer
    measurable: Answer
    achievable: Answer
    relevant: Answer
    time_bound: Answer
    percentile: float | None = None
    elasticity: float | None = None


@dataclass(frozen=True)
class Judged:
    """`smart`: by node and action, of those with a target. `remarks`: on the goal's set of KPIs."""

    smart: Mapping[str, Smart]
    remarks: tuple[Lint, ...]


def judge(plan: Plan, definitions: Definitions, evidence: Evidence | None = None) -> Judged:
    """What is to be said of a plan besides its figures. `evidence`: what published data say, where there are
    any. What no equation ties is a part of the plan itself, and no remark here."""
    found = lints(plan.goal, definitions.settings.lints, evidence)
    remarks = tuple(remark for remark in found if remark.rule != "not_tied")
    return Judged(smart_of(plan, definitions, evidence), remarks)


def smart_of(plan: Plan, definitions: Definitions, evidence: Evidence | None = None) -> dict[str, Smart]:
    """By node and action, those with a target or bounds; an assumption is no target."""
    tied = {line.name for line in plan.lines if line.is_tied}
    loads = {effort.line.name: effort.loads.get(PLAN) for effort in plan.efforts}
    moves = elasticities(plan.goal)
    lacking = {node.name: bool(lacks(node)) for node in plan.goal.nodes}
    known = evidence or Evidence()
    found = {}
    for line in plan.lines:
        if line.kind == "assumption" or (line.target is None and line.within is None):
            continue
        load, standing = loads.get(line.name), known.standings.get(line.name)
        fits: Answer = "unclear" if load is None else _said(load.is_realistic)
        drives = line.kind == "action" and line.parent in tied
        unnamed = line.label.ja == line.name and line.label.en == line.name
        found[line.name] = Smart(
            specific=_said(not lacking.get(line.name, unnamed or not line.owner)),
            measurable=_said(_has_source(line, definitions) and line.name not in known.stale),
            achievable=_in_reach(standing.percentile, definitions.settings.lints) if standing else fits,
            relevant=_said(line.is_tied or drives),
            time_bound="yes",
            percentile=standing.percentile if standing else None,
            elasticity=moves.get(line.name),
        )
    return found


def _has_source(line: Line, definitions: Definitions) -> bool:
    places = definitions.kpi(line.kpi).places
    return bool(places) and all(definitions.entity(place.entity).sources for place in places)


def _in_reach(percentile: float, limits: LintLimits) -> Answer:
    if percentile > limits.stretch:
        return "stretch"
    return "too_easy" if percentile < limits.too_easy else "yes"


def _said(holds: bool) -> Answer:
    return "yes" if holds else "no"
