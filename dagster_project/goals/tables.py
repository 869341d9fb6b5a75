"""The goal tables of one run: goal_tree, goal_targets, kgi_attainment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.goals.columns import GOAL_TARGETS, GOAL_TREE, KGI_ATTAINMENT
from dagster_project.goals.frames import TOTAL, Slice, frame, read_days
from dagster_project.goals.model import Goal
from dagster_project.goals.progress.actuals import base_actuals, read_periods
from dagster_project.goals.progress.rows import attainment_rows
from dagster_project.goals.targets.lines import lines
from dagster_project.goals.targets.paths import Shapes
from dagster_project.goals.targets.rows import target_rows, tree_rows
from dagster_project.goals.targets.versions import Planner, in_force, read_bases
from dagster_project.kpi.model import Definitions


@dataclass(frozen=True)
class GoalTables:
    """Frames with the columns of GOAL_TREE, GOAL_TARGETS and KGI_ATTAINMENT, Arrow-backed.

    goals: as in force on the day (see goals_in_force). contradictions: what their figures break of their
    equations, now that the data have given those that rest on them; others were refused when they were read.
    """

    goal_tree: pd.DataFrame
    goal_targets: pd.DataFrame
    kgi_attainment: pd.DataFrame
    goals: tuple[Goal, ...]
    contradictions: tuple[str, ...]


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
    target_to_date     what is due through data_through on the way to the target; of a stock, the level that
                       is (the target)
    attainment         of target_to_date; NULL with status_reason, `nothing_due` where that is 0 but the
                       target is not
    pace               where the period would end: actual / the share that is due; a stock goes on from its
                       opening level as it went until now (the actual)
    required_per_business_day   what is left to the target, never below 0, over the business days after
                       data_through; NULL where none are left, for rates and levels
    status             see attainment.status_of

    The plan is the one in force on the day. goal_tree and goal_targets hold every revision, the days before
    one as they were before it.
    """
    planner = planner_of(goals, definitions, kpi_daily, kpi_period, as_of)
    versions = {goal.name: planner.versions(goal) for goal in goals}
    every = [version for found in versions.values() for version in found]
    current = {name: in_force(found, as_of) for name, found in versions.items()}
    attained = (
        row
        for goal in goals
        for row in attainment_rows(
            current[goal.name],
            planner.shapes,
            read_periods(kpi_period, goal.period, as_of),
            as_of,
            run_id,
        )
    )
    return GoalTables(
        frame(tree_rows(every), GOAL_TREE),
        frame(target_rows(every), GOAL_TARGETS),
        frame(attained, KGI_ATTAINMENT),
        tuple(version.goal for version in current.values()),
        tuple(
            f"goal '{name}': {conflict} ({conflict.hint})"
            for name, version in current.items()
            for conflict in version.conflicts
        ),
    )


def goals_in_force(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    as_of: date,
) -> tuple[Goal, ...]:
    """Each goal as its newest revision has it on the day, its targets being those of the whole period; what
    they rest on in the data (a year before, actuals that a revision starts from) is read from the frames."""
    planner = planner_of(goals, definitions, kpi_daily, kpi_period, as_of)
    return tuple(in_force(planner.versions(goal), as_of).goal for goal in goals)


def planner_of(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    as_of: date,
) -> Planner:
    """What makes plans of these goals as of the day."""
    daily = read_days(kpi_daily, slices_of(goals))
    bases = base_actuals(read_bases(goals), definitions, daily, kpi_period)
    return Planner(Shapes(BusinessCalendar(definitions.calendar), daily), bases, as_of)


def slices_of(goals: Iterable[Goal]) -> set[Slice]:
    """What goals read of kpi_daily and kpi_period: every node and action as it is and was, its segments, the
    earlier periods that targets rest on, and the totals beside them."""
    every = [each for goal in goals for each in (goal, *(revision.goal for revision in goal.revisions))]
    found = {line.slice for goal in every for node in goal.nodes for line in lines(goal, node) if node.kpi}
    found |= {(base.kpi, base.dimension, base.segment) for goal in every for base in goal.bases}
    found |= {(act.kpi.name, act.dimension, act.segment) for goal in every for act in goal.actions}
    return found | {(kpi, TOTAL, TOTAL) for kpi, _, _ in found}
