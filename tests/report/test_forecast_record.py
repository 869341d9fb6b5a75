"""What earlier forecasts were worth, and what lasts, as readers see it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.publish.contract import load
from dagster_project.publish.engine import connect
from dagster_project.report.alerts import read_alerts
from dagster_project.report.forecast_record import read_record, record_sentences
from dagster_project.report.html import render
from dagster_project.report.second_number import second_number
from dagster_project.report.summary import summarize
from tests.report.conftest import write
from tests.report.frames import AS_OF, GOAL, tables

END = date(2026, 9, 30)


def table(name: str, rows: list[dict]) -> pa.Table:
    """Rows of a published table; what is not given is NULL, or something where NULL may not be."""
    filled = {"VARCHAR": "x", "DOUBLE": 0.0, "DATE": END, "BIGINT": 1, "BOOLEAN": True}
    columns = load().table(name).columns
    made = [
        {c.name: row.get(c.name, None if c.nullable else filled[c.type]) for c in columns} for row in rows
    ]
    return pa.Table.from_pylist(made, schema=load().table(name).schema)


def night(node: str, horizon: int, **said) -> dict:
    as_of = END - timedelta(days=horizon)
    row = {
        "goal": GOAL, "node": node, "period_end": END, "horizon": horizon, "as_of": as_of, "actual": 100.0,
        "error": 5.0, "run_rate_error": 10.0, "brier": 0.04, "probability": 0.8, "attained": True,
        "inside_80": True, "inside_95": True,
    }  # fmt: skip
    return {**row, **said}


@pytest.fixture
def folder(tmp_path: Path):
    def made(**others: list[dict]) -> Path:
        given = tables()
        for name, rows in others.items():
            given[name] = table(name, rows)
        return write(tmp_path, given)

    return made


def record(folder: Path):
    with connect([folder]) as connection:
        return read_record(connection, folder.resolve())


def test_coverage_brier_and_skill_are_counted_by_days_to_go(folder):
    near = [night(f"n{i}", 5, attained=i % 2 == 0, inside_80=i != 0) for i in range(6)]
    # Errors count as shares of what came: yen and percent stand side by side.
    far = [
        night(f"n{size}", 40, actual=size, error=0.2 * size, run_rate_error=0.4 * size) for size in (1.0, 1e6)
    ]
    one, other = record(folder(forecast_accuracy=near + far))
    assert (one.first_day, one.last_day, one.nights, one.periods, one.is_judged) == (1, 7, 6, 6, True)
    assert one.inside_80 == pytest.approx(5 / 6)
    assert one.inside_95 == 1.0
    assert one.brier == pytest.approx(0.04)
    assert one.skill == pytest.approx(1 - 0.04 / 0.25)
    assert one.error_to_run_rate == pytest.approx(0.5)
    assert (other.first_day, other.periods, other.is_judged) == (31, 2, False)
    assert other.error_to_run_rate == pytest.approx(0.5)
    assert other.skill is None  # all were attained: climatology can't be beaten


def test_the_record_is_told_in_words_and_where_too_little_is_over_in_words_too(folder):
    near = [night(f"n{i}", 5, attained=i % 2 == 0) for i in range(6)]
    told = record_sentences(record(folder(forecast_accuracy=[*near, night("n0", 20)])), "en")
    assert told[0] == (
        "Forecast record, 1-7 days to go (6 nights of 6 periods): 80 % range held 100%, 95 % range 100%, "
        "Brier score 0.040, skill +0.84 against climatology, error 0.50 of run-rate's."
    )
    assert told[1] == "Forecast record, 8-30 days to go: too little to judge yet (1 night of 1 period)."
    (none,) = record_sentences((), "ja")
    assert "まだ終わっていません" in none


def alert(**said) -> dict:
    row = {
        "alert": "probability/g/revenue/2026-10-20", "opened_on": date(2026, 10, 20), "closed_on": None,
        "rule": "probability", "goal": GOAL, "node": "revenue", "kpi": "revenue", "severity": "high",
        "figures": json.dumps({"probability": 0.12}), "first_cause": "deals",
    }  # fmt: skip
    return {**row, **said}


COURSE = {
    "alert": "beyond_limits/ad_cost/2026-10-30", "rule": "beyond_limits", "goal": None, "node": "ad_cost",
    "kpi": "ad_cost", "severity": "medium", "first_cause": None,
    "figures": json.dumps({"value": 90000.0, "usual": 30000.0, "low": 10000.0, "high": 50000.0}),
}  # fmt: skip


def test_alerts_that_last_are_told_with_their_first_cause_the_severest_first(folder):
    made = folder(alerts=[alert(**COURSE), alert(), alert(alert="closed", closed_on=AS_OF)])
    with connect([made]) as connection:
        first, second = read_alerts(connection, made.resolve(), "ja")
    assert first.sentence == (
        "売上高: 達成確率が低下しています（2026年10月20日から、現在 12%、最も遅れているのは商談数）。"
    )
    assert (second.goal, second.rule) == (None, "beyond_limits")
    assert second.sentence.startswith("広告費: いつもの範囲を外れています")


def test_the_report_and_the_summary_show_both(folder):
    made = folder(alerts=[alert()], forecast_accuracy=[night("revenue", 5)])
    page = render(made)
    assert "予測の実績" in page
    assert "達成確率が低下しています" in page
    summary = summarize(made)
    plain = json.loads(json.dumps(summary.as_json(), allow_nan=False))
    assert plain["alerts"][0]["severity"] == "high"
    assert plain["forecast_record"][0]["nights"] == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("agree", "直接予測と一致"),
        ("driver:deals", "商談数の予測"),
        ("equation", "式と実績が合っていません"),
        ("no_forecast:deals", None),
        (None, None),
    ],
)
def test_the_second_number_is_shown_beside_the_direct_one_with_its_reason(tmp_path, reason, words):
    given = tables()
    forecast = given["kgi_forecast"].to_pylist()
    for row in forecast:
        row |= {"tree_p50": 1.5e8 if reason else None, "tree_reason": reason}
    given["kgi_forecast"] = pa.Table.from_pylist(forecast, schema=given["kgi_forecast"].schema)
    (goal,) = summarize(write(tmp_path, given)).goals
    told = second_number(goal.kgi, "ja")
    assert told is None if words is None else words in told
