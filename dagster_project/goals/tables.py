"""The goal tables of one run: goal_tree, goal_targets, kgi_attainment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.goals.actuals import read_periods
from dagster_project.goals.columns import GOAL_TARGETS, GOAL_TREE, KGI_ATTAINMENT
from dagster_project.goals.frames import TOTAL, Slice, frame, read_days
from dagster_project.goals.model import Goal
from dagster_project.goals.paths import Shapes
from dagster_project.goals.progress import attainment_rows
from dagster_project.goals.target_rows import target_rows, tree_rows
from dagster_project.kpi.model import Definitions


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
    shapes = Shapes(BusinessCalendar(definitions.calendar), read_days(kpi_daily, slices_of(goals)))
    attained = (
        row
        for goal in goals
        for row in attainment_rows(goal, shapes, read_periods(kpi_period, goal.period, as_of), as_of, run_id)
    )
    return GoalTables(
        frame(tree_rows(goals), GOAL_TREE),
        frame(target_rows(goals, shapes), GOAL_TARGETS),
        frame(attained, KGI_ATTAINMENT),
    )


def slices_of(goals: Iterable[Goal]) -> set[Slice]:
    """What goals read of kpi_daily and kpi_period: the slice of every node, and the total beside it."""
    found: set[Slice] = set()
    for goal in goals:
        for node in goal.nodes:
            if node.kpi is not None:
                found |= {(node.kpi.name, node.dimension, node.segment), (node.kpi.name, TOTAL, TOTAL)}
    return found
