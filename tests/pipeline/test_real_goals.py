"""A goal over a real CRM export: attainment by hand from the true values, by office, before and after it is
revised."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import copy_of_project, kpi, run_project

pytestmark = pytest.mark.slow

GOAL = "offices_fy2017"
MONTHS = [f"2017-{month:02}-01" for month in range(4, 13)]


@dataclass(frozen=True)
class Night:
    """What a publication says of the goal."""

    attained: Mapping[tuple[str, str], Mapping[str, Any]]  # node, segment
    targets: list[tuple[Any, ...]]  # revision, node, segment, date, daily, cumulative
    tree: list[tuple[Any, ...]]
    card: Mapping[str, Mapping[str, Any]]
    report: str


def read(root: Path) -> Night:
    folder = root / "outputs" / "current"

    def rows(query: str) -> list[dict[str, Any]]:
        answer = duckdb.sql(query)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]

    def table(name: str) -> str:
        return f"(select * from '{folder / name}.parquet' where goal = '{GOAL}')"

    attained = rows(f"from {table('kgi_attainment')}")
    return Night(
        {(row["node"], row["segment"]): row for row in attained},
        duckdb.sql(
            "select revision, node, segment, date, target_daily, target_cumulative "
            f"from {table('goal_targets')} order by all"
        ).fetchall(),
        duckdb.sql(
            f"select revision, node, revision_from from {table('goal_tree')} order by revision, sort"
        ).fetchall(),
        {row["node"]: row for row in rows(f"from {table('kpi_scorecard')}")},
        (folder / "report.html").read_text(encoding="utf-8"),
    )


@pytest.fixture(scope="module")
def truth(real_data) -> dict[tuple[str, str, str], float]:
    """(kpi, period's first day, office or empty) → true value, of days, months and quarters."""
    with (real_data("maven_crm") / "answers.csv").open(encoding="utf-8") as file:
        return {
            (
                f"{row['kpi']} {row['grain']}",
                row["period"],
                row["dim"].removeprefix("regional_office="),
            ): float(row["value"])
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def company(real_data, tmp_path_factory) -> Path:
    root = copy_of_project("maven_crm", tmp_path_factory.mktemp("goals") / "crm")
    run_project(root, "--data", real_data("maven_crm"))
    return root


@pytest.fixture(scope="module")
def night(company) -> Night:
    """As of the last day of the data, 31 December 2017."""
    return read(company)


def test_after_the_revision_what_is_due_is_the_old_half_and_half_of_what_was_left(night, truth):
    revenue, won, aov = (night.attained[node, "total"] for node in ("revenue", "won", "aov"))
    came = sum(truth["revenue month", month, ""] for month in MONTHS)
    orders = sum(truth["won month", month, ""] for month in MONTHS)
    # Nine of twelve months of 12 million; 2,500 orders of the first half and half of 6,000,000 / 2,300.
    assert (revenue["target_to_date"], revenue["target"]) == (9_000_000, 12_000_000)
    assert won["target_to_date"] == pytest.approx(2_500 + 6_000_000 / 2_300 / 2)
    assert won["target"] == pytest.approx(2_500 + 6_000_000 / 2_300)
    assert (revenue["actual"], won["actual"]) == (pytest.approx(came), orders)
    assert revenue["attainment"] == pytest.approx(came / 9_000_000)
    assert won["attainment"] == pytest.approx(orders / (2_500 + 6_000_000 / 2_300 / 2))
    assert (aov["target"], aov["actual"]) == (2_300, pytest.approx(came / orders))
    assert {row["revision"] for row in night.attained.values()} == {1}
    # From 4 January to the end of March 2018 there are 19 + 19 + 21 business days.
    assert revenue["remaining_business_days"] == 59
    assert revenue["required_per_business_day"] == pytest.approx((12_000_000 - came) / 59)
    assert revenue["pace"] == pytest.approx(came * 12 / 9)


@pytest.mark.parametrize(("office", "share"), [("Central", 0.35), ("East", 0.30), ("West", 0.35)])
def test_every_office_has_its_share_and_its_own_actual(night, truth, office, share):
    row = night.attained["revenue", office]
    came = sum(truth["revenue quarter", f"2017-{month:02}-01", office] for month in (4, 7, 10))
    assert row["actual"] == pytest.approx(came)
    assert row["target_to_date"] == pytest.approx(9_000_000 * share)
    assert row["attainment"] == pytest.approx(came / (9_000_000 * share))
    assert night.attained["aov", office]["target"] == 2_300


def test_the_revision_has_rows_of_its_own_and_changes_no_earlier_day(night):
    assert [row for row in night.tree if row[1] == "won"] == [
        (0, "won", date(2017, 4, 1)),
        (1, "won", date(2017, 10, 1)),
    ]
    plans = [{row[1:4]: row[4:] for row in night.targets if row[0] == number} for number in (0, 1)]
    assert plans[0].keys() == plans[1].keys()
    for key, figures in plans[0].items():
        if key[2] < date(2017, 10, 1):
            assert plans[1][key] == figures
    assert plans[1]["aov", "total", date(2017, 10, 1)] == (2_300, 2_300)


def test_days_of_the_offices_sum_to_the_whole_and_days_to_the_target(night):
    daily = {row[:4]: row[4] for row in night.targets if row[1] == "won"}
    for revision in (0, 1):
        own = {key[2:]: value for key, value in daily.items() if key[0] == revision}
        for day in {day for _, day in own}:
            parts = sum(own[office, day] for office in ("Central", "East", "West"))
            assert parts == pytest.approx(own["total", day])
        whole = sum(value for (segment, _), value in own.items() if segment == "total")
        assert whole == pytest.approx(5_000 if revision == 0 else 2_500 + 6_000_000 / 2_300)


def test_the_scorecard_and_the_report_show_the_goal_as_it_is_revised(night):
    card = night.card["revenue"]
    assert card["attainment"] == night.attained["revenue", "total"]["attainment"]
    assert 0 <= card["probability"] <= 1
    assert card["first_cause"] in ("won", "aov")
    assert card["forecast"] > card["actual"]
    assert "FY2017 revenue by office" in night.report


def test_the_sheet_of_the_goal_says_what_is_left(company):
    shown = kpi("plan", GOAL, "--project", company).stdout
    assert "Review of the first half" in shown
    assert "2,609" in shown


def test_a_past_night_knows_neither_the_revision_nor_what_came_later(company, real_data, truth):
    run_project(company, "--data", real_data("maven_crm"), "--as-of", "2017-09-15")
    row = read(company).attained["revenue", "total"]
    days = [date(2017, 4, 1) + timedelta(days=offset) for offset in range(168)]
    assert days[-1] == date(2017, 9, 15)
    came = sum(truth.get(("revenue day", day.isoformat(), ""), 0.0) for day in days)
    # Five months and 15 of September's 30 days.
    assert row["target_to_date"] == pytest.approx(12_000_000 * (5 + 15 / 30) / 12)
    assert row["actual"] == pytest.approx(came)
    assert row["attainment"] == pytest.approx(came / 5_500_000)
    assert row["revision"] == 0
    assert read(company).attained["won", "total"]["target"] == 5_000
