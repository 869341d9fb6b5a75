"""A goal's plan in its versions, revision after revision: the tree, the targets, and the path of each by day.

A revision holds from a day on and leaves the days before it as they were. From there the plan is solved anew
for the days that remain: what is given for the period, less what is due (`rebase: plan`) or has come
(`rebase: actual`) before, and the rest follows by the equations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.algebra.remainder import Remainder
from dagster_project.goals.algebra.solve import Conflict, solve
from dagster_project.goals.given import Base
from dagster_project.goals.model import PLAN, Goal, Node, Rebase, Revision
from dagster_project.goals.progress.days import TOTAL
from dagster_project.goals.progress.so_far import actual_of
from dagster_project.goals.resolve.growth import Bases, pieces_of, with_bases
from dagster_project.goals.targets.paths import ONE_DAY, Path, Shapes
from dagster_project.kpi.model import Label

Paths = Mapping[tuple[str, str], Path]  # scenario, node


@dataclass(frozen=True)
class Version:
    """One revision, 0 being the plan as first made. `since`: its first day. `goal`: its tree, and its targets
    of the whole period. `rebase`: None of the plan as first made. `conflicts`: the equations that the
    plan's figures break."""

    number: int
    since: date
    reason: Label
    goal: Goal
    paths: Paths
    rebase: Rebase | None = None
    conflicts: tuple[Conflict, ...] = ()


def in_force(versions: Sequence[Version], day: date) -> Version:
    """The newest version that holds on the day; the first one before the period."""
    return next((version for version in reversed(versions) if version.since <= day), versions[0])


class Planner:
    """Makes plans of goals from what is known as of a day: `bases`, the actuals of earlier periods, and the
    days in `shapes`. Without any data it plans with what is written alone."""

    def __init__(self, shapes: Shapes, bases: Bases, as_of: date) -> None:
        self.shapes = shapes
        self.bases = bases
        self.as_of = as_of

    def versions(self, goal: Goal) -> tuple[Version, ...]:
        """The plan as first made, then each revision of it."""
        based, conflicts = with_bases(goal, self.bases) if goal.unknown_bases else (goal, ())
        paths = self._first_paths(based)
        versions = [Version(0, goal.period.start, Label("", ""), based, paths, conflicts=conflicts)]
        for revision in goal.revisions:
            versions.append(self.revised(versions[-1], revision))
        return tuple(versions)

    def _first_paths(self, goal: Goal) -> Paths:
        return {
            (scenario, node.name): self.shapes.path(goal, node, target)
            for scenario in goal.scenarios
            for node in goal.nodes
            if node.kpi is not None and (target := goal.target(node.name, scenario)) is not None
        }

    def revised(self, before: Version, revision: Revision) -> Version:
        """The plan from the revision's first day on, its days before as `before` has them."""
        targets: dict[str, Mapping[str, Fraction]] = {}
        action_targets: dict[str, Mapping[str, Fraction]] = {}
        paths: dict[tuple[str, str], Path] = {}
        broken: tuple[Conflict, ...] = ()
        goal = revision.goal
        for scenario in goal.scenarios:
            rest = _Rest(self, before, revision, scenario)
            found, conflicts = rest.solve()
            if scenario == PLAN:
                goal = replace(goal, remainder=rest.remainder)
            targets[scenario] = {node.name: found[node.name] for node in goal.nodes if node.name in found}
            action_targets[scenario] = rest.actions(found)
            for name, target in targets[scenario].items():
                paths[scenario, name] = rest.path(name, target)
            if scenario == PLAN:
                broken = conflicts
        unknown = frozenset(base for base in goal.bases if base not in self.bases)
        planned = replace(goal, targets=targets, action_targets=action_targets, unknown_bases=unknown)
        made = (revision.number, revision.since, revision.reason)
        return Version(*made, planned, paths, revision.rebase, broken)

    def actual(self, goal: Goal, node: Node, through: date) -> Fraction | None:
        """What the node has come to through the day, as far as it is known; None before that day is over."""
        if node.kpi is None or self.as_of < through:
            return None
        daily = self.shapes.daily
        own = daily.get((node.kpi.name, node.dimension, node.segment), {})
        total = daily.get((node.kpi.name, TOTAL, TOTAL), {})
        found = actual_of(node, goal.period, through, own, total, {}).value
        return None if found is None else exact(found)


