"""The rows of kgi_attainment: how far each node has come as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.goals.actuals import Actual, PeriodRows, actual_of
from dagster_project.goals.attainment import Attainment, attain, status_of
from dagster_project.goals.frames import TOTAL
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.paths import Daily, Shapes


def attainment_rows(
    goal: Goal, shapes: Shapes, periods: PeriodRows, as_of: date, run_id: str
) -> Iterator[tuple[Any, ...]]:
    """A row a node and scenario, in the columns of KGI_ATTAINMENT; see tables.build_goal_tables."""
    for sort, node in enumerate(goal.nodes, start=1):
        actual = _actual(goal, node, as_of, shapes.daily, periods)
        left = _business_days_left(goal, actual, as_of, shapes.calendar)
        for scenario in _scenarios(goal, node):
            figures = _figures(goal, node, scenario, actual, shapes, left, as_of)
            yield (as_of, *_identity(goal, node, scenario, sort), *figures, run_id)


def _scenarios(goal: Goal, node: Node) -> Iterator[str]:
    """The plan, and every other scenario that has a target for the node."""
    for scenario in goal.scenarios:
        if scenario == PLAN or goal.target(node.name, scenario) is not None:
            yield scenario


def _actual(goal: Goal, node: Node, as_of: date, daily: Daily, periods: PeriodRows) -> Actual:
    name = node.kpi.name if node.kpi is not None else ""
    own = daily.get((name, node.dimension, node.segment), {})
    return actual_of(node, goal.period, as_of, own, daily.get((name, TOTAL, TOTAL), {}), periods)


def _business_days_left(goal: Goal, actual: Actual, as_of: date, calendar: BusinessCalendar) -> int:
    """After the last known day, or after the as-of date where nothing is known, to the period's end."""
    cut = actual.through or min(as_of, goal.period.end)
    return calendar.business_days(max(cut + timedelta(days=1), goal.period.start), goal.period.end)


def _figures(
    goal: Goal, node: Node, scenario: str, actual: Actual, shapes: Shapes, left: int, as_of: date
) -> tuple[Any, ...]:
    kpi = node.kpi
    exact = goal.target(node.name, scenario)
    target = None if exact is None else float(exact)
    share = shapes.of(goal, node).share(actual.through) if node.accumulates else None
    due = target
    if exact is not None and (node.accumulates or node.is_stock):
        path = shapes.path(goal, node, exact)
        due = float(path.due(actual.through)) if actual.through is not None else None
    direction = node.direction
    whole = attain(direction, target, actual.value, node.within)
    to_date = attain(direction, due, actual.value, node.within)
    if due == 0 and target != 0 and actual.value is not None:
        to_date = Attainment(None, to_date.attained, "nothing_due")
    is_over = as_of >= goal.period.end and actual.through == goal.period.end
    status = status_of(
        to_date=to_date,
        whole=whole,
        is_over=is_over,
        accumulates=node.accumulates,
        direction=direction,
        target=target,
        success=float(goal.success(scenario)),
    )
    pace = actual.value
    if actual.value is not None and share is not None:
        pace = actual.value / float(share) if share else None
    required = None
    if node.adds_over_days and left > 0 and target is not None and actual.value is not None:
        required = max(target - actual.value, 0.0) / left
    return (
        actual.value,
        due,
        target,
        to_date.value,
        pace,
        required,
        left,
        status,
        actual.reason or to_date.reason,
        actual.through,
        actual.status,
        kpi.definition_hash if kpi is not None else None,
        goal.goal_hash,
    )


def _identity(goal: Goal, node: Node, scenario: str, sort: int) -> tuple[Any, ...]:
    kpi = node.kpi
    return (
        goal.name,
        node.name,
        scenario,
        TOTAL,
        TOTAL,
        kpi.name if kpi is not None else None,
        node.label.ja,
        node.label.en,
        node.level,
        node.depth,
        node.parent,
        sort,
        kpi.unit if kpi is not None else None,
        kpi.direction if kpi is not None else None,
        goal.period.start,
        goal.period.end,
    )
