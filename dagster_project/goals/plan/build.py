"""The plan of a goal put together: lines, efforts and stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import Period, period_of
from dagster_project.errors import UsageError
from dagster_project.goals.actions import Action
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.plan.plan import By, Effort, Line, Plan, Stage
from dagster_project.goals.resolve.solvable import load_of
from dagster_project.goals.targets.action_days import due_by_day
from dagster_project.goals.targets.paths import ONE_DAY
from dagster_project.goals.targets.versions import Version
from dagster_project.kpi.model import Definitions


def build_plan(
    versions: tuple[Version, ...], definitions: Definitions, by: By = "month", revision: int | None = None
) -> Plan:
    """The plan of a goal, by default as its newest revision has it. Raises UsageError for a revision that
    there is none of."""
    calendar, rules = BusinessCalendar(definitions.calendar), definitions.calendar
    goal = versions[0].goal
    if revision is not None and not 0 <= revision < len(versions):
        known = f"0 to {len(versions) - 1}" if len(versions) > 1 else "0 only"
        raise UsageError(f"goal '{goal.name}' has no revision {revision}; it has {known}")
    version = versions[-1 if revision is None else revision]
    goal = version.goal
    nodes = [node for node in goal.nodes if node.kpi is not None]
    listed = [node for node in nodes if node.is_tied or node.origin != "none" or node.within is not None]
    lines = tuple(_line(version, node) for node in listed)
    efforts = tuple(_effort(goal, action, calendar, definitions) for action in goal.actions)
    parts = _parts(goal.period, by, definitions)
    stages = [_stage(version, node, parts) for node in listed]
    for effort in efforts:
        target = effort.line.target
        if target is not None:
            due = due_by_day(goal, effort.action, target, calendar, rules)
            through = tuple(_due_by(due, part.end) for part in parts)
            stages.append(Stage(effort.line.name, effort.line.label, effort.line.unit, True, through))
    return Plan(
        goal=goal,
        versions=versions,
        version=version,
        lines=(*lines, *(effort.line for effort in efforts)),
        watched=tuple(node for node in nodes if node not in listed),
        efforts=efforts,
        parts=parts,
        stages=tuple(stage for stage in stages if stage is not None),
    )


def _line(version: Version, node: Node) -> Line:
    goal = version.goal
    kpi, given = node.kpi, goal.given.get(node.name)
    assert kpi is not None
    target = goal.target(node.name)
    missing = None
    if target is None and node.within is None:
        missing = "no_year_before" if goal.unknown_bases else None
    return Line(
        name=node.name,
        label=node.label,
        kind="assumption" if node.origin == "assumed" else node.level,
        kpi=kpi.name,
        unit=kpi.unit,
        segment=f"{node.dimension}: {node.segment}" if node.dimension != "total" else None,
        parent=node.parent,
        depth=node.depth,
        is_tied=node.is_tied,
        target=target,
        within=node.within,
        given=node.origin in ("given", "assumed"),
        written=given.text if given is not None else None,
        equation=node.derived_by,
        origin=None,
        missing=missing,
        targets={name: values[node.name] for name, values in goal.targets.items() if node.name in values},
        owner=node.owner,
        opening=node.opening,
        before=_before(version, node),
    )


def _before(version: Version, node: Node) -> Fraction | None:
    """What was due before the revision, of what grows; None of the plan as first made."""
    path = version.paths.get((PLAN, node.name))
    if version.number == 0 or path is None or node.kpi is None or not node.kpi.grows:
        return None
    return path.due(version.since - ONE_DAY)


def _effort(goal: Goal, action: Action, calendar: BusinessCalendar, definitions: Definitions) -> Effort:
    targets = {
        name: values[action.name] for name, values in goal.action_targets.items() if action.name in values
    }
    target = targets.get(PLAN)
    days = calendar.business_days(action.start, action.due)
    each = None
    if action.per_piece is not None and action.per_piece.base is None:
        each = action.per_piece.plus
    loads = {
        name: load
        for name, value in targets.items()
        if (load := load_of(action, value, calendar, definitions.calendar)) is not None
    }
    return Effort(
        action=action,
        line=_action_line(goal, action, targets),
        business_days=days,
        per_day=target / days if target is not None and days else None,
        brings=target * each if target is not None and each is not None else None,
        loads=loads,
    )


def _action_line(goal: Goal, action: Action, targets: Mapping[str, Fraction]) -> Line:
    origin = None
    if action.given is None and action.per_piece is not None:
        share = f" * {float(action.share * 100):g}%" if action.share != 1 else ""
        origin = f"{action.drives}{share} / {action.yield_name or action.per_piece.text.en}"
    return Line(
        name=action.name,
        label=action.label,
        kind="action",
        kpi=action.kpi.name,
        unit=action.kpi.unit,
        segment=f"{action.dimension}: {action.segment}" if action.dimension != "total" else None,
        parent=action.drives,
        depth=goal.node(action.drives).depth + 1,
        is_tied=False,
        target=targets.get(PLAN),
        within=None,
        given=action.given is not None,
        written=action.given.text if action.given is not None else None,
        equation=None,
        origin=origin,
        missing=None if PLAN in targets else "no_year_before",
        targets=targets,
        owner=action.owner,
    )


def _parts(period: Period, by: By, definitions: Definitions) -> tuple[Period, ...]:
    return tuple(_cut(period, by, definitions))


def _cut(period: Period, by: By, definitions: Definitions) -> Iterator[Period]:
    """The months, weeks or days of the period; the first and last may be cut."""
    start = period.start
    while start <= period.end:
        part = period_of(start, by, definitions.calendar)
        end = min(part.end, period.end)
        yield Period(part.grain if (start, end) == (part.start, part.end) else "range", start, end)
        if end == date.max:
            return
        start = date.fromordinal(end.toordinal() + 1)


def _stage(version: Version, node: Node, parts: tuple[Period, ...]) -> Stage | None:
    path = version.paths.get((PLAN, node.name))
    if path is None or node.kpi is None or not (node.accumulates or node.is_stock):
        return None  # the same level on every day: the tree says it
    due = tuple(path.due(part.end) for part in parts)
    return Stage(node.name, node.label, node.kpi.unit, node.kpi.grows, due)


def _due_by(due: Mapping[date, Fraction], day: date) -> Fraction:
    if day in due:
        return due[day]
    return Fraction(0) if day < next(iter(due)) else list(due.values())[-1]
