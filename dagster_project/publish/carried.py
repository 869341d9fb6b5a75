"""What of the last publication's database may stay, so that a night writes what it changed.

Text is what takes long to write in that file, and of half a million rows a night changes a few thousand. The
Parquet files of both publications, each in the order of its key, say which: row by row, up to the first key
that is another.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.publish import contract
from dagster_project.publish.contract import Table

RECORD = "serving.json"
LEAST_ROWS = 20_000  # of a table that is compared; a smaller one is written anew
MANY = 0.2  # of the rows: a column that changed in so many is written whole
PLACE = "place"

WHOLE = {pa.bool_(): pa.int8(), pa.date32(): pa.int32(), pa.timestamp("us"): pa.int64()}

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """What turns a table's rows of the last publication into those of this one. Places count from 0.

    kept: how many of the first rows have the keys that they had; what comes after them goes. columns: those
    that changed, by name, with the new values and their PLACE: of the rows that changed, of all kept rows
    where many did. added: the rows that follow the kept ones.
    """

    kept: int
    columns: dict[str, pa.Table]
    added: pa.Table

    @property
    def one_value(self) -> dict[str, Any]:
        """Column → value, of those columns that have come to the same value in all rows, added ones too."""
        found = {}
        for name, values in self.columns.items():
            if values.num_rows < self.kept or len(unique := values[name].unique()) > 1:
                continue
            if self.added[name].unique().to_pylist() in ([], unique.to_pylist()):
                found[name] = unique[0].as_py()
        return found


def is_untouched(work: Path, last: Path) -> bool:
    """Whether the tables and the database of the publication in `last` are byte for byte what was published
    there, under this contract."""
    try:
        known = json.loads((work / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(known == _record(last))


def remember(work: Path, published: Path) -> None:
    """Record what was published in the folder `published`, for the next night."""
    draft = work / f".{RECORD}"
    with suppress(OSError):  # it is published already, and without a record the next night writes it all
        work.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(_record(published)), encoding="utf-8")
        draft.replace(work / RECORD)


def _record(folder: Path) -> dict[str, str]:
    files = [contract.PATH, *(path for path in folder.glob("*") if path.suffix in (".parquet", ".duckdb"))]
    return {"publication": folder.name} | {path.name: _sha256(path) for path in sorted(files)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_same(before: Path, after: Path) -> bool:
    """Whether two files hold the same bytes."""
    return filecmp.cmp(before, after, shallow=False)


def compare(table: Table, before: Path, after: Path) -> Change | None:
    """What changed between two Parquet files of `table`; None where it is more than writing it anew takes."""
    with _Sides(table, before, after) as sides:
        groups: list[dict[str, Flags]] = []  # by row group, of the columns whose bytes differ
        kept = 0
        if min(sides.old.metadata.num_rows, sides.new.metadata.num_rows) < LEAST_ROWS:
            return None
        while kept == sides.begins(len(groups)) and len(groups) < sides.shared_groups:
            flags = sides.changed(len(groups))
            same = _leading(table, flags, sides.count(len(groups)))
            groups.append({name: values[:same] for name, values in flags.items()})
            kept += same
        if 2 * kept < sides.new.metadata.num_rows:
            return None
        columns = {}
        for name in (column.name for column in table.columns if column.name not in table.key):
            if any(name in flags and flags[name].any() for flags in groups):
                columns[name] = _values(sides, name, groups, kept)
        return Change(kept, columns, sides.after(kept))


class _Sides:
    """Two Parquet files of a table, row group by row group.

    Both were written by `ordered.write`, to which the same values are the same bytes: only a column whose
    bytes differ in a row group is decoded there.
    """

    def __init__(self, table: Table, before: Path, after: Path) -> None:
        text = [column.name for column in table.columns if column.type == "VARCHAR"]
        self._at = {column.name: at for at, column in enumerate(table.columns)}
        with ExitStack() as opening:
            self._bytes = [opening.enter_context(path.open("rb")) for path in (before, after)]
            self.old, self.new = (
                opening.enter_context(pq.ParquetFile(file, read_dictionary=text)) for file in self._bytes
            )
            self._closing = opening.pop_all()

    def __enter__(self) -> _Sides:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def shared_groups(self) -> int:
        return min(self.old.num_row_groups, self.new.num_row_groups)

    def begins(self, group: int) -> int:
        """How many rows the new file has before a row group."""
        return sum(self.new.metadata.row_group(at).num_rows for at in range(group))

    def count(self, group: int) -> int:
        """How many rows both have in a row group."""
        return min(side.metadata.row_group(group).num_rows for side in (self.old, self.new))

    def changed(self, group: int) -> dict[str, Flags]:
        """By column whose bytes differ, which of the first rows, as many as both have, are not the same."""
        names = [name for name in self._at if self._chunk(0, group, name) != self._chunk(1, group, name)]
        if not names:
            return {}
        old, new = (side.read_row_group(group, columns=names) for side in (self.old, self.new))
        count = self.count(group)
        return {name: _differ(old[name].slice(0, count), new[name].slice(0, count)) for name in names}

    def _chunk(self, side: int, group: int, name: str) -> bytes:
        """How a column is stored in a row group: its codec and its pages, which say their encoding."""
        told = (self.old, self.new)[side].metadata.row_group(group).column(self._at[name])
        start = told.dictionary_page_offset if told.has_dictionary_page else told.data_page_offset
        content = os.pread(self._bytes[side].fileno(), told.total_compressed_size, start)
        return told.compression.encode() + content

    def column(self, name: str, groups: Sequence[int]) -> pa.ChunkedArray:
        """The new values of a column in some row groups."""
        return self.new.read_row_groups(groups, columns=[name])[name]

    def after(self, kept: int) -> pa.Table:
        """The new rows but for the first ones."""
        at = next((at for at in range(self.new.num_row_groups) if self.begins(at + 1) > kept), None)
        if at is None:
            return self.new.schema_arrow.empty_table()
        rows = self.new.read_row_groups(range(at, self.new.num_row_groups))
        return rows.slice(kept - self.begins(at))


def _values(sides: _Sides, name: str, groups: Sequence[dict[str, Flags]], kept: int) -> pa.Table:
    """The new values of a column and their places: of the rows that changed, of all kept ones where many
    did."""
    other = [at for at, flags in enumerate(groups) if name in flags and flags[name].any()]
    if sum(int(groups[at][name].sum()) for at in other) >= MANY * kept:
        values = sides.column(name, range(len(groups))).slice(0, kept)
        return pa.table({name: values, PLACE: pa.array(np.arange(kept))})
    rows = [np.flatnonzero(groups[at][name]) for at in other]
    lengths = np.cumsum([0] + [sides.new.metadata.row_group(at).num_rows for at in other])
    within = np.concatenate([at + start for at, start in zip(rows, lengths, strict=False)])
    places = np.concatenate([at + sides.begins(group) for at, group in zip(rows, other, strict=True)])
    return pa.table({name: sides.column(name, other).take(pa.array(within)), PLACE: pa.array(places)})


def _differ(old: pa.ChunkedArray, new: pa.ChunkedArray) -> Flags:
    """Where two columns of one length and type differ; NULL is like NULL alone."""
    before, after = _plain(old), _plain(new)
    if pa.types.is_dictionary(before.type):
        # codes of the one in terms of the other; text that the other lacks has none
        codes = pc.index_in(before.dictionary, after.dictionary).fill_null(-2)
        before = pc.take(codes, before.indices).fill_null(-1)
        after = after.indices.fill_null(-1)
        return np.asarray(before.to_numpy() != after.to_numpy())
    nulls = before.is_null().to_numpy(False), after.is_null().to_numpy(False)
    values = [_bits(column) for column in (before, after)]
    return np.asarray((nulls[0] != nulls[1]) | (values[0] != values[1]) & ~nulls[0])


def _bits(column: pa.Array) -> npt.NDArray[Any]:
    """Whole numbers that differ where the values do: a NaN is itself, and -0.0 is not 0.0."""
    filled = column.cast(WHOLE.get(column.type, column.type)).fill_null(0)
    values: npt.NDArray[Any] = filled.to_numpy(zero_copy_only=False)
    return values.view(np.int64) if values.dtype == np.float64 else values


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return column.unify_dictionaries().combine_chunks()


def _leading(table: Table, flags: dict[str, Flags], count: int) -> int:
    """How many of the first `count` rows have the same key."""
    keys = [flags[name] for name in table.key if name in flags]
    other = np.logical_or.reduce(keys) if keys else np.zeros(count, np.bool_)
    return int(np.argmax(other)) if other.any() else count
