"""The rows of kgi_attainment: how far each node has come as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.progress.attainment import Attainment, attain, status_of
from dagster_project.goals.progress.days import TOTAL
from dagster_project.goals.progress.so_far import Actual, PeriodRows, actual_of
from dagster_project.goals.targets.lines import Line, lines
from dagster_project.goals.targets.paths import ONE_DAY, Path, Shapes
from dagster_project.goals.targets.versions import Version


def attainment_rows(
    version: Version, shapes: Shapes, periods: PeriodRows, as_of: date, run_id: str
) -> Iterator[tuple[Any, ...]]:
    """A row a node, segment and scenario, in the columns of KGI_ATTAINMENT; see tables.build_goal_tables.

    version: the one in force on the day.
    """
    goal = version.goal
    for sort, node in enumerate(goal.nodes, start=1):
        for line in lines(goal, node):
            own, total = (shapes.daily.get(key, {}) for key in (line.slice, (line.slice[0], TOTAL, TOTAL)))
            actual = actual_of(line, goal.period, as_of, own, total, periods)
            cut = actual.through or min(as_of, goal.period.end)
            left = shapes.calendar.business_days(max(cut + ONE_DAY, goal.period.start), goal.period.end)
            for scenario in _scenarios(goal, node):
                path = line.path(version, node, scenario)
                share = shapes.of(goal, node).share(actual.through)
                figures = _figures(goal, node, scenario, path, actual, share, left, as_of)
                identity = _identity(goal, node, line, scenario, sort)
                yield (as_of, *identity, *figures[:-1], run_id, version.number, figures[-1])


def _scenarios(goal: Goal, node: Node) -> Iterator[str]:
    """The plan, and every other scenario that has a target for the node."""
    for scenario in goal.scenarios:
        if scenario == PLAN or goal.target(node.name, scenario) is not None:
            yield scenario


def _figures(
    goal: Goal,
    node: Node,
    scenario: str,
    path: Path | None,
    actual: Actual,
    share: Fraction,
    left: int,
    as_of: date,
) -> tuple[Any, ...]:
    """From `actual` to `goal_hash`, and the rule behind the status."""
    target = None if path is None else float(path.target)
    due = target
    if path is not None and (node.accumulates or node.is_stock):
        due = float(path.due(actual.through)) if actual.through is not None else None
    whole = attain(node.direction, target, actual.value, node.within)
    to_date = attain(node.direction, due, actual.value, node.within)
    if due == 0 and target != 0 and actual.value is not None:
        to_date = Attainment(None, to_date.attained, "nothing_due")
    verdict = status_of(
        to_date=to_date,
        whole=whole,
        is_over=as_of >= goal.period.end and actual.through == goal.period.end,
        accumulates=node.accumulates,
        direction=node.direction,
        target=target,
        success=float(goal.success(scenario)),
    )
    reason = actual.reason or to_date.reason
    if reason == "no_target" and _waits_for_its_base(goal, node):
        reason = "base_unknown"
    required = None
    if node.adds_over_days and left > 0 and target is not None and actual.value is not None:
        required = max(target - actual.value, 0.0) / left
    return (
        actual.value,
        due,
        target,
        to_date.value,
        _pace(node, path, actual, share),
        required,
        left,
        verdict.status,
        reason,
        actual.through,
        actual.status,
        node.kpi.definition_hash if node.kpi is not None else None,
        goal.goal_hash,
        verdict.rule,
    )


def _pace(node: Node, path: Path | None, actual: Actual, share: Fraction) -> float | None:
    """Where the period would end if it went on so. `share`: of the period that is due by its phasing."""
    value = actual.value
    if value is None or actual.through is None:
        return value
    if node.accumulates:
        if path is not None and path.target != 0:
            share = path.due(actual.through) / path.target
        return value / float(share) if share else None
    is_on_its_way = path is not None and path.opening != path.target
    if node.is_stock and path is not None and is_on_its_way and share:
        opening = float(path.opening)
        return opening + (value - opening) / float(share)
    return value


def _waits_for_its_base(goal: Goal, node: Node) -> bool:
    """Whether some figure that the target may follow from is a multiple of a year that is not known yet."""
    return bool(goal.unknown_bases) and node.origin != "none"


def _identity(goal: Goal, node: Node, line: Line, scenario: str, sort: int) -> tuple[Any, ...]:
    kpi = node.kpi
    return (
        goal.name,
        node.name,
        scenario,
        *line.published,
        kpi.name if kpi is not None else None,
        node.label.ja,
        node.label.en,
        node.level,
        node.depth,
        node.parent,
        sort,
        kpi.unit if kpi is not None else None,
        node.direction if kpi is not None else None,
        goal.period.start,
        goal.period.end,
    )
