"""The goal tables of one run: goal_tree, goal_targets, kgi_attainment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.goals.actuals import Actual, PeriodRows, actual_of, read_periods
from dagster_project.goals.attainment import Attainment, attain, status_of
from dagster_project.goals.frames import Columns, Day, Slice, frame, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.phasing import Phased, phase
from dagster_project.kpi.model import Definitions

TOTAL = "total"
FIRST_REVISION = 0

GOAL_TREE: Columns = (
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("revision", "BIGINT"),
    ("revision_from", "DATE"),
    ("goal_label_ja", "VARCHAR"),
    ("goal_label_en", "VARCHAR"),
    ("label_ja", "VARCHAR"),
    ("label_en", "VARCHAR"),
    ("kpi", "VARCHAR"),
    ("dimension", "VARCHAR"),
    ("segment", "VARCHAR"),
    ("level", "VARCHAR"),
    ("parent", "VARCHAR"),
    ("depth", "BIGINT"),
    ("sort", "BIGINT"),
    ("role", "VARCHAR"),
    ("equation", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("unit", "VARCHAR"),
    ("direction", "VARCHAR"),
    ("owner", "VARCHAR"),
    ("period_start", "DATE"),
    ("period_end", "DATE"),
    ("goal_hash", "VARCHAR"),
)

GOAL_TARGETS: Columns = (
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("scenario", "VARCHAR"),
    ("dimension", "VARCHAR"),
    ("segment", "VARCHAR"),
    ("date", "DATE"),
    ("revision", "BIGINT"),
    ("kpi", "VARCHAR"),
    ("unit", "VARCHAR"),
    ("target_daily", "DOUBLE"),
    ("target_cumulative", "DOUBLE"),
    ("target_period", "DOUBLE"),
    ("origin", "VARCHAR"),
    ("goal_hash", "VARCHAR"),
)

KGI_ATTAINMENT: Columns = (
    ("as_of", "DATE"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("scenario", "VARCHAR"),
    ("dimension", "VARCHAR"),
    ("segment", "VARCHAR"),
    ("kpi", "VARCHAR"),
    ("label_ja", "VARCHAR"),
    ("label_en", "VARCHAR"),
    ("level", "VARCHAR"),
    ("depth", "BIGINT"),
    ("parent", "VARCHAR"),
    ("sort", "BIGINT"),
    ("unit", "VARCHAR"),
    ("direction", "VARCHAR"),
    ("period_start", "DATE"),
    ("period_end", "DATE"),
    ("actual", "DOUBLE"),
    ("target_to_date", "DOUBLE"),
    ("target", "DOUBLE"),
    ("attainment", "DOUBLE"),
    ("pace", "DOUBLE"),
    ("required_per_business_day", "DOUBLE"),
    ("remaining_business_days", "BIGINT"),
    ("status", "VARCHAR"),
    ("status_reason", "VARCHAR"),
    ("data_through", "DATE"),
    ("data_status", "VARCHAR"),
    ("definition_hash", "VARCHAR"),
    ("goal_hash", "VARCHAR"),
    ("computed_run_id", "VARCHAR"),
)


@dataclass(frozen=True)
class GoalTables:
    """Frames with the columns of GOAL_TREE, GOAL_TARGETS and KGI_ATTAINMENT, Arrow-backed."""

    goal_tree: pd.DataFrame
    goal_targets: pd.DataFrame
    kgi_attainment: pd.DataFrame


def build_goal_tables(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> GoalTables:
    """The tables of all goals as of a day.

    kpi_daily and kpi_period: the published columns; dates may be dates or timestamps. In goal_targets and
    kgi_attainment a node as a whole is dimension and segment 'total', whatever segment it is read at
    (goal_tree says which).

    kgi_attainment, where a value accumulates (see Node.accumulates), and otherwise in brackets:
    actual             from the period's first day through data_through
    target_to_date     the target times the share of it that is due through data_through (the target)
    attainment         of target_to_date; NULL with status_reason, `nothing_due` where that is 0 but the
                       target is not
    pace               where the period would end: actual / the share that is due (the actual)
    required_per_business_day   what is left to the target, never below 0, over the business days after
                       data_through; NULL where none are left, for rates and levels
    status             see attainment.status_of
    """
    calendar = BusinessCalendar(definitions.calendar)
    days = read_days(kpi_daily, _slices(goals))
    phased = {goal.name: phase(goal.period, goal.phasing, calendar) for goal in goals}
    attained: list[tuple[Any, ...]] = []
    for goal in goals:
        periods = read_periods(kpi_period, goal.period, as_of)
        for sort, node in enumerate(goal.nodes, start=1):
            actual = _actual(goal, node, as_of, days, periods)
            left = _business_days_left(goal, actual, as_of, calendar)
            for scenario in _scenarios(goal, node):
                figures = _figures(goal, node, scenario, actual, phased[goal.name], left, as_of)
                attained.append((as_of, *_identity(goal, node, scenario, sort), *figures, run_id))
    return GoalTables(
        frame(_tree_rows(goals), GOAL_TREE),
        frame(_target_rows(goals, phased), GOAL_TARGETS),
        frame(attained, KGI_ATTAINMENT),
    )


def _slices(goals: Sequence[Goal]) -> set[Slice]:
    found: set[Slice] = set()
    for goal in goals:
        for node in goal.nodes:
            if node.kpi is not None:
                found |= {(node.kpi.name, node.dimension, node.segment), (node.kpi.name, TOTAL, TOTAL)}
    return found


def _scenarios(goal: Goal, node: Node) -> Iterator[str]:
    """The plan, and every other scenario that has a target for the node."""
    for scenario in goal.scenarios:
        if scenario == PLAN or goal.target(node.name, scenario) is not None:
            yield scenario


def _actual(
    goal: Goal, node: Node, as_of: date, days: dict[Slice, dict[date, Day]], periods: PeriodRows
) -> Actual:
    name = node.kpi.name if node.kpi is not None else ""
    own = days.get((name, node.dimension, node.segment), {})
    return actual_of(node, goal.period, as_of, own, days.get((name, TOTAL, TOTAL), {}), periods)


def _business_days_left(goal: Goal, actual: Actual, as_of: date, calendar: BusinessCalendar) -> int:
    """After the last known day, or after the as-of date where nothing is known, to the period's end."""
    cut = actual.through or min(as_of, goal.period.end)
    return calendar.business_days(max(cut + timedelta(days=1), goal.period.start), goal.period.end)