class _Rest:
    """The days from a revision on, in one scenario."""

    def __init__(self, planner: Planner, before: Version, revision: Revision, scenario: str) -> None:
        self.planner, self.scenario = planner, scenario
        self.goal, self.since = revision.goal, revision.since
        self.cut = revision.since - ONE_DAY
        self.nodes = {node.name: node for node in self.goal.nodes if node.kpi is not None}
        self.past = {
            name: before.paths[scenario, name]
            for name, node in self.nodes.items()
            if (scenario, name) in before.paths and _is_same(before.goal.node(name), node)
        }
        self.actions_before = {action.name: action for action in before.goal.actions}
        self.rebased = revision.rebase == "actual"
        # What the rest of each path starts from; None: a node that the revision brings, with nothing known.
        self.starts = {name: self._start(node) for name, node in self.nodes.items()}
        self.remainder = self._remainder()

    def _start(self, node: Node) -> Fraction | None:
        planned = self.past[node.name].due(self.cut) if node.name in self.past else None
        if planned is not None and not self.rebased:
            return planned
        actual = self.planner.actual(self.goal, node, self.cut)
        return actual if actual is not None else planned

    def share(self, name: str) -> Fraction:
        """The share of the period that is due before the revision."""
        return self.planner.shapes.of(self.goal, self.nodes[name]).share(self.cut)

    def _remainder(self) -> Remainder:
        grows = [name for name, node in self.nodes.items() if node.kpi is not None and node.kpi.grows]
        return Remainder(
            {name: self.starts[name] or Fraction(0) for name in grows},
            1 - self.share(self.goal.kgi.name),
            {name: self.share(name) for name in grows if self.starts[name] is None},
        )

    def solve(self) -> tuple[dict[str, Fraction], tuple[Conflict, ...]]:
        """Every node's target of the whole period, and the equations that the remaining days break."""
        root, remainder = self.goal.kgi.name, self.remainder
        known: dict[str, Fraction] = {}
        for name, given in self.goal.given.items():
            value = given.at(self.planner.bases)
            if value is None:
                continue
            value *= self.goal.scenarios[self.scenario] if given.scaled else 1
            known[name] = remainder.added(name, value)
        pieces = pieces_of(self.goal.given, self.goal.scenarios[self.scenario])
        solution = solve([remainder.equation(equation) for equation in self.goal.system], known, root, pieces)
        found = {name: remainder.whole(name, value) for name, value in solution.values.items()}
        return found, solution.conflicts

    def actions(self, targets: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """What each action comes to: what was needed for what its node came to before, and for the rest."""
        found: dict[str, Fraction] = {}
        factor, bases = self.goal.scenarios[self.scenario], self.planner.bases
        for action in self.goal.actions:
            whole, start = targets.get(action.drives), self.starts.get(action.drives)
            old = self.actions_before.get(action.name)
            if action.given is not None or whole is None or start is None or old is None:
                needed = action.needed(whole, factor, bases)
            else:
                parts = old.needed(start, factor, bases), action.needed(whole - start, factor, bases)
                needed = None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
            if needed is not None:
                found[action.name] = needed
        return found

    def path(self, name: str, target: Fraction) -> Path:
        node = self.nodes[name]
        start = self.starts[name]
        if start is None and node.accumulates:
            start = target * self.share(name)
        rest = self.planner.shapes.rest(self.goal, node, target, start, self.since)
        return self.past[name].then(rest) if name in self.past else rest


def _is_same(before: Node, after: Node) -> bool:
    """Whether it is measured by the same KPI at the same segment."""
    return (before.kpi and before.kpi.name, before.dimension, before.segment) == (
        after.kpi and after.kpi.name,
        after.dimension,
        after.segment,
    )


def read_bases(goals: Sequence[Goal]) -> frozenset[Base]:
    """Every actual of an earlier period that the goals and their revisions rest on."""
    every = [each for goal in goals for each in (goal, *(revision.goal for revision in goal.revisions))]
    return frozenset(base for goal in every for base in goal.bases)
