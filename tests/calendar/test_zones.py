"""Local time as a sum: only where DuckDB, which looks it up, says the same."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.calendar.zones import fixed_offset

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Asia/Tokyo", 9), ("UTC", 0), ("Asia/Shanghai", 8), ("Asia/Kolkata", 5.5), ("America/Phoenix", -7)],
)
def test_a_zone_that_does_not_shift_is_one_sum_at_every_hour(zone: str, hours: float) -> None:
    fixed = fixed_offset(zone)
    assert fixed is not None
    assert fixed.offset == hours * HOUR
    different = duckdb.execute(
        "select count(*) from range(?, ?, ?) as hours (us) "
        "where timezone(?, make_timestamptz(us)) is distinct from make_timestamp(us + ?)",
        [fixed.since, fixed.until, HOUR, zone, fixed.offset],
    ).fetchone()
    assert different == (0,)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Asia/Pyongyang"])
def test_a_zone_that_shifts_or_moved_once_is_looked_up(zone: str) -> None:
    assert fixed_offset(zone) is None
