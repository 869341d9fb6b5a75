"""What is published of a goal's nodes, read back to be reviewed: attainment, sides over the period, days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from dagster_project.goals.frames import Day, Slice, as_date, number
from dagster_project.goals.model import PLAN, Goal, Node

TOTAL = "total"


@dataclass(frozen=True)
class Observed:
    """What is published of one node: its row of kgi_attainment, its sides over the period, its days with what
    was due on each of them (0 without a daily target)."""

    actual: float | None
    pace: float | None
    sides: tuple[float | None, float | None]
    days: tuple[Day, ...]
    due: Mapping[date, float]
    share: float | None  # of the period's target that is due; None for rates and levels


def observe(
    goal: Goal,
    node: Node,
    attained: Mapping[tuple[str, str], Mapping[str, Any]],
    days: Mapping[Slice, Mapping[date, Day]],
    sides: Mapping[tuple[Any, ...], tuple[float | None, float | None]],
    targets: Mapping[tuple[str, str], Mapping[date, float]],
) -> Observed:
    """The node as published. `attained`, `sides`, `targets`: as their readers below give them."""
    row = attained[goal.name, node.name]
    actual, pace = number(row["actual"]), number(row["pace"])
    if node.kpi is None or not is_date(row["data_through"]):
        return Observed(actual, pace, (None, None), (), {}, None)
    through = as_date(row["data_through"])
    own, known = days[node.kpi.name, node.dimension, node.segment], days[node.kpi.name, TOTAL, TOTAL]
    inside = sorted(day for day in known if goal.period.start <= day <= through)
    # A segment has no row on a day on which it had nothing, which the total's day tells from one not known.
    rows = [own.get(day) or Day(day, 0.0, 0.0, "final", known[day].is_known) for day in inside]
    key = (goal.period.grain, goal.period.start, node.kpi.name, node.dimension, node.segment)
    found = sides.get(key)
    if found is None and node.kpi.sums_of_sides:
        below = sum(day.denominator or 0.0 for day in rows) if node.kpi.denominator else None
        found = (sum(day.numerator or 0.0 for day in rows), below)
    target, due = number(row["target"]), number(row["target_to_date"])
    share = due / target if node.accumulates and target and due is not None else None
    return Observed(
        actual, pace, found or (None, None), tuple(rows), targets.get((goal.name, node.name), {}), share
    )


def read_attained(kgi_attainment: pd.DataFrame, as_of: date) -> dict[tuple[str, str], dict[str, Any]]:
    """(goal, node) → the figures of its plan, as a whole, as of a day."""
    names = ["goal", "node", "actual", "pace", "target", "target_to_date", "data_through"]
    rows = kgi_attainment[(kgi_attainment["scenario"] == PLAN) & (kgi_attainment["dimension"] == TOTAL)]
    return {
        (values[0], values[1]): dict(zip(names, values, strict=True))
        for day, *values in zip(rows["as_of"], *(rows[name] for name in names), strict=True)
        if as_date(day) == as_of
    }


def read_sides(kpi_period: pd.DataFrame) -> dict[tuple[Any, ...], tuple[float | None, float | None]]:
    """(grain, period's start, kpi, dimension, segment) → (numerator, denominator)."""
    names = ["grain", "period_start", "kpi", "dimension", "segment", "numerator", "denominator"]
    return {
        (grain, as_date(start), kpi, dimension, segment): (number(top), number(bottom))
        for grain, start, kpi, dimension, segment, top, bottom in zip(
            *(kpi_period[name] for name in names), strict=True
        )
    }


def read_targets(goal_targets: pd.DataFrame, column: str) -> dict[tuple[str, str], dict[date, float]]:
    """(goal, node) → that column of the plan by day, as its newest revision has it."""
    rows = goal_targets[(goal_targets["scenario"] == PLAN) & (goal_targets["dimension"] == TOTAL)]
    found: dict[tuple[str, str], dict[date, float]] = {}
    names = ["goal", "node", "date", "revision", column]
    for goal, node, day, _, due in sorted(
        zip(*(rows[name].tolist() for name in names), strict=True), key=lambda row: row[3]
    ):
        found.setdefault((goal, node), {})[as_date(day)] = number(due) or 0.0
    return found


def is_date(value: Any) -> bool:
    """Whether a cell that may hold a date does."""
    return isinstance(value, date) and value is not pd.NaT
