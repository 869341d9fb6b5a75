"""Nightly changes: what is appended, and that any night can be put together again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project import gathered
from dagster_project.snapshots import changes
from dagster_project.snapshots.changes import append_changes, changes_through, state_as_of

MONDAY, TUESDAY, WEDNESDAY = date(2026, 10, 26), date(2026, 10, 27), date(2026, 10, 28)


def _deals(*rows: tuple[str, str | None, int]) -> pa.Table:
    return pa.table(
        {
            "deal_id": pa.array([row[0] for row in rows], pa.string()),
            "stage": pa.array([row[1] for row in rows], pa.string()),
            "amount": pa.array([Decimal(row[2]) for row in rows], pa.decimal128(18, 4)),
        }
    )


def _append(folder: Path, rows: pa.Table, night: date, run: int) -> int:
    return append_changes(folder, rows, ["deal_id"], night, f"20261101T00000{run}Z-abcdef")


def _changes(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.iterdir()) for row in pq.read_table(path).to_pylist()]


def test_a_night_holds_only_what_is_new_changed_or_gone(tmp_path: Path) -> None:
    first = _deals(("a", "open", 1), ("b", "open", 2), ("c", None, 3))
    assert _append(tmp_path, first, MONDAY, 1) == 3
    assert _append(tmp_path, _deals(("a", "won", 1), ("c", None, 3), ("d", "open", 4)), TUESDAY, 2) == 3
    tuesday = [row for row in _changes(tmp_path) if row["snapshot_as_of"] == TUESDAY]
    assert [(row["deal_id"], row["change"], row["stage"]) for row in tuesday] == [
        ("a", "update", "won"),
        ("b", "delete", "open"),
        ("d", "insert", "open"),
    ]
    assert {row["snapshot_run_id"] for row in tuesday} == {"20261101T000002Z-abcdef"}


def test_any_night_can_be_put_together_again(tmp_path: Path) -> None:
    nights = {
        MONDAY: _deals(("a", "open", 1), ("b", "open", 2)),
        TUESDAY: _deals(("a", "won", 1)),
        WEDNESDAY: _deals(("a", "open", 1), ("b", "open", 5)),
    }
    for run, (night, rows) in enumerate(nights.items()):
        _append(tmp_path, rows, night, run)
    for night, rows in nights.items():
        assert state_as_of(tmp_path, ["deal_id"], night) == rows
    assert state_as_of(tmp_path, ["deal_id"], date(2026, 10, 25)) is None
    assert state_as_of(tmp_path, ["deal_id"], date(2027, 1, 1)) == nights[WEDNESDAY]


def test_the_same_night_with_the_same_rows_appends_nothing(tmp_path: Path) -> None:
    rows = _deals(("b", None, 2), ("a", "open", 1))
    _append(tmp_path, rows, MONDAY, 1)
    assert _append(tmp_path, rows.take([1, 0]), MONDAY, 2) == 0
    assert _append(tmp_path, rows, TUESDAY, 3) == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_the_same_night_with_corrected_rows_appends_the_correction(tmp_path: Path) -> None:
    _append(tmp_path, _deals(("a", "open", 1)), MONDAY, 1)
    assert _append(tmp_path, _deals(("a", "open", 9)), MONDAY, 2) == 1
    assert state_as_of(tmp_path, ["deal_id"], MONDAY) == _deals(("a", "open", 9))


def test_a_night_before_the_newest_appends_nothing(tmp_path: Path) -> None:
    _append(tmp_path, _deals(("a", "open", 1)), TUESDAY, 1)
    assert _append(tmp_path, _deals(("a", "won", 1)), MONDAY, 2) == 0
    assert state_as_of(tmp_path, ["deal_id"], TUESDAY) == _deals(("a", "open", 1))


def test_a_draft_that_a_kill_left_behind_is_no_snapshot(tmp_path: Path) -> None:
    rows = _deals(("a", "open", 1))
    (tmp_path / "2026-10-27_20261101T000000Z-abcdef.draft").write_bytes(b"PAR1 torn")
    assert _append(tmp_path, rows, MONDAY, 1) == 1
    assert state_as_of(tmp_path, ["deal_id"], TUESDAY) == rows


def test_a_column_that_comes_later_is_a_change_of_the_rows_that_have_it(tmp_path: Path) -> None:
    rows = _deals(("a", "open", 1), ("b", "open", 2))
    _append(tmp_path, rows, MONDAY, 1)
    wider = rows.append_column("team", pa.array(["east", None], pa.string()))
    assert _append(tmp_path, wider, TUESDAY, 2) == 1
    assert state_as_of(tmp_path, ["deal_id"], TUESDAY) == wider
    assert state_as_of(tmp_path, ["deal_id"], MONDAY) == rows


def test_a_key_of_several_columns_tells_rows_apart(tmp_path: Path) -> None:
    rows = pa.table({"shop": ["x", "x", "y"], "line": [1, 2, 1], "price": [10.0, 20.0, 30.0]})
    assert append_changes(tmp_path, rows, ["shop", "line"], MONDAY, "r1") == 3
    assert append_changes(tmp_path, rows.slice(0, 2), ["shop", "line"], TUESDAY, "r2") == 1
    assert state_as_of(tmp_path, ["shop", "line"], TUESDAY) == rows.slice(0, 2)


def test_an_entity_may_not_have_a_column_that_snapshots_add(tmp_path: Path) -> None:
    rows = _deals(("a", "open", 1)).append_column("change", pa.array(["x"]))
    with pytest.raises(ValueError, match="column 'change'"):
        _append(tmp_path, rows, MONDAY, 1)


def test_an_entity_may_have_a_column_named_position(tmp_path: Path) -> None:
    rows = pa.table({"person": ["a", "b"], "position": ["clerk", "head"]})
    later = pa.table({"person": ["a", "b"], "position": ["head", "head"]})
    assert append_changes(tmp_path, rows, ["person"], MONDAY, "r1") == 2
    assert append_changes(tmp_path, later, ["person"], TUESDAY, "r2") == 1
    assert state_as_of(tmp_path, ["person"], TUESDAY) == later


def test_nights_that_are_gathered_change_nothing_but_the_files_that_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "BATCH", 3)
    plain, with_batches, batches = tmp_path / "plain", tmp_path / "with_batches", tmp_path / "batches"
    for run in range(9):
        night = MONDAY + timedelta(run)
        rows = _deals(("a", f"stage {run // 2}", run), ("b", None, 1), (f"new {run}", "open", run))
        if run > 5:  # another column, and one of another type
            rows = rows.append_column("team", pa.array(["east", None, None], pa.string()))
            rows = rows.set_column(2, "amount", pa.array([float(run), 1.0, 2.0]))
        at = (["deal_id"], night, f"20261101T00000{run}Z-abcdef")
        assert append_changes(with_batches, rows, *at, batches) == append_changes(plain, rows, *at)
        earlier = MONDAY + timedelta(run // 2)
        for asked in (night, earlier, night):
            assert changes_through(with_batches, asked, batches) == changes_through(plain, asked)
    assert _changes(with_batches) == _changes(plain)

    opened = []
    read = changes._as_schema

    def noted(path: Path, schema: pa.Schema) -> pa.Table:
        opened.append(path)
        return read(path, schema)

    monkeypatch.setattr(changes, "_as_schema", noted)
    changes_through(with_batches, date(2027, 1, 1), batches)
    append_changes(with_batches, rows, *at, batches)
    assert opened == []
