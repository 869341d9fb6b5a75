"""alerts: one row a danger, opened and closed as the nights go by, and kept."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast import log
from dagster_project.forecast.alerts import ALERTS, build_alerts
from dagster_project.forecast.columns import KGI_FORECAST
from dagster_project.goals.frames import frame
from tests.forecast.conftest import goal

FIRST = date(2026, 5, 4)
NO_DAYS = pd.DataFrame(columns=["date", "kpi", "dimension", "segment", "value", "data_status"])
NO_ATTAINMENT = pd.DataFrame(
    columns=["goal", "node", "parent", "scenario", "dimension", "attainment", "status"]
)


def said(*chances, first=FIRST):
    rows = []
    for index, chance in enumerate(chances):
        row = {
            "as_of": first + timedelta(days=index), "goal": "may", "node": "revenue", "scenario": "plan",
            "issue": 1, "settled_probability": chance, "probability": 0.0,
        }  # fmt: skip
        rows.append([row.get(name) for name, _ in KGI_FORECAST])
    return frame(rows, KGI_FORECAST)


def attainment(*rows):
    return pd.DataFrame(
        [(*row[:3], "plan", "total", *row[3:]) for row in rows], columns=list(NO_ATTAINMENT.columns)
    )


def days(values, *, kpi="revenue", last=FIRST, provisional=0):
    first = last - timedelta(days=len(values) - 1)
    status = ["final"] * (len(values) - provisional) + ["provisional"] * provisional
    return pd.DataFrame(
        {
            "date": [first + timedelta(days=i) for i in range(len(values))],
            "kpi": kpi, "dimension": "total", "segment": "total", "value": values, "data_status": status,
        }
    )  # fmt: skip


@pytest.fixture
def alert(goals_of, definitions, tmp_path):
    """Adds a night's alerts to the log and returns all of them as dictionaries."""

    def night(as_of, *, forecasts=None, daily=NO_DAYS, lag=NO_ATTAINMENT):
        rows = build_alerts(
            goals_of(goal()), definitions, daily, said() if forecasts is None else forecasts, lag,
            log.read_alerts(tmp_path), as_of, f"run-{as_of}",
        )  # fmt: skip
        log.append_alerts(tmp_path, rows, f"run-{as_of}")
        return log.read_alerts(tmp_path).to_dict("records")

    return night


def test_a_danger_opens_once_changes_its_figures_and_closes(alert):
    chances = [0.7, 0.3, 0.25, 0.15, 0.5, 0.7]
    seen = [alert(FIRST + timedelta(days=i), forecasts=said(*chances[: i + 1])) for i in range(len(chances))]
    assert [len(rows) for rows in seen] == [0, 0, 1, 1, 1, 1]
    opened, worse, ended = seen[2][0], seen[3][0], seen[5][0]
    assert opened["alert"] == "probability/may/revenue/2026-05-06"
    assert (opened["opened_on"], opened["severity"]) == (date(2026, 5, 6), "medium")
    assert (worse["severity"], json.loads(worse["figures"])["lowest"]) == ("high", 0.15)
    assert pd.isna(worse["closed_on"])
    assert ended["closed_on"] == date(2026, 5, 9)


def test_the_same_night_again_adds_nothing_and_an_earlier_one_neither(alert, tmp_path):
    forecasts = said(0.3, 0.3, 0.3)
    alert(FIRST + timedelta(days=2), forecasts=forecasts)
    files = list((tmp_path / "alerts").iterdir())
    again = alert(FIRST + timedelta(days=2), forecasts=forecasts)
    assert again == alert(FIRST, forecasts=said(0.9))
    assert list((tmp_path / "alerts").iterdir()) == files


def test_a_night_whose_days_may_all_still_change_is_silent(alert):
    assert alert(FIRST + timedelta(days=1), forecasts=said(0.3, None)) == []


