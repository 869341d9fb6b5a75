"""kgi_forecast and kgi_forecast_path: the rows that one night adds."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.forecast.days import Days, days_of
from dagster_project.forecast.engine import chance, quantiles_of
from dagster_project.forecast.forecasters import Forecaster
from dagster_project.forecast.history import History, read_history
from dagster_project.forecast.outcomes import KINDS, Kind, Outcome, Question, kind_of
from dagster_project.goals.frames import Columns, as_date, frame, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.kpi.model import Definitions, Kpi

ENGINE = "mixture_conformal/1"  # part of the inputs: another engine's forecast is another issue
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
    kpi: Kpi
    kind: Kind
    as_of: date
    history: History  # through the last known day of the period, or the day before its first
    is_stale: bool
    required: Mapping[str, float | None]  # scenario → per remaining business day

    @property
    def horizon(self) -> int:
        return (self.goal.period.end - self.history.end).days

    def question(self, days: Days, forecasters: Sequence[Forecaster]) -> Question:
        return Question(
            self.history,
            days,
            self.goal.period.start,
            self.horizon,
            FAN_LEVELS,
            self.kpi.scale,
            forecasters,
        )


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
    forecasters: Sequence[Forecaster] = (),
) -> ForecastTables:
    """What this night says of every goal's end, as far as the log does not hold it yet.

    Nodes: the KGI and every other that has a target, where the days say what the period comes to: sums, and
    rates and averages (numerator and denominator); distinct counts have no rows. Goals: from their first day
    to a month after their end. `log`: kgi_forecast so far. Where its newest issue of (as_of, goal, node) was
    made from the same inputs (history, targets, definition, goal, calendar, engine), nothing is added, else
    the next issue, which all scenarios and the path share. `forecasters`: further models beside our own.

    Quantiles are of the period's value. `probability`: of attaining the scenario's target, 0.005..0.995, and
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
    daily = read_days(kpi_daily, slices)
    issues = _newest_issues(log, as_of)
    plans = _plan_paths(goal_targets)
    spans: dict[tuple[date, date], Days] = {}
    rows: list[tuple[Any, ...]] = []
    path_rows: list[tuple[Any, ...]] = []
    for goal in goals:
        if not goal.period.start <= as_of <= goal.period.end + timedelta(days=SETTLING_DAYS):
            continue
        for node in goal.nodes:
            kind = kind_of(node)
            if kind is None or node.kpi is None or goal.target(node.name) is None:
                continue
            own = daily[node.kpi.name, node.dimension, node.segment]
            total = daily[node.kpi.name, TOTAL, TOTAL]
            history = read_history(own, total, goal.period.start, as_of, node.kpi)
            seen = max((day for day in total if day <= as_of and total[day].is_known), default=None)
            case = _case(goal, node, node.kpi, kind, as_of, history, seen, kgi_attainment)
            span = (case.history.start, goal.period.end)
            if span not in spans:
                spans[span] = days_of(calendar, *span)
            inputs = _inputs_hash(case, spans[span], forecasters)
            issue, hash_before = issues.get((goal.name, node.name), (0, ""))
            if inputs == hash_before:
                continue
            outcome = KINDS[kind](case.question(spans[span], forecasters))
            for scenario in goal.scenarios:
                figures = _figures(case, outcome, scenario)
                rows.append(
                    (as_of, goal.name, node.name, scenario, issue + 1, *figures)
                    + (inputs, node.kpi.definition_hash, goal.goal_hash, origin, run_id)
                )
            path_rows += _path(case, outcome, issue + 1, plans.get((goal.name, node.name), {}))
    return ForecastTables(frame(rows, KGI_FORECAST), frame(path_rows, KGI_FORECAST_PATH))


def _case(
    goal: Goal,
    node: Node,
    kpi: Kpi,
    kind: Kind,
    as_of: date,
    history: History,
    last_seen: date | None,
    kgi_attainment: pd.DataFrame,
) -> _Case:
    """last_seen: the newest day that the sources know, its conversions still to come or not."""
    period = goal.period
    last_known = history.last_known
    cut = period.start - timedelta(days=1)
    if last_known is not None and last_known >= period.start:
        cut = min(last_known, period.end)
    mine = kgi_attainment[(kgi_attainment["goal"] == goal.name) & (kgi_attainment["node"] == node.name)]
    required = {
        str(scenario): number(value)
        for scenario, value in zip(mine["scenario"], mine["required_per_business_day"], strict=True)
    }
    stale = last_seen is None or (min(as_of, period.end) - last_seen).days > STALE_AFTER
    return _Case(goal, node, kpi, kind, as_of, history.through(cut), stale, required)


def _inputs_hash(case: _Case, days: Days, forecasters: Sequence[Forecaster]) -> str:
    goal, node = case.goal, case.node
    content = (
        ENGINE,
        case.as_of.isoformat(),
        case.history.digest(),
        case.is_stale,
        days.digest(),
        [(scenario, str(goal.target(node.name, scenario))) for scenario in goal.scenarios],
        case.kpi.definition_hash,
        goal.goal_hash,
        *(forecaster.name for forecaster in forecasters),
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def _figures(case: _Case, outcome: Outcome, scenario: str) -> tuple[Any, ...]:
    target = float(case.goal.target(case.node.name, scenario) or 0)
    low, high = _wanted(case.kpi, target)
    found = quantiles_of(outcome.ends, LEVELS)
    ends: list[float | None] = [None] * len(LEVELS) if found is None else [float(value) for value in found]
    probable = chance(outcome.ends, low, high)
    status = "stale_data" if case.is_stale else outcome.status
    decided = _decided(case, outcome, target, low, high)
    if decided is not None:
        probable, status = decided, "decided"
    return (
        case.goal.period.start,
        case.goal.period.end,
        outcome.actual,
        target,
        *ends,
        probable,
        status,
        outcome.method,
        json.dumps(outcome.weights, sort_keys=True),
        case.history.first_known,
        case.history.known_days,
        case.required.get(scenario),
    )


def _wanted(kpi: Kpi, target: float) -> tuple[float, float]:
    """Between which values the target is attained."""
    if kpi.direction == "within" and kpi.within is not None:
        return kpi.within
    return (-math.inf, target) if kpi.direction == "down" else (target, math.inf)


def _decided(case: _Case, outcome: Outcome, target: float, low: float, high: float) -> float | None:
    """1 or 0 where the outcome is certain, else None."""
    actual = outcome.actual
    if actual is None:
        return None
    slack = 1e-9 * abs(target)
    if case.horizon <= 0:
        return 1.0 if low - slack <= actual <= high + slack else 0.0
    counts = case.kpi.formula is None and case.kpi.numerator.measure.agg == "count" and case.kind == "sum"
    if not counts and not (outcome.never_falls and case.history.known_days >= DECIDED_FROM):
        return None
    if actual > high + slack:
        return 0.0
    return 1.0 if high == math.inf and actual >= low - slack and target > 0 else None


def _path(
    case: _Case, outcome: Outcome, issue: int, targets: Mapping[date, float]
) -> Iterator[tuple[Any, ...]]:
    """Every day of the period: the running actual up to the last known day, the fan from there on."""
    period, cut = case.goal.period, case.history.end
    for index, day in enumerate(days_between(period.start, period.end)):
        known = number(outcome.so_far[index]) if day <= cut else None
        fanned: list[float | None] = [None, None, None]
        if day == cut:
            fanned = [known, known, known]
        elif day > cut and outcome.paths is not None:
            fanned = [float(value) for value in outcome.paths[:, (day - cut).days - 1]]
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
