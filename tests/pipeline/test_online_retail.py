"""A shop's order lines, one file a day and none on closed days, against figures computed elsewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import run_project
from tests.faults.company import tables
from tests.pipeline.answers import Published
from tests.pipeline.retail import assert_built_alike, assert_true_values, daily_files, nightly


@pytest.fixture(scope="module")
def nights(real_data, tmp_path_factory) -> tuple[Path, dict[str, pd.DataFrame]]:
    """The shop after its last five files came one a night, and its tables then."""
    root = tmp_path_factory.mktemp("retail") / "shop"
    return root, nightly(root, daily_files(real_data("online_retail")), nights=5)


@pytest.fixture(scope="module")
def company(nights) -> Path:
    """The shop, all of it built anew from the files that have landed."""
    root, _ = nights
    answer = run_project(root, "--full-refresh")
    assert answer["as_of"] == "2011-08-31"
    assert answer["warnings"] == []
    return root


@pytest.fixture(scope="module")
def published(company) -> Published:
    return Published.of(company)


def test_every_answer_comes_out(company, real_data):
    assert_true_values(company, real_data("online_retail"))


def test_the_last_five_files_as_nights_end_where_a_build_of_all_files_does(nights, company):
    _, by_nights = nights
    assert_built_alike(by_nights, tables(company / "outputs" / "current"))


def test_the_days_without_a_file_are_closed_and_zero_and_none_is_missing(published, real_data):
    supplied = {path.stem for path in (real_data("online_retail") / "by-day").glob("*.csv")}
    days = published.daily[published.daily.dimension == "total"]
    closed = days[~days.date.astype(str).isin(supplied)]
    assert set(days.data_status) == {"final", "closed"}
    for name in ("orders", "gross_sales", "customers", "new_customers", "cancelled_invoices"):
        rows = closed[closed.kpi == name]
        assert len(rows) == 55, name
        assert set(rows.data_status) == {"closed"}
        assert set(rows.value) == {0.0}, name
    assert closed[closed.kpi == "aov"].value.isna().all()


def test_retention_and_churn_are_two_sides_of_the_customers_of_the_month_before(published):
    months = published.period[(published.period.grain == "month") & (published.period.dimension == "total")]
    values = months.pivot(index="period_start", columns="kpi", values="value")
    assert values.retention.isna().sum() == 1  # nothing is known before the first month
    told = values.dropna(subset=["retention"])
    assert (told.retention + told.churn_rate - 1).abs().max() < 1e-12


def test_a_goal_from_april_stands_where_the_true_values_say(company, real_data):
    with (real_data("online_retail") / "answers.csv").open(encoding="utf-8") as file:
        months = [f"2011-{month:02}-01" for month in range(4, 9)]
        truth = {
            (row["kpi"], row["period"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["grain"] == "month" and not row["dim"]
        }
    sales, orders = (sum(truth[name, month] for month in months) for name in ("gross_sales", "orders"))
    path = company / "outputs" / "current" / "kgi_attainment.parquet"
    rows = pd.read_parquet(path).set_index("node").loc[lambda found: found.goal == "gross_sales_h1_fy2011"]
    # The shop was open on 124 days from April to August (a file each); September 2011 has 26 without its
    # Saturdays. 4,500,000 / 480 are 9,375 orders.
    expected = {
        "gross_sales": (sales, 4_500_000 * 124 / 150, sales / (4_500_000 * 124 / 150)),
        "orders": (orders, 9_375 * 124 / 150, orders / (9_375 * 124 / 150)),
        "aov": (sales / orders, 480, sales / orders / 480),
    }
    for node, (actual, due, attainment) in expected.items():
        row = rows.loc[node]
        assert row.actual == pytest.approx(actual, rel=1e-9), node
        assert row.target_to_date == pytest.approx(due, rel=1e-12), node
        assert row.attainment == pytest.approx(attainment, rel=1e-9), node
    assert rows.status.to_dict() == {"gross_sales": "at_risk", "orders": "at_risk", "aov": "on_track"}
    assert rows.loc["gross_sales"].required_per_business_day == pytest.approx((4_500_000 - sales) / 26)
    assert rows.loc["gross_sales"].pace == pytest.approx(sales * 150 / 124)
