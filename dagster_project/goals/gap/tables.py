"""The tables that say why: tree_checks, gap_drivers, goal_funnel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from dagster_project.goals.frames import TOTAL, frame, number
from dagster_project.goals.gap.columns import GAP_DRIVERS, GOAL_FUNNEL, TREE_CHECKS
from dagster_project.goals.gap.funnel import bottleneck, funnel_of
from dagster_project.goals.gap.gap import Gap, explain
from dagster_project.goals.gap.identity import Check, check_identities, implied_factors, planned_factors
from dagster_project.goals.gap.segments import segment_gaps
from dagster_project.goals.gap.standing import Standing, Versus, read_standings
from dagster_project.goals.model import Goal
from dagster_project.kpi.model import Label

RESIDUAL = "_residual"
RESIDUAL_LABEL = Label("式で説明できない差", "Not explained by the equations")
VERSUS: tuple[Versus, ...] = ("plan", "last_year")


@dataclass(frozen=True)
class GapTables:
    """Frames with the columns of TREE_CHECKS, GAP_DRIVERS and GOAL_FUNNEL, Arrow-backed."""

    tree_checks: pd.DataFrame
    gap_drivers: pd.DataFrame
    goal_funnel: pd.DataFrame


def build_gap_tables(
    goals: Sequence[Goal],
    kgi_attainment: pd.DataFrame,
    goal_targets: pd.DataFrame,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    segment_rows: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> GapTables:
    """The tables of all goals as of a night.

    kgi_attainment, goal_targets: of that night. kpi_daily, kpi_period: the rows of each node's KPI at its
    segment and in total, of last year too. segment_rows: of kpi_period, the goals' own periods for every
    segment of the dimensions of their KGIs.

    gap_drivers has the leaves of the tree and `_residual`, so that its rows add up to the gap, once in total
    and once in each segment; `parent` says what each hangs under in goal_tree.
    """
    standings = read_standings(goals, kgi_attainment, goal_targets, kpi_daily, kpi_period)
    undated = _undated(kpi_daily, kpi_period)
    checked: list[tuple[Any, ...]] = []
    drivers: list[tuple[Any, ...]] = []
    funnel: list[tuple[Any, ...]] = []
    for goal in goals:
        standing = standings[goal.name]
        checks = check_identities(standing, undated)
        gaps = {versus: gap_of(standing, checks, versus) for versus in VERSUS}
        tail = (standing.through, goal.goal_hash, run_id)
        checked += [(as_of, goal.name, *row, *tail) for row in _check_rows(goal, checks)]
        for versus, whole in gaps.items():
            if whole is not None:
                rows = _driver_rows(goal, versus, TOTAL, TOTAL, whole)
                drivers += [(as_of, goal.name, *row, *tail) for row in rows]
            for dimension, segment, part in segment_gaps(
                standing, checks, kgi_attainment, segment_rows, versus
            ):
                rows = _driver_rows(goal, versus, dimension, segment, part)
                drivers += [(as_of, goal.name, *row, *tail) for row in rows]
        funnel += [(as_of, goal.name, *row, *tail) for row in _funnel_rows(standing, gaps["plan"])]
    return GapTables(frame(checked, TREE_CHECKS), frame(drivers, GAP_DRIVERS), frame(funnel, GOAL_FUNNEL))


def gap_of(standing: Standing, checks: Sequence[Check], versus: Versus) -> Gap | None:
    """The gap in total, with rates as implied where they stand for themselves only by timing."""
    before = standing.before(versus)
    return explain(
        standing.goal.kgi.name,
        standing.goal.equations,
        before,
        standing.actual,
        planned_factors(standing) if versus == "plan" else implied_factors(checks, before),
        implied_factors(checks, standing.actual),
    )


def _undated(kpi_daily: pd.DataFrame, kpi_period: pd.DataFrame) -> dict[str, float]:
    """Of each KPI whose days add up, what its rows without a date of record come to, where that is not 0."""
    ever = kpi_period[
        (kpi_period["grain"] == "all") & (kpi_period["dimension"] == TOTAL) & kpi_period["sums_over_days"]
    ]
    days = kpi_daily[kpi_daily["dimension"] == TOTAL].groupby("kpi")["value"].sum()
    found = {}
    for kpi, value in zip(ever["kpi"].tolist(), ever["value"].tolist(), strict=True):
        whole = number(value)
        dated = float(days.get(kpi, 0.0))
        if whole is not None and abs(whole - dated) > 1e-9 * max(abs(whole), abs(dated)):
            found[kpi] = whole - dated
    return found


def _check_rows(goal: Goal, checks: Iterable[Check]) -> Iterator[tuple[Any, ...]]:
    nodes = {node.name: node for node in goal.nodes}
    for check in checks:
        node = nodes[check.equation.left]
        implied_node, measured, implied = check.implied or (None, None, None)
        yield (
            check.equation.text,
            node.name,
            node.label.ja,
            node.label.en,
            node.kpi.unit if node.kpi else None,
            check.status,
            _double(check.left),
            _double(check.right),
            _double(check.difference),
            check.reasons[0] if check.reasons else None,
            ", ".join(check.reasons[1:]) or None,
            ", ".join(check.lacking) or None,
            implied_node,
            _double(measured),
            _double(implied),
        )


def _driver_rows(
    goal: Goal, versus: Versus, dimension: str, segment: str, gap: Gap
) -> Iterator[tuple[Any, ...]]:
    nodes = {node.name: node for node in goal.tree}
    order = {name: sort for sort, name in enumerate(nodes, start=1)}
    unit = goal.kgi.kpi.unit if goal.kgi.kpi else None
    whole = (_double(gap.before), _double(gap.after), _double(gap.gap), unit)
    for driver in sorted(gap.drivers, key=lambda driver: order[driver.node]):
        node = nodes[driver.node]
        yield (
            versus,
            node.name,
            dimension,
            segment,
            _double(driver.contribution),
            node.label.ja,
            node.label.en,
            node.parent,
            order[node.name],
            node.kpi.unit if node.kpi else None,
            _double(driver.before),
            _double(driver.after),
            _double(driver.measured),
            *whole,
        )
    label = RESIDUAL_LABEL
    named = (label.ja, label.en, goal.kgi.name, len(order) + 1, unit, None, None, None)
    yield (versus, RESIDUAL, dimension, segment, _double(gap.residual), *named, *whole)


def _funnel_rows(standing: Standing, gap: Gap | None) -> Iterator[tuple[Any, ...]]:
    steps = funnel_of(standing, gap)
    kgi = standing.goal.kgi.kpi
    narrow = bottleneck(steps, less_is_better=kgi is not None and kgi.direction == "down")
    for sort, step in enumerate(steps, start=1):
        node = step.node
        is_narrow = narrow is not None and narrow.step is step
        yield (
            node.name,
            step.stage,
            sort,
            node.kpi.name if node.kpi else None,
            node.label.ja,
            node.label.en,
            node.kpi.unit if node.kpi else None,
            step.is_volume,
            *_versions(step.values),
            step.previous,
            *_versions(step.rates),
            _double(step.effect),
            is_narrow,
            narrow.versus if narrow is not None and is_narrow else None,
        )


def _versions(figures: Mapping[str, Fraction]) -> tuple[float | None, ...]:
    return tuple(_double(figures.get(version)) for version in ("actual", "plan", "last_year"))


def _double(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
