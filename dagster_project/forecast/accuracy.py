"""forecast_accuracy: what earlier nights said, against what came.

Only the first issue of a night counts: later ones knew more than that night. Only forecasts of the KPI and
the goal as they are defined today count: others answered another question.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dagster_project.forecast.cases import TOTAL
from dagster_project.forecast.history import History, read_history
from dagster_project.forecast.outcomes import Kind, kind_of, value_of
from dagster_project.goals.frames import Columns, as_date, frame, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.tables import slices_of
from dagster_project.kpi.model import Kpi

ROUNDING = 1e-9

FORECAST_ACCURACY: Columns = (
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("period_end", "DATE"),
    ("horizon", "BIGINT"),
    ("method", "VARCHAR"),
    ("as_of", "DATE"),
    ("period_start", "DATE"),
    ("target", "DOUBLE"),
    ("p025", "DOUBLE"),
    ("p10", "DOUBLE"),
    ("p50", "DOUBLE"),
    ("p90", "DOUBLE"),
    ("p975", "DOUBLE"),
    ("run_rate", "DOUBLE"),
    ("probability", "DOUBLE"),
    ("actual", "DOUBLE"),
    ("attained", "BOOLEAN"),
    ("inside_80", "BOOLEAN"),
    ("inside_95", "BOOLEAN"),
    ("error", "DOUBLE"),
    ("run_rate_error", "DOUBLE"),
    ("brier", "DOUBLE"),
    ("definition_hash", "VARCHAR"),
    ("goal_hash", "VARCHAR"),
    ("computed_run_id", "VARCHAR"),
)


def build_accuracy(
    goals: Sequence[Goal], kpi_daily: pd.DataFrame, log: pd.DataFrame, as_of: date, run_id: str
) -> pd.DataFrame:
    """Rows FORECAST_ACCURACY, made anew from the whole log: one a night of a period that is over and known.

    horizon: days from the night's as_of to the period's end. run_rate: the mean day so far times the days of
    the period; of a rate, the rate so far; of a stock, the level so far. error, run_rate_error: forecast -
    actual. brier: (probability - attained)². The plan's target; other scenarios say nothing more of the
    forecast.
    """
    daily = read_days(kpi_daily, slices_of(goals))
    said = _first_issues(log)
    rows: list[tuple[Any, ...]] = []
    for goal in goals:
        if goal.period.end > as_of:
            continue
        for node in goal.nodes:
            kind = kind_of(node)
            if kind is None or node.kpi is None or (goal.name, node.name) not in said:
                continue
            own = daily[node.kpi.name, node.dimension, node.segment]
            total = daily[node.kpi.name, TOTAL, TOTAL]
            history = read_history(own, total, goal.period.start, goal.period.end, node.kpi)
            came = _came(goal, kind, node.kpi, history)
            if came is None:
                continue
            for night in said[goal.name, node.name]:
                row = _row(goal, node, node.kpi, night, came, run_id)
                if row is not None:
                    rows.append(row)
    rows.sort(key=lambda row: row[:5])
    return frame(rows, FORECAST_ACCURACY)


def _first_issues(log: pd.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(goal, node) → what each night said first of the plan, by as_of."""
    rows = log[(log["scenario"] == PLAN) & (log["origin"] == "night")]
    rows = rows.sort_values(["as_of", "issue"]).drop_duplicates(["goal", "node", "as_of"])
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    names = [str(name) for name in rows.columns]
    for values in zip(*(rows[name].tolist() for name in names), strict=True):
        row = dict(zip(names, values, strict=True))
        found.setdefault((row["goal"], row["node"]), []).append(row)
    return found


def _came(goal: Goal, kind: Kind, kpi: Kpi, history: History) -> float | None:
    """The period's value; None where one of its days is unknown."""
    inside = history.between(goal.period.start, goal.period.end)
    if len(inside.values) < goal.period.days or np.isnan(inside.values).any():
        return None
    return value_of(kind, inside, kpi.scale)


def _row(
    goal: Goal, node: Node, kpi: Kpi, night: dict[str, Any], came: float, run_id: str
) -> tuple[Any, ...] | None:
    as_of, end = as_date(night["as_of"]), as_date(night["period_end"])
    same = (night["definition_hash"], night["goal_hash"]) == (kpi.definition_hash, goal.goal_hash)
    p025, p10, p50, p90, p975 = (number(night[name]) for name in ("p025", "p10", "p50", "p90", "p975"))
    probability, target, actual = (number(night[name]) for name in ("probability", "target", "actual"))
    if not same or end != goal.period.end or as_of >= end:
        return None
    if p025 is None or p10 is None or p50 is None or p90 is None or p975 is None:
        return None
    if target is None and node.within is None:
        return None
    elapsed = (as_of - goal.period.start).days + 1
    run_rate = actual
    if actual is not None and kind_of(node) == "sum":
        run_rate = actual / elapsed * goal.period.days
    low, high = node.within if node.within is not None else (target or 0.0, target or 0.0)
    slack = ROUNDING * max(abs(came), abs(low), abs(high))
    attained = (node.direction == "down" or came >= low - slack) and (
        node.direction == "up" or came <= high + slack
    )
    return (
        goal.name, node.name, end, (end - as_of).days, str(night["method"]), as_of, goal.period.start,
        target, p025, p10, p50, p90, p975, run_rate, probability, came, attained,
        p10 - slack <= came <= p90 + slack, p025 - slack <= came <= p975 + slack, p50 - came,
        run_rate - came if run_rate is not None else None,
        (probability - attained) ** 2 if probability is not None else None,
        kpi.definition_hash, goal.goal_hash, run_id,
    )  # fmt: skip
