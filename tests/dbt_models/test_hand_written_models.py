"""The hand-written dbt models: their unit tests, and GA4's real export rows through landing and dbt."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import fiscal_year_of, period_of
from dagster_project.kpi.model import CalendarRules
from dagster_project.project import Project

RULES = CalendarRules()


@pytest.fixture(scope="module")
def export() -> Path:
    data = Path(os.environ.get("KPI_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
    found = data / "ga4_small" / "nested_events.ndjson"
    if not found.is_file():
        pytest.skip(f"no test data: {found} is not there (KPI_TEST_DATA names the folder)")
    return found


@pytest.fixture(scope="module")
def built(project: Project, export: Path, night: Callable[[], None]) -> duckdb.DuckDBPyConnection:
    """The two rows of the export, each in the file of its day, landed and built."""
    for line in export.read_text(encoding="utf-8").splitlines():
        day = line.partition('"event_date": "')[2][:8]
        (project.data / f"events_{day}.ndjson").write_text(line + "\n", encoding="utf-8")
    night()
    return duckdb.connect(str(project.warehouse), read_only=True)


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = connection.execute(sql).to_arrow_table().to_pylist()
    assert len(rows) == 1
    return rows[0]


def test_a_page_view_of_the_web_export_becomes_an_event_and_a_session(
    built: duckdb.DuckDBPyConnection,
) -> None:
    event = _one(built, "from ga4_events where event_name = 'page_view'")
    assert event["event_at"] == datetime(2021, 1, 28, 10, 40, 22, 695757)
    assert (event["event_date"], event["page_path"]) == (date(2021, 1, 28), "/payment.html")
    assert event["session_id"] == "1146540.1921992520-3599645542"
    assert (event["_file"], event["_line"]) == ("events_20210128.ndjson", 1)
    session = _one(built, f"from ga4_sessions where session_id = '{event['session_id']}'")
    expected = {
        "landing_page": "/payment.html",
        "source": "(direct)",
        "medium": "(none)",
        "campaign": None,
        "channel_group": "Direct",
        "session_number": 1,
        "device_category": "desktop",
        "country": "United States",
        "page_views": 1,
        "events": 1,
        "engagement_msec": 7,
        "is_engaged": True,
        "has_key_event": False,
        "transactions": 0,
    }
    assert {name: session[name] for name in expected} == expected


def test_an_app_event_without_a_page_is_a_session_too(built: duckdb.DuckDBPyConnection) -> None:
    session = _one(built, "from ga4_sessions where session_number = 2")
    assert session["session_id"] == "8d59ce7133e03f6170eadbce40174c91-1673858394"
    assert session["started_at"] == datetime(2023, 1, 16, 17, 40, 1, 132002)
    assert (session["page_views"], session["landing_page"], session["is_engaged"]) == (0, None, True)


def test_dim_date_agrees_with_the_calendar_on_every_day(built: duckdb.DuckDBPyConnection) -> None:
    calendar = BusinessCalendar(RULES)
    rows = built.execute(
        "select date, fiscal_year, week_start, month_start, quarter_start, half_start, fiscal_year_start, "
        "is_business_day, holiday_name, iso_year, iso_week, weekday from dim_date order by date"
    ).fetchall()
    assert len(rows) > 13 * 365
    for day, fiscal_year, *starts, is_business_day, holiday, iso_year, iso_week, weekday in rows:
        grains = ("week", "month", "quarter", "half", "fiscal_year")
        assert starts == [period_of(day, grain, RULES).start for grain in grains], day
        assert fiscal_year == fiscal_year_of(day, RULES)
        assert (is_business_day, holiday) == (calendar.is_business_day(day), calendar.holiday_name(day))
        assert (iso_year, iso_week, weekday) == tuple(day.isocalendar())


def test_the_unit_tests_beside_the_models_pass(project: Project, built: duckdb.DuckDBPyConnection) -> None:
    built.close()
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)]
    try:
        found = dbtRunner().invoke(
            ["test", "--select", "test_type:unit", *folders, "--quiet", "--log-level", "none"]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert found.result is not None, found.exception
    results = {
        item.node.name: item for item in found.result.results if item.node.unique_id.startswith("unit_test.")
    }
    assert {name: item.message for name, item in results.items() if str(item.status) != "pass"} == {}
    assert len(results) >= 9
