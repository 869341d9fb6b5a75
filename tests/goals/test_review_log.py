"""Reviews in state/: kept whole, never replaced by another."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dagster_project.goals.columns import GOAL_REVIEWS
from dagster_project.goals.review.log import read_reviews, record

REVIEW = {
    "review": "sales-20261101T031500Z-3f2a9c",
    "goal": "sales",
    "as_of": date(2026, 10, 31),
    "cadence": "monthly",
    "decided": "より多くの商談を",
    "findings": "{}",
    "goal_hash": "h",
    "publication_id": "p",
    "recorded_at": datetime(2026, 11, 1, 3, 15),
}


def test_what_is_recorded_is_read_back_and_the_next_one_leaves_it_alone(tmp_path: Path) -> None:
    record(tmp_path, REVIEW)
    record(tmp_path, REVIEW | {"review": "sales-20261201T031500Z-000000", "decided": "b"})
    rows = read_reviews(tmp_path)
    assert rows["decided"].tolist() == ["より多くの商談を", "b"]
    assert rows["recorded_at"].tolist()[0] == datetime(2026, 11, 1, 3, 15)
    assert rows["decided_by"].isna().all()


def test_a_night_that_is_repeated_knows_the_reviews_of_its_time_only(tmp_path: Path) -> None:
    record(tmp_path, REVIEW)
    before = datetime(2026, 11, 1, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # 03:00 in UTC
    assert len(read_reviews(tmp_path, before)) == 0
    assert len(read_reviews(tmp_path, before + timedelta(minutes=15))) == 1


def test_without_a_review_the_table_is_empty_and_typed(tmp_path: Path) -> None:
    rows = read_reviews(tmp_path)
    assert list(rows.columns) == [name for name, _ in GOAL_REVIEWS]
    assert len(rows) == 0


def test_a_column_that_the_table_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no column 'decision'"):
        record(tmp_path, REVIEW | {"decision": "x"})
