"""What earlier nights said against what came."""

from datetime import date, timedelta

import numpy as np
import pytest

from dagster_project.forecast.accuracy import FORECAST_ACCURACY, build_accuracy
from dagster_project.forecast.columns import KGI_FORECAST
from dagster_project.goals.frames import frame

START = date(2026, 4, 1)
GOAL = "goal: may\nperiod: {month: 2026-05}\nkgi: {kpi: revenue, target: 3000}\n"
KEY = ["goal", "node", "period_end", "horizon", "method"]


@pytest.fixture
def goals(goals_of):
    return goals_of(GOAL)


@pytest.fixture
def said(goals):
    """One row of kgi_forecast."""

    def make(as_of, *, issue=1, scenario="plan", origin="night", p50=3100.0, probability=0.7, **other):
        (goal,) = goals
        row = {
            "as_of": as_of, "goal": "may", "node": "revenue", "scenario": scenario, "issue": issue,
            "period_start": date(2026, 5, 1), "period_end": date(2026, 5, 31), "actual": 1000.0,
            "target": 3000.0, "p025": p50 - 200, "p10": p50 - 100, "p50": p50, "p90": p50 + 100,
            "p975": p50 + 200, "probability": probability, "status": "ok", "method": "mixture_conformal",
            "definition_hash": "hash-revenue", "goal_hash": goal.goal_hash, "origin": origin,
            "computed_run_id": "run",
        }  # fmt: skip
        return {**row, **other}

    return make


@pytest.fixture
def accuracy(goals, make_daily):
    """forecast_accuracy as of the 2nd of June, of days that bring 101 each: 3,131 in May."""

    def build(*rows, as_of=date(2026, 6, 2), values=None):
        numbers = np.full(63, 101.0) if values is None else values
        log = frame([[row.get(name) for name, _ in KGI_FORECAST] for row in rows], KGI_FORECAST)
        return build_accuracy(goals, make_daily("revenue", numbers, START), log, as_of, "run-9")

    return build


def test_a_night_is_compared_with_what_came(accuracy, said):
    row = accuracy(said(date(2026, 5, 10))).iloc[0]
    assert row["horizon"] == 21
    assert row["actual"] == 31 * 101
    assert row["error"] == 3100 - 3131
    assert row["run_rate"] == pytest.approx(1000 / 10 * 31)
    assert (row["inside_80"], row["inside_95"], row["attained"]) == (True, True, True)
    assert row["brier"] == pytest.approx(0.3**2)


def test_the_first_issue_of_a_night_counts_and_no_other(accuracy, said):
    day = date(2026, 5, 10)
    rows = accuracy(said(day, issue=2, p50=9.0), said(day, p50=3000.0), said(day, scenario="stretch"))
    assert rows["p50"].tolist() == [3000.0]


def test_reruns_and_backtests_do_not_count(accuracy, said):
    assert accuracy(said(date(2026, 5, 10), origin="rerun"), said(date(2026, 5, 11), origin="backtest")).empty


@pytest.mark.parametrize("changed", [{"definition_hash": "older"}, {"goal_hash": "older"}])
def test_a_forecast_of_another_definition_or_goal_does_not_count(accuracy, said, changed):
    assert accuracy(said(date(2026, 5, 10), **changed)).empty


def test_a_period_that_runs_or_has_an_unknown_day_is_not_scored(accuracy, said):
    assert accuracy(said(date(2026, 5, 10)), as_of=date(2026, 5, 30)).empty
    hole = np.full(63, 101.0)
    hole[40] = np.nan
    assert accuracy(said(date(2026, 5, 10)), values=hole).empty
    assert accuracy(said(date(2026, 5, 31)), said(date(2026, 6, 1))).empty


def test_the_key_is_unique_and_the_columns_are_typed(accuracy, said):
    nights = [said(date(2026, 5, 1) + timedelta(days=i)) for i in range(30)]
    rows = accuracy(*nights)
    assert len(rows) == 30
    assert not rows.duplicated(KEY).any()
    assert rows.dtypes.equals(frame([], FORECAST_ACCURACY).dtypes)
    assert accuracy().dtypes.equals(rows.dtypes)