def test_a_danger_ends_with_its_period(alert):
    forecasts = said(0.3, 0.3, first=date(2026, 5, 29))
    assert pd.isna(alert(date(2026, 5, 30), forecasts=forecasts)[0]["closed_on"])
    assert alert(date(2026, 6, 1), forecasts=forecasts)[0]["closed_on"] == date(2026, 5, 31)


def test_the_first_cause_is_the_node_that_lags_most_down_the_tree(alert):
    lag = attainment(
        ("may", "revenue", None, 0.7, "behind"),
        ("may", "orders", "revenue", 0.6, "behind"),
        ("may", "value", "revenue", 0.8, "behind"),
        ("may", "deals", "orders", 0.9, "at_risk"),
        ("may", "rate", "orders", 1.2, "on_track"),
    )
    assert alert(FIRST + timedelta(days=1), forecasts=said(0.3, 0.3), lag=lag)[0]["first_cause"] == "deals"


@pytest.fixture
def usual():
    return list(np.random.default_rng(3).normal(100, 5, 112))


def test_a_day_beyond_the_limits_is_an_alert_until_a_usual_one(alert, usual):
    usual[-1] = 20.0
    (row,) = alert(FIRST, daily=days(usual))
    assert (row["rule"], row["kpi"], row["severity"]) == ("beyond_limits", "revenue", "medium")
    assert pd.isna(row["goal"])
    assert json.loads(row["figures"])["value"] == 20.0
    (row,) = alert(FIRST + timedelta(days=1), daily=days([*usual[1:], 101.0], last=FIRST + timedelta(days=1)))
    assert row["closed_on"] == FIRST + timedelta(days=1)


def test_a_provisional_day_opens_and_closes_nothing(alert, usual):
    usual[-1] = 20.0
    assert alert(FIRST, daily=days(usual, provisional=1)) == []
    assert len(alert(FIRST, daily=days(usual))) == 1
    following = days([*usual[1:], 100.0], last=FIRST + timedelta(days=1), provisional=1)
    assert pd.isna(alert(FIRST + timedelta(days=1), daily=following)[0]["closed_on"])


def test_a_change_for_the_better_is_the_least_severe(alert, usual):
    usual[-1] = 200.0
    assert alert(FIRST, daily=days(usual))[0]["severity"] == "low"
    assert alert(FIRST, daily=days(usual, kpi="costs"))[0]["severity"] == "medium"


def test_a_signal_that_a_correction_took_back_closes(alert, usual):
    wrong = [*usual[:-1], 20.0]
    alert(FIRST, daily=days(wrong))
    (row,) = alert(FIRST + timedelta(days=1), daily=days([*usual[1:], 100.0], last=FIRST + timedelta(days=1)))
    assert row["closed_on"] == FIRST + timedelta(days=1)


def test_an_alert_that_a_correction_took_apart_goes_on_in_one_of_its_parts(alert, usual):
    """Two parts under one name would take turns: the same night again would say something else."""
    lasting = np.concatenate([usual, [40.0] * 14])
    alert(FIRST, daily=days(lasting))
    apart = lasting.copy()
    apart[-9:-4] = usual[:5]
    once = alert(FIRST, daily=days(apart))
    assert sorted(pd.isna(row["closed_on"]) for row in once) == [False, True]
    assert alert(FIRST, daily=days(apart)) == once


def test_what_lasts_is_one_alert_night_after_night(alert, usual):
    values = list(usual)
    for night in range(1, 15):
        values = [*values[1:], 60.0]
        rows = alert(FIRST + timedelta(days=night), daily=days(values, last=FIRST + timedelta(days=night)))
        assert len(rows) == 1
    assert rows[0]["opened_on"] == FIRST + timedelta(days=1)


def test_columns_are_typed_without_rows(alert, goals_of, definitions):
    empty = build_alerts(
        goals_of(goal()), definitions, NO_DAYS, said(), NO_ATTAINMENT, frame([], ALERTS), FIRST, "run"
    )
    assert empty.dtypes.equals(frame([], ALERTS).dtypes)