def _figures(
    goal: Goal, node: Node, scenario: str, actual: Actual, phased: Phased, left: int, as_of: date
) -> tuple[Any, ...]:
    kpi = node.kpi
    exact = goal.target(node.name, scenario)
    target = None if exact is None else float(exact)
    share = phased.share(actual.through) if node.accumulates else None
    due = target
    if exact is not None and share is not None:
        due = float(exact * share) if actual.through is not None else None
    direction = kpi.direction if kpi is not None else "up"
    within = kpi.within if kpi is not None else None
    whole = attain(direction, target, actual.value, within)
    to_date = attain(direction, due, actual.value, within)
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


def _tree_rows(goals: Sequence[Goal]) -> Iterator[tuple[Any, ...]]:
    for goal in goals:
        for sort, node in enumerate(goal.nodes, start=1):
            kpi = node.kpi
            yield (
                goal.name,
                node.name,
                FIRST_REVISION,
                goal.period.start,
                goal.label.ja,
                goal.label.en,
                node.label.ja,
                node.label.en,
                kpi.name if kpi is not None else None,
                node.dimension if kpi is not None else None,
                node.segment if kpi is not None else None,
                node.level,
                node.parent,
                node.depth,
                sort,
                node.role,
                node.equation,
                node.origin,
                kpi.unit if kpi is not None else None,
                kpi.direction if kpi is not None else None,
                node.owner,
                goal.period.start,
                goal.period.end,
                goal.goal_hash,
            )


def _target_rows(goals: Sequence[Goal], phased: dict[str, Phased]) -> Iterator[tuple[Any, ...]]:
    """A row a node with a target, scenario and day; a node without a target has none."""
    for goal in goals:
        spread = phased[goal.name]
        for node in goal.nodes:
            for scenario in goal.scenarios:
                target = goal.target(node.name, scenario)
                if target is None or node.kpi is None:
                    continue
                level = [target] * len(spread.days)
                daily = spread.daily(target) if node.accumulates else level
                cumulative = spread.cumulative(target) if node.accumulates else level
                for day, due, through in zip(spread.days, daily, cumulative, strict=True):
                    yield (
                        goal.name,
                        node.name,
                        scenario,
                        TOTAL,
                        TOTAL,
                        day,
                        FIRST_REVISION,
                        node.kpi.name,
                        node.kpi.unit,
                        float(due),
                        float(through),
                        float(target),
                        node.origin,
                        goal.goal_hash,
                    )
