"""What may be wrong with a night's files: the published numbers stay right, or are held and marked."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from dagster_project.defs.landing import land_new
from dagster_project.defs.prepared import prepare
from dagster_project.kpi.model import SourceColumn
from dagster_project.landing.moments import moment_reader
from tests.faults.company import (
    DEALS_HEADER,
    EVENTS,
    EVIL,
    Company,
    assert_same,
    deal,
    deals,
    differing,
    events,
    store,
    tables,
    won_amount,
)
from tests.faults.conftest import Second


def test_a_day_without_a_file_is_missing_and_one_on_which_the_shop_was_closed_is_zero(seen: Company) -> None:
    visits, rate = seen.days("visits"), seen.days("buyer_rate")
    assert (visits[7], rate[7], seen.days("visits", "data_status")[7]) == (None, None, "missing")
    assert (visits[4], rate[4], seen.days("visits", "data_status")[4]) == (0.0, None, "closed")


def test_a_rate_over_zero_is_no_value_with_a_reason(seen: Company) -> None:
    rate, reason = seen.days("buyer_rate"), seen.days("buyer_rate", "status_reason")
    numerator = seen.days("buyer_rate", "numerator")
    assert [(numerator[day], rate[day], reason[day]) for day in (6, 8)] == [
        (0.0, None, "zero_denominator"),
        (5.0, None, "zero_denominator"),
    ]


def test_a_total_row_is_counted_nowhere(seen: Company) -> None:
    assert [seen.days("visits")[day] for day in (1, 2, 3, 9, 10)] == [100, 110, 120, 130, 140]


def test_an_instant_counts_on_its_day_in_tokyo(seen: Company) -> None:
    sales = seen.days("shop_sales")
    assert (min(sales), sales[1], sales[10]) == (1, 100.0, 1600.0)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-03-09", 24), ("2026-11-01", 25)])
def test_each_hour_of_a_day_counts_once_though_clocks_are_changed(day: str, hours: int) -> None:
    read = moment_reader(SourceColumn("at", ("at",), "timestamp", timezone="UTC"), "America/New_York")
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=1)
    instants = [start + timedelta(hours=hour) for hour in range(72)]
    local = [read(instant.strftime("%Y-%m-%d %H:%M")).date() for instant in instants]
    assert local.count(date.fromisoformat(day)) == hours


def test_the_daily_export_of_events_wins_over_the_intraday_one(seen: Company) -> None:
    assert seen.days("page_views") == {day: float(count) for day, count in EVENTS.items()}


def test_statements_and_markup_in_values_are_values(seen: Company) -> None:
    rows = seen.published("kpi_daily")
    segments = set(rows[rows.dimension == "team"].segment)
    assert segments == {"east", "west", *EVIL}
    assert set(seen.published("kpi_segments").query("dimension == 'team'").segment) >= {"east", "west", *EVIL}


def test_statements_in_a_header_are_a_header_that_nobody_declared(company: Company) -> None:
    evil = "\"x); drop table kpi_daily; --\",\"{{ env_var(''HOME'') }}\""
    lines = deals().splitlines()
    text = "\n".join([f"{lines[0]},{evil}", *(f"{line},1,2" for line in lines[1:])]) + "\n"
    company.write_deals("20260412", text)
    assert land_new(prepare(company.project), lambda line: None).held == []


def test_files_without_rows_are_held_and_no_value_becomes_zero(company: Company) -> None:
    before = company.days("revenue")
    company.write_deals("20260412", DEALS_HEADER)
    company.write("store/store_20260410.csv", "day,visits,buyers\n")  # a correction
    company.write("store/store_20260411.csv", "")
    company.write("ga4/events_20260411.ndjson", "")
    company.night("--as-of", "2026-04-11")
    revenue, status = company.days("revenue"), company.days("revenue", "data_status")
    assert {day: revenue[day] for day in before} == before
    assert (revenue[11], status[11]) == (None, "held")
    visits, status = company.days("visits"), company.days("visits", "data_status")
    assert (visits[10], status[10]) == (140.0, "held")
    assert (visits[11], status[11]) == (None, "held")
    views, status = company.days("page_views"), company.days("page_views", "data_status")
    assert (views[10], views[11], status[11]) == (15.0, None, "held")
    said = company.published("source_freshness").set_index("source").status
    assert [said[name] for name in ("crm", "store", "ga4", "shop")] == ["held", "held", "held", "stale"]
    report = (company.root / "outputs/current/report.html").read_text(encoding="utf-8")
    assert "crm/deals_20260412.csv" in report


def test_the_same_file_under_another_name_and_the_same_night_again_change_nothing(
    corrected: Company, second_night: Second
) -> None:
    before, data = tables(corrected.project.current), corrected.root / "data"
    shutil.copy2(data / "shop/orders_20260411.csv", data / "shop/orders_extra.csv")
    shutil.copy2(data / "ga4/events_20260409.ndjson.gz", data / "ga4/events_20260409_copy.ndjson.gz")
    corrected.night()
    inputs = ("source_freshness", "pipeline_runs", "quarantine")  # these do tell of the new files
    assert_same(tables(corrected.project.current), before, *inputs)
    assert set(corrected.published("restatements").night) == {second_night.run_id}, (
        "nothing is restated twice"
    )


def test_exports_that_arrive_newest_first_give_the_same_tables(company: Company) -> None:
    """Overlapping exports correct one another; an older one that comes late must not bring old rows back."""
    company.write_deals("20260405", deals(range(1, 16)).replace('"10,000円"', '"99,999円"'))
    company.write("store/store_20260409.csv", store(date(2026, 4, 9), 130, 13))
    expected = tables(company.project.current)
    data, aside = company.root / "data", company.root / "aside"
    shutil.rmtree(company.root / "landing")
    files = sorted((path for path in data.rglob("*") if path.is_file()), key=lambda path: path.name)
    shutil.move(data, aside)
    prepared = prepare(company.project)
    for path in reversed(files):
        target = data / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(aside / path.relative_to(data), target)
        if path.parent.name in ("shop", "crm"):
            assert land_new(prepared, lambda line: None).landed
    shutil.rmtree(aside)
    company.night()
    assert_same(tables(company.project.current), expected, "pipeline_runs")


def test_a_changed_day_of_events_changes_that_day_and_its_periods_only(company: Company) -> None:
    before = tables(company.project.current)
    company.write("ga4/events_20260407.ndjson", events(date(2026, 4, 7), 20))
    (company.root / "data/ga4/events_20260407.ndjson.gz").unlink()
    company.night()
    after = tables(company.project.current)
    changed = differing(after["kpi_daily"], before["kpi_daily"])
    assert changed[["kpi", "dimension", "value", "data_status"]].values.tolist() == [
        ["page_views", "total", 20.0, "provisional"]
    ]
    assert [day.day for day in changed.date] == [7]
    periods = differing(after["kpi_period"], before["kpi_period"])
    assert set(periods.kpi) == {"page_views"}
    assert len(periods) == 6  # the week, month, quarter, half, year and all that hold the day
    assert (pd.to_datetime(periods.period_start) <= "2026-04-07").all()


def test_a_deleted_record_is_gone_and_a_mass_deletion_is_held(corrected: Company) -> None:
    left = won_amount() - 10_000 + 500  # without D10, and D02 has become dearer
    assert sum(corrected.days("revenue").values()) == left  # type: ignore[arg-type]
    assert corrected.days("revenue")[1] == 20_000.0
    kept = pd.concat(
        pd.read_parquet(path) for path in (corrected.root / "state/snapshots/deals").glob("*.parquet")
    )
    assert kept[kept.change == "delete"].deal_id.tolist() == ["D10"]

    corrected.write_deals("20260413", DEALS_HEADER + deal(5) + deal(20))  # no beginning of the one before
    corrected.night("--as-of", "2026-04-12")
    revenue = corrected.days("revenue")
    assert sum(revenue[day] for day in range(1, 12)) == left  # type: ignore[misc]
    assert (revenue[12], corrected.days("revenue", "data_status")[12]) == (None, "held")
