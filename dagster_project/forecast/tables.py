"""kgi_forecast and kgi_forecast_path: the rows that one night adds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.forecast.cases import TOTAL, Asked, Case, Nights
from dagster_project.forecast.columns import KGI_FORECAST, KGI_FORECAST_PATH
from dagster_project.forecast.engine import chance, quantiles_of
from dagster_project.forecast.forecasters import Forecaster
from dagster_project.forecast.open_deals import Book
from dagster_project.forecast.outcomes import Outcome
from dagster_project.forecast.running import Running
from dagster_project.forecast.tree import SecondNumber, second_number
from dagster_project.goals.frames import Slice, as_date, frame, number
from dagster_project.goals.model import PLAN, Goal
from dagster_project.kpi.model import Definitions

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True)
class ForecastTables:
    """The new rows, with the columns of KGI_FORECAST and KGI_FORECAST_PATH, Arrow-backed."""

    kgi_forecast: pd.DataFrame
    kgi_forecast_path: pd.DataFrame
    warnings: tuple[str, ...] = ()


def build_forecast(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    goal_targets: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    log: pd.DataFrame,
    as_of: date,
    run_id: str,
    forecasters: Sequence[Forecaster] = (),
    books: Mapping[Slice, Book] | None = None,
) -> ForecastTables:
    """What this night says of every goal's end, as far as the log does not hold it yet.

    Nodes: the KGI and every other that has a target, where the days say what the period comes to: sums, and
    rates and averages (numerator and denominator); distinct counts have no rows. Targets are those of
    kgi_attainment, for the node as a whole. Goals: from their first day to a month after their end. `log`:
    kgi_forecast so far. Where its newest issue of (as_of, goal, node) was made from the same inputs (history,
    targets, definition, goal, calendar, engine), nothing is added, else the next issue, which all scenarios
    and the path share. `forecasters`: further models beside our own;
    one that fails is left out, with a warning. `books`: of KPIs that come from open cases, at their segments.

    Quantiles are of the period's value. `probability`: of attaining the scenario's target, 0.005..0.995, and
    0 or 1 with status `decided` once the period is over and known, or once a sum that never falls has
    reached its target (up) or exceeded it (down). status: decided, stale_data (the newest known day is more
    than three days old), short_history, intermittent, constant, ok. Quantiles are NULL where no day is known.

    tree_*: the second number, by the equations below the node (tree.py), where it has some.

    settled_probability: the probability from days that no longer change, those up to
    settled_through; what alerts go by. It is the other one where no known day is provisional or held.

    origin: `night` for the first issue of a night that is newer than every one in the log, else `rerun`: what
    is said later of an earlier night knows more than that night did.
    """
    calendar = BusinessCalendar(definitions.calendar)
    nights = Nights(goals, kpi_daily, kgi_attainment, as_of)
    issues = _newest_issues(log, as_of)
    newest = max((as_date(day) for day in log["as_of"].tolist()), default=as_of)
    plans = _plan_paths(goal_targets)
    rows: list[tuple[Any, ...]] = []
    path_rows: list[tuple[Any, ...]] = []
    told: dict[str, None] = {}

    def tell(warning: str) -> None:
        told[warning] = None

    for goal in goals:
        running = Running(goal, nights, calendar, forecasters, books or {}, tell)
        for name, case in running.cases.items():
            if case is None or not case.asked:
                continue
            inputs = running.inputs(name)
            issue, hash_before = issues.get((goal.name, name), (0, ""))
            if inputs == hash_before:
                continue
            outcome = running.outcome(case)
            settled = case.settled()
            of_settled = outcome if settled is None or settled is case else running.outcome(settled)
            second = second_number(goal, name, running) or SecondNumber(None, None, None, None, None)
            origin = "night" if issue == 0 and as_of >= newest else "rerun"
            for asked in case.asked:
                rows.append(
                    (as_of, goal.name, name, asked.scenario, issue + 1, *_figures(case, outcome, asked))
                    + (inputs, case.kpi.definition_hash, goal.goal_hash, origin, run_id)
                    + (case.settled_through, _probability(settled, of_settled, asked)[0])
                    + (second.p10, second.p50, second.p90, second.difference, second.reason)
                )
            path_rows += _path(case, outcome, issue + 1, plans.get((goal.name, name), {}))
    return ForecastTables(frame(rows, KGI_FORECAST), frame(path_rows, KGI_FORECAST_PATH), tuple(told))


def _figures(case: Case, outcome: Outcome, asked: Asked) -> tuple[Any, ...]:
    found = quantiles_of(outcome.ends, LEVELS)
    ends: list[float | None] = [None] * len(LEVELS) if found is None else [float(value) for value in found]
    probable, decided = _probability(case, outcome, asked)
    status = "stale_data" if case.is_stale else outcome.status
    return (
        case.goal.period.start,
        case.goal.period.end,
        outcome.actual,
        asked.target,
        *ends,
        probable,
        "decided" if decided else status,
        outcome.method,
        json.dumps(outcome.weights, sort_keys=True),
        case.history.first_known,
        case.history.known_days,
        asked.required,
    )


def _probability(case: Case | None, outcome: Outcome, asked: Asked) -> tuple[float | None, bool]:
    """(of attaining the target, whether that is certain)."""
    if case is None:
        return None, False
    decided = case.decided(outcome, asked)
    if decided is not None:
        return decided, True
    return chance(outcome.ends, *case.wanted(asked)), False


def _path(
    case: Case, outcome: Outcome, issue: int, targets: Mapping[date, float]
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
    """(goal, node) → day → cumulative target of the plan, by the newest revision that has the day."""
    rows = goal_targets[(goal_targets["scenario"] == PLAN) & (goal_targets["dimension"] == TOTAL)]
    rows = rows.sort_values("revision", kind="stable")
    found: dict[tuple[str, str], dict[date, float]] = {}
    names = ["goal", "node", "date", "target_cumulative"]
    for goal, node, day, due in zip(*(rows[name].tolist() for name in names), strict=True):
        found.setdefault((goal, node), {})[as_date(day)] = float(due)
    return found
