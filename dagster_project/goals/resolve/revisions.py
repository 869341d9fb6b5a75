"""`revisions:` resolved: the goal as each of them leaves it, planned anew for the days that remain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from dagster_project.goals.model import Goal, Revision
from dagster_project.goals.spec.goal import GoalSpec, NodeSpec, RevisionSpec
from dagster_project.goals.targets.versions import Planner, Version
from dagster_project.kpi.issues import Issue, Level
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.yamlnodes import Loc


class Draft(Protocol):
    """A goal as read, whose figures are still to be judged."""

    @property
    def goal(self) -> Goal: ...

    def judged(self, plan: Version) -> list[Issue]:
        """What is wrong with the plan's figures."""


ReadGoal = Callable[[Written[GoalSpec]], tuple[Draft | None, list[Issue]]]


@dataclass(frozen=True)
class _Revised(Written[GoalSpec]):
    """A goal's spec with revisions in it; what is wrong is said where the revision writes it."""

    moved: Mapping[Loc, Loc] = field(default_factory=dict)  # place in the spec → place in the file

    def issue(self, inner: Loc, message: str, hint: str = "", level: Level = "error") -> Issue:
        for end in range(len(inner), 0, -1):
            if inner[:end] in self.moved:
                inner = (*self.moved[inner[:end]], *inner[end:])
                break
        return super().issue(inner, message, hint, level)


def resolve_revisions(
    goal: Goal, written: Written[GoalSpec], read: ReadGoal, planner: Planner
) -> tuple[Goal, list[Issue]]:
    """The goal with its revisions, up to the first that is not sound, and what is wrong with that one."""
    if not written.spec.revisions:  # the daily path of every node is the dear part of reading a goal
        return replace(goal, revisions=()), []
    plan = planner.versions(goal)[0]
    spec, moved = written.spec, dict[Loc, Loc]()
    revisions: list[Revision] = []
    for index, change in enumerate(written.spec.revisions):
        place: Loc = ("revisions", index)
        earliest = revisions[-1].since if revisions else goal.period.start
        if not earliest < change.from_ <= goal.period.end:
            what = "the revision before it" if revisions else "the period's first day"
            message = f"from {change.from_}: a revision starts after {what} ({earliest}) and in the period"
            return goal, [written.issue((*place, "from"), message, "those before it stay as they are")]
        spec = _merged(spec, change)
        moved |= _places(change, place)
        draft, issues = read(_Revised(spec, written.document, written.loc, written.subject, moved))
        if draft is None:
            return goal, [_in_place(issue, written, place) for issue in issues]
        before = revisions[-1].goal.goal_hash if revisions else goal.goal_hash
        revised = replace(draft.goal, goal_hash=_hash(draft.goal.goal_hash, before, change))
        reason = resolve_label(change.reason, "")
        revision = Revision(index + 1, change.from_, reason, change.rebase, revised)
        plan = planner.revised(plan, revision)
        issues = [_in_place(issue, written, place) for issue in draft.judged(plan)]
        if any(issue.level == "error" for issue in issues):
            return goal, issues
        revisions.append(replace(revision, goal=replace(revised, targets=plan.goal.targets)))
    return replace(goal, revisions=tuple(revisions)), []


def _in_place(issue: Issue, written: Written[GoalSpec], place: Loc) -> Issue:
    """The issue, at the revision where it points at a part of the goal that is sound without it."""
    line, column = written.document.position((*written.loc, *place))
    if issue.line >= line:
        return issue
    return replace(issue, line=line, column=column, message=f"as revised: {issue.message}")


def _merged(spec: GoalSpec, change: RevisionSpec) -> GoalSpec:
    changed: dict[str, Any] = {"revisions": [], "nodes": dict(spec.nodes)}
    for name in ("tree", "ksf", "drivers"):
        if getattr(change, name) is not None:
            changed[name] = getattr(change, name)
    if change.target is not None:
        changed["kgi"] = spec.kgi.model_copy(update={"target": change.target})
    for name, entry in change.nodes.items():
        changed["nodes"][name] = _overlaid(spec.nodes.get(name, NodeSpec()), entry)
    return spec.model_copy(update=changed)


def _overlaid(node: NodeSpec, entry: NodeSpec) -> NodeSpec:
    """What the entry writes, over what the node has. A target takes the place of an assumption and the other
    way round."""
    update = {name: getattr(entry, name) for name in entry.model_fields_set}
    for one, other in (("target", "assume"), ("assume", "target")):
        if one in update and other not in update:
            update[other] = None
    return node.model_copy(update=update)


def _places(change: RevisionSpec, place: Loc) -> dict[Loc, Loc]:
    moved: dict[Loc, Loc] = {("nodes", name): (*place, "nodes", name) for name in change.nodes}
    for name in ("tree", "ksf", "drivers"):
        if getattr(change, name) is not None:
            moved[(name,)] = (*place, name)
    if change.target is not None:
        moved["kgi", "target"] = (*place, "target")
    return moved


def _hash(own: str, before: str, change: RevisionSpec) -> str:
    content = (own, before, change.from_.isoformat(), change.rebase)
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
