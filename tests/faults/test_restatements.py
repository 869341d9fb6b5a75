"""Present knowledge is published, what it changed is kept, and a past night can be had again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from tests.faults.company import Company, assert_same, store, tables
from tests.faults.conftest import Second

COLUMNS = ["kpi", "date", "old_value", "new_value", "cause_file"]
STORE_9, STORE_7, DEALS = "store/store_20260409.csv", "store/store_20260407.csv", "crm/deals_20260412.csv"


def restated(company: Company) -> dict[tuple[str, int], tuple[object, ...]]:
    """(KPI, day of April) → old value, new value and file of the total."""
    rows = company.published("restatements")
    rows = rows[rows.dimension == "total"][COLUMNS]
    values = rows.astype(object).where(rows.notna(), None).to_numpy()
    found = {(kpi, day.day): tuple(told) for kpi, day, *told in values}
    assert len(found) == len(rows)
    return found


def test_the_first_night_restates_nothing(seen: Company) -> None:
    assert seen.published("restatements").empty


def test_a_corrected_day_is_kept_with_old_new_and_the_file_that_brought_it(
    corrected: Company, second_night: Second
) -> None:
    found = restated(corrected)
    assert found["visits", 9] == (130.0, 133.0, STORE_9)
    assert found["buyer_rate", 9] == (13 / 130, 13 / 133, STORE_9)
    assert {key for key, row in found.items() if row[-1] == STORE_9} == {("visits", 9), ("buyer_rate", 9)}
    assert set(corrected.published("restatements").night) == {second_night.run_id}


def test_a_late_day_and_a_newer_full_export_are_told_apart_by_their_files(corrected: Company) -> None:
    found = restated(corrected)
    assert found["visits", 7] == (None, 70.0, STORE_7)
    (before, after, cause) = found["revenue", 3]
    assert (after, cause) == (before + 500.0, DEALS)  # type: ignore[operator]
    (before, after, cause) = found["revenue", 1]
    assert (after, cause) == (before - 10_000.0, DEALS)  # type: ignore[operator]
    assert {key for key, row in found.items() if row[-1] == STORE_7} == {("visits", 7), ("buyer_rate", 7)}
    assert {row[-1] for (kpi, _), row in found.items() if kpi in ("revenue", "won")} == {DEALS}
    rows = corrected.published("restatements")
    assert {"team", "total"} == set(rows[rows.kpi == "revenue"].dimension)


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


def test_a_past_night_can_be_had_again_and_leaves_state_as_it_is(
    corrected: Company, second_night: Second
) -> None:
    now, moment = tables(corrected.project.current), second_night.first_published_at
    state = {path: path.read_bytes() for path in (corrected.root / "state").rglob("*") if path.is_file()}
    corrected.night("--known-at", moment.isoformat())
    assert_same(tables(corrected.project.current), second_night.before, "restatements")
    assert corrected.published("publication").known_at[0] == pd.Timestamp(moment).tz_localize(None)
    assert {
        path: path.read_bytes() for path in (corrected.root / "state").rglob("*") if path.is_file()
    } == state
    corrected.night()
    assert_same(tables(corrected.project.current), now)


@pytest.mark.slow
def test_a_past_night_says_what_it_said_not_what_was_said_of_its_day_later(
    corrected: Company, second_night: Second
) -> None:
    corrected.night("--as-of", "2026-04-10")
    later = tables(corrected.project.current)
    corrected.night("--known-at", second_night.first_published_at.isoformat())
    now = tables(corrected.project.current)
    assert_same(now, second_night.before, "restatements")
    of_the_day = later["kgi_forecast"]["as_of"].astype(str) == "2026-04-10"
    assert set(later["kgi_forecast"][of_the_day].issue) == {1, 2}
    assert not now["kpi_scorecard"].forecast.equals(later["kpi_scorecard"].forecast)


@pytest.mark.slow
def test_a_moment_before_any_arrival_knows_nothing_and_a_wrong_one_is_refused(company: Company) -> None:
    early = datetime.now(UTC) - timedelta(days=400)
    company.night("--known-at", f"{early:%Y-%m-%d}")
    assert company.published("kpi_daily").value.dropna().empty
    answer = company.kpi("run", "--known-at", "last week")
    assert (answer.code, "write 2026-10-31 or" in answer.err) == (2, True)
