"""kgi_forecast and kgi_forecast_path: the rows that one night adds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.forecast.engine import Remainder, fan, forecast_remainder, probability, quantiles
from dagster_project.forecast.history import History, kinds_of_days, read_history
from dagster_project.goals.frames import Columns, as_date, frame, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.kpi.model import Definitions

ENGINE = "run_rate_conformal/1"  # part of the inputs: another engine's forecast is another issue
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
FAN_LEVELS = (0.1, 0.5, 0.9)
STALE_AFTER = 3  # days between the newest known day and the as-of date
SETTLING_DAYS = 31  # after its end a period is still reported: late data, corrections
DECIDED_FROM = 56  # days of history without a negative value, after which a sum is taken never to fall
TOTAL = "total"

KGI_FORECAST: Columns = (
    ("as_of", "DATE"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("scenario", "VARCHAR"),
    ("issue", "BIGINT"),
    ("period_start", "DATE"),
    ("period_end", "DATE"),
    ("actual", "DOUBLE"),
    ("target", "DOUBLE"),
    ("p025", "DOUBLE"),
    ("p10", "DOUBLE"),
    ("p50", "DOUBLE"),
    ("p90", "DOUBLE"),
    ("p975", "DOUBLE"),
    ("probability", "DOUBLE"),
    ("status", "VARCHAR"),
    ("method", "VARCHAR"),
    ("weights", "VARCHAR"),
    ("history_from", "DATE"),
    ("history_days", "BIGINT"),
    ("required_run_rate", "DOUBLE"),
    ("inputs_hash", "VARCHAR"),
    ("definition_hash", "VARCHAR"),
    ("goal_hash", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("computed_run_id", "VARCHAR"),
)

KGI_FORECAST_PATH: Columns = (
    ("as_of", "DATE"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("issue", "BIGINT"),
    ("date", "DATE"),
    ("actual_cumulative", "DOUBLE"),
    ("p10", "DOUBLE"),
    ("p50", "DOUBLE"),
    ("p90", "DOUBLE"),
    ("target_cumulative", "DOUBLE"),
)


@dataclass(frozen=True)
class ForecastTables:
    """The new rows, with the columns of KGI_FORECAST and KGI_FORECAST_PATH, Arrow-backed."""

    kgi_forecast: pd.DataFrame
    kgi_forecast_path: pd.DataFrame


@dataclass(frozen=True)
class _Case:
    """One node of one goal on one night: what is known and what is asked."""

    goal: Goal
    node: Node
    as_of: date
    history: History  # through the last known day of the period, or the day before its first
    is_stale: bool
    actual: float
    required: Mapping[str, float | None]  # scenario → per remaining business day

    @property
    def horizon(self) -> int:
        return (self.goal.period.end - self.history.end).days


def build_forecast(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    goal_targets: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    log: pd.DataFrame,
    as_of: date,
    run_id: str,
    origin: str = "night",
) -> ForecastTables:
    """What this night forecasts for the end of each goal's period, as far as `log` does not hold it yet.

    Nodes: the KGI and every other that has a target, where the period's value is the sum of its days; those
    of a rate or a distinct count have no rows. Goals: from their first day to a month after their end.
    `log`: kgi_forecast so far. Where its newest issue of (as_of, goal, node) was made from the same inputs
    (history, targets, definition, goal, calendar, engine), nothing is added, else the next issue, which all
    scenarios and the path share.

    Quantiles are of the period's total. `probability`: of attaining the scenario's target, 0.005..0.995, and
    0 or 1 with status `decided` once the period is over and known, or once a sum that never falls has
    reached its target (up) or exceeded it (down). status: decided, stale_data (the newest known day is more
    than three days old), short_history, intermittent, constant, ok. Quantiles are NULL where no day is known.
    """
    calendar = BusinessCalendar(definitions.calendar)
    slices = {
        key
        for goal in goals
        for node in goal.nodes
        if node.kpi is not None
        for key in ((node.kpi.name, node.dimension, node.segment), (node.kpi.name, TOTAL, TOTAL))
    }
    days = read_days(kpi_daily, slices)
    issues = _newest_issues(log, as_of)
    paths = _plan_paths(goal_targets)
    rows: list[tuple[Any, ...]] = []
    path_rows: list[tuple[Any, ...]] = []
    for goal in goals:
        if not goal.period.start <= as_of <= goal.period.end + timedelta(days=SETTLING_DAYS):
            continue
        for node in goal.nodes:
            if node.kpi is None or not node.adds_over_days or goal.target(node.name) is None:
                continue
            own = days[node.kpi.name, node.dimension, node.segment]
            total = days[node.kpi.name, TOTAL, TOTAL]
            history = read_history(
                own, total, goal.period.start, as_of, zero_when_empty=node.kpi.numerator.zero_when_empty
            )
            case = _case(goal, node, as_of, history, kgi_attainment)
            kinds = kinds_of_days(calendar, case.history.start, goal.period.end)
            inputs = _inputs_hash(case, kinds)
            issue, hash_before = issues.get((goal.name, node.name), (0, ""))
            if inputs == hash_before:
                continue
            remainder = forecast_remainder(case.history.values, kinds, case.horizon)
            for scenario in goal.scenarios:
                figures = _figures(case, remainder, scenario)
                rows.append(
                    (as_of, goal.name, node.name, scenario, issue + 1, *figures)
                    + (inputs, node.kpi.definition_hash, goal.goal_hash, origin, run_id)
                )
            targets = paths.get((goal.name, node.name), {})
            path_rows += _path(case, remainder, issue + 1, targets)
    return ForecastTables(frame(rows, KGI_FORECAST), frame(path_rows, KGI_FORECAST_PATH))


def _case(goal: Goal, node: Node, as_of: date, history: History, kgi_attainment: pd.DataFrame) -> _Case:
    period = goal.period
    last_known = history.last_known
    cut = period.start - timedelta(days=1)
    if last_known is not None and last_known >= period.start:
        cut = min(last_known, period.end)
    inside = history.between(period.start, cut)
    mine = kgi_attainment[(kgi_attainment["goal"] == goal.name) & (kgi_attainment["node"] == node.name)]
    required = {
        str(scenario): number(value)
        for scenario, value in zip(mine["scenario"], mine["required_per_business_day"], strict=True)
    }
    stale = last_known is None or (min(as_of, period.end) - last_known).days > STALE_AFTER
    return _Case(
        goal,
        node,
        as_of,
        history.through(cut),
        stale,
        float(np.nansum(inside)) if len(inside) else 0.0,
        required,
    )


def _inputs_hash(case: _Case, kinds: np.ndarray) -> str:
    goal, node = case.goal, case.node
    content = (
        ENGINE,
        case.as_of.isoformat(),
        case.history.digest(),
        case.is_stale,
        hashlib.sha256(kinds.tobytes()).hexdigest(),
        [(scenario, str(goal.target(node.name, scenario))) for scenario in goal.scenarios],
        node.kpi.definition_hash if node.kpi is not None else "",
        goal.goal_hash,
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def _figures(case: _Case, remainder: Remainder, scenario: str) -> tuple[Any, ...]:
    goal, node = case.goal, case.node
    target = float(goal.target(node.name, scenario) or 0)
    at_most = node.kpi is not None and node.kpi.direction == "down"
    needed = target - case.actual
    found = quantiles(remainder, LEVELS)
    ends: list[float | None] = [None] * len(LEVELS)
    if found is not None:
        ends = [case.actual + float(value) for value in found]
    chance = probability(remainder, needed, at_most=at_most)
    status: str = "stale_data" if case.is_stale else remainder.status
    decided = _decided(case, remainder, target, at_most)
    if decided is not None:
        chance, status = decided, "decided"
    has_day = case.history.known_days > 0
    return (
        goal.period.start,
        goal.period.end,
        case.actual if has_day else None,
        target,
        *ends,
        chance,
        status,
        remainder.method,
        json.dumps(remainder.weights, sort_keys=True),
        case.history.first_known,
        case.history.known_days,
        case.required.get(scenario),
    )


def _decided(case: _Case, remainder: Remainder, target: float, at_most: bool) -> float | None:
    """1 or 0 where the outcome is certain, else None."""
    slack = 1e-9 * abs(target)
    if case.horizon <= 0:
        attained = case.actual <= target + slack if at_most else case.actual >= target - slack
        return 1.0 if attained else 0.0
    kpi = case.node.kpi
    counts = kpi is not None and kpi.numerator.measure.agg == "count"
    if not counts and not (remainder.is_nonnegative and case.history.known_days >= DECIDED_FROM):
        return None
    if at_most:
        return 0.0 if case.actual > target + slack else None
    return 1.0 if case.actual >= target - slack and target > 0 else None


def _path(
    case: _Case, remainder: Remainder, issue: int, targets: Mapping[date, float]
) -> Iterator[tuple[Any, ...]]:
    """Every day of the period: the running actual up to the last known day, the fan from there on."""
    period, cut = case.goal.period, case.history.end
    spread = fan(remainder, FAN_LEVELS)
    so_far = np.cumsum(np.nan_to_num(case.history.between(period.start, cut)))
    for index, day in enumerate(days_between(period.start, period.end)):
        known = float(so_far[index]) if day <= cut else None
        fanned: list[float | None] = [None, None, None]
        if day == cut:
            fanned = [known, known, known]
        elif day > cut and spread is not None:
            ahead = (day - cut).days - 1
            fanned = [case.actual + float(value) for value in spread[:, ahead]]
        yield (
            case.as_of, case.goal.name, case.node.name, issue, day, known, *fanned, targets.get(day),
        )  # fmt: skip


def _newest_issues(log: pd.DataFrame, as_of: date) -> dict[tuple[str, str], tuple[int, str]]:
    """(goal, node) → (newest issue of that as-of date, its inputs_hash)."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    names = ["as_of", "goal", "node", "issue", "inputs_hash"]
    for day, goal, node, issue, inputs in zip(*(log[name].tolist() for name in names), strict=True):
        if as_date(day) == as_of and int(issue) > found.get((goal, node), (0, ""))[0]:
            found[goal, node] = (int(issue), inputs)
    return found


def _plan_paths(goal_targets: pd.DataFrame) -> dict[tuple[str, str], dict[date, float]]:
    """(goal, node) → day → cumulative target of the plan."""
    rows = goal_targets[(goal_targets["scenario"] == PLAN) & (goal_targets["dimension"] == TOTAL)]
    found: dict[tuple[str, str], dict[date, float]] = {}
    names = ["goal", "node", "date", "target_cumulative"]
    for goal, node, day, due in zip(*(rows[name].tolist() for name in names), strict=True):
        found.setdefault((goal, node), {})[as_date(day)] = float(due)
    return found
