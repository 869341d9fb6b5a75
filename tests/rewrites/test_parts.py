"""Which parts of the events are written again: all rows of what changed, and nothing twice."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.zones import usual_offset
from dagster_project.rewrites.parts import (
    MICROSECONDS_OF_DAY,
    Part,
    Span,
    all_parts,
    changed_days,
    parts_of,
    rows_of,
    touches,
)
from dagster_project.rewrites.plan import span_of

SPANS = st.builds(
    lambda first, length, rows, lacks: Span(first, first + length, rows, lacks),
    st.integers(0, 40),
    st.integers(0, 3),
    st.integers(1, 900),
    st.booleans(),
)
FILES = st.dictionaries(st.text("abc", min_size=1, max_size=2), st.none() | SPANS, max_size=8)


def holds(part: Part, moment: int | None) -> bool:
    if moment is None:
        return part.lower is None
    above = part.lower is None or moment >= part.lower
    return above and (part.upper is None or moment < part.upper)


@given(FILES, st.integers(1, 2000))
def test_everything_lies_in_exactly_one_part_of_the_whole(files, batch_rows):
    parts = all_parts(files.values(), batch_rows)
    days = [day for span in files.values() if span for day in span.days]
    for moment in [None, -1, *(day * MICROSECONDS_OF_DAY + at for day in [*days, 99_999] for at in (0, 7))]:
        assert sum(holds(part, moment) for part in parts) == 1


@given(FILES, st.integers(1, 2000))
def test_a_file_is_read_for_each_part_that_holds_a_row_of_it_and_for_no_part_between(files, batch_rows):
    for part in all_parts(files.values(), batch_rows):
        for span in filter(None, files.values()):
            moments = [
                day * MICROSECONDS_OF_DAY + at for day in range(span.first, span.last + 1) for at in (0, 7)
            ]
            moments += [-1] * (span.first == 0) + [None] * span.lacks_moments
            assert touches(part, span) == any(holds(part, moment) for moment in moments)


@given(FILES, st.sets(st.integers(0, 50)))
def test_days_hold_together_what_the_files_do(files, some):
    days = {day for span in files.values() if span for day in span.days}
    whole = sum(span.rows for span in files.values() if span)
    assert rows_of(days, files.values()) == whole
    assert abs(rows_of(some, files.values()) + rows_of(days - some, files.values()) - whole) <= 1


@given(FILES, FILES, st.integers(1, 2000))
def test_the_days_that_changed_lie_in_exactly_one_part_and_others_in_none(before, now, batch_rows):
    changed = changed_days(before, now)
    parts = parts_of(changed, now.values(), batch_rows)
    for day in range(1, 50):
        moment = day * MICROSECONDS_OF_DAY + 5
        assert sum(holds(part, moment) for part in parts) == (day in changed)
    assert sum(holds(part, None) for part in parts) == (0 in changed)


@given(FILES, FILES)
def test_a_file_that_came_went_or_was_corrected_changes_its_days(before, now):
    changed = changed_days(before, now)
    for key in before.keys() ^ now.keys():
        span = before.get(key) or now.get(key)
        assert span is None or changed.issuperset(span.days)
    assert changed_days(now, now) == set()


def test_a_batch_is_cut_between_days_and_neighbouring_days_are_one_range():
    day = MICROSECONDS_OF_DAY
    spans = [Span(1, 1, 60), Span(2, 2, 30), Span(3, 3, 20), Span(9, 9, 5)]
    assert all_parts(spans, 100) == [Part(0, None, 3 * day), Part(1, 3 * day, None)]
    assert parts_of([9, 2, 1, 3], spans, 100) == [
        Part(0, day, 3 * day), Part(1, 3 * day, 4 * day), Part(1, 9 * day, 10 * day),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "hour", "days"),
    [
        ("Asia/Tokyo", 0, 1),
        ("Asia/Tokyo", 9, 2),  # midnight of UTC is none of Tokyo's
        ("America/New_York", 0, 1),
        ("Pacific/Chatham", 0, 1),
        ("UTC", 0, 1),
    ],
)
def test_a_day_from_midnight_on_is_one_part(zone: str, hour: int, days: int, tmp_path: Path):
    begins = int(datetime(2026, 12, 1, hour, tzinfo=ZoneInfo(zone)).timestamp())
    moments = [begins * 1_000_000, (begins + 82_000) * 1_000_000]
    pq.write_table(pa.table({"event_timestamp": moments}), tmp_path / "day.parquet")
    span = span_of(tmp_path / "day.parquet", usual_offset(zone))
    assert span is not None
    assert len(span.days) == days
