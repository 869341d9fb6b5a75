"""Present knowledge is published, what it changed is kept, and a past night can be had again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.faults.company import Company, assert_same, deals, store, tables

COLUMNS = ["kpi", "date", "segment", "old_value", "new_value", "cause_file"]


def restated(company: Company) -> list[tuple[object, ...]]:
    rows = company.published("restatements")
    rows = rows[rows.dimension == "total"]
    return [tuple(row) for row in rows[COLUMNS].astype(object).where(rows[COLUMNS].notna(), None).to_numpy()]


def test_the_first_night_restates_nothing(seen: Company) -> None:
    assert seen.published("restatements").empty


def test_a_corrected_day_is_kept_with_old_new_and_the_file_that_brought_it(company: Company) -> None:
    company.write("store/store_20260409.csv", store(date(2026, 4, 9), 133, 13))
    night = company.night()
    found = {row[0]: row for row in restated(company)}
    assert found["visits"] == (
        "visits", date(2026, 4, 9), "total", 130.0, 133.0, "store/store_20260409.csv",
    )  # fmt: skip
    assert found["buyer_rate"][3:5] == (13 / 130, 13 / 133)
    assert set(found) == {"visits", "buyer_rate"}
    assert set(company.published("restatements").night) == {night}
    company.night()
    assert set(company.published("restatements").night) == {night}, "the same inputs restate nothing more"


def test_a_late_day_and_a_newer_full_export_are_told_apart_by_their_files(company: Company) -> None:
    company.write("store/store_20260407.csv", store(date(2026, 4, 7), 70, 7))
    company.write_deals(
        "20260412", deals(range(1, 31)).replace("D02,", "D02,").replace('"2,000円"', '"2,500円"')
    )
    company.night("--as-of", "2026-04-10")
    found = {row[0]: row for row in restated(company)}
    assert found["visits"][1:] == (date(2026, 4, 7), "total", None, 70.0, "store/store_20260407.csv")
    assert found["revenue"][3:] == (
        found["revenue"][3], found["revenue"][3] + 500.0, "crm/deals_20260412.csv",
    )  # fmt: skip
    east_or_west = company.published("restatements")
    assert {"team", "total"} == set(east_or_west[east_or_west.kpi == "revenue"].dimension)


def test_a_changed_definition_is_no_restatement(company: Company) -> None:
    company.define(
        "kpis/all.yml", lambda text: text.replace("stage = 'won', unit: JPY", "amount > 5000, unit: JPY")
    )
    company.night()
    assert company.published("restatements").empty


@pytest.mark.slow
def test_a_night_killed_before_its_publication_restates_once(company: Company) -> None:
    company.write("store/store_20260409.csv", store(date(2026, 4, 9), 133, 13))
    before = company.project.current.resolve()
    company.night()
    once = company.published("restatements").drop(columns="night")
    # as if the flip had not come: the same publication is compared with once more
    current = company.project.outputs / "current"
    current.unlink()
    current.symlink_to(before.relative_to(company.project.outputs), target_is_directory=True)
    company.night()
    pd.testing.assert_frame_equal(company.published("restatements").drop(columns="night"), once)


def test_a_past_night_can_be_had_again_and_leaves_state_as_it_is(company: Company) -> None:
    then = tables(company.project.current)
    moment = pq.read_table(company.project.current / "publication.parquet")["published_at"].to_pylist()[0]
    company.write("store/store_20260409.csv", store(date(2026, 4, 9), 133, 13))
    company.write_deals("20260412", deals(range(2, 31)))
    company.night()
    now = tables(company.project.current)
    state = {path: path.read_bytes() for path in (company.root / "state").rglob("*") if path.is_file()}
    company.night("--known-at", moment.replace(tzinfo=UTC).isoformat())
    assert_same(tables(company.project.current), then, "kgi_forecast", "restatements")
    assert company.published("publication").known_at[0] == pd.Timestamp(moment)
    assert {
        path: path.read_bytes() for path in (company.root / "state").rglob("*") if path.is_file()
    } == state
    company.night()
    assert_same(tables(company.project.current), now)


@pytest.mark.slow
def test_a_moment_before_any_arrival_knows_nothing_and_a_wrong_one_is_refused(company: Company) -> None:
    early = datetime.now(UTC) - timedelta(days=400)
    company.night("--known-at", f"{early:%Y-%m-%d}")
    assert company.published("kpi_daily").value.dropna().empty
    answer = company.kpi("run", "--known-at", "last week")
    assert (answer.code, "write 2026-10-31 or" in answer.err) == (2, True)
