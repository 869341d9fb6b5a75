"""What of the last publication's database may stay, so that a night writes what it changed.

Text is what takes long to write in that file, and of half a million rows a night changes a few thousand. The
Parquet files of both publications, each in the order of its key, say which: row by row, up to the first key
that is another.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
from contextlib import suppress
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
    text = [column.name for column in table.columns if column.type == "VARCHAR"]
    old, new = (pq.ParquetFile(path, read_dictionary=text) for path in (before, after))
    if min(old.metadata.num_rows, new.metadata.num_rows) < LEAST_ROWS:
        return None
    groups: list[pa.Table] = []
    changed: list[dict[str, Flags]] = []
    kept = 0
    while kept == sum(group.num_rows for group in groups) and len(groups) < min(
        old.num_row_groups, new.num_row_groups
    ):
        group = new.read_row_group(len(groups))
        flags = _changed(old.read_row_group(len(groups)), group)
        same = _leading(table, flags)
        groups.append(group)
        changed.append({name: values[:same] for name, values in flags.items()})
        kept += same
    if 2 * kept < new.metadata.num_rows:
        return None
    groups += [new.read_row_group(at) for at in range(len(groups), new.num_row_groups)]
    rows = pa.concat_tables(groups)
    columns = {}
    for name in rows.column_names:
        other = np.concatenate([part[name] for part in changed])
        if name not in table.key and other.any():
            few = other.mean() < MANY
            at = pa.array(np.flatnonzero(other) if few else np.arange(kept))
            values = rows[name].take(at) if few else rows[name].slice(0, kept)
            columns[name] = pa.table({name: values, PLACE: at})
    return Change(kept, columns, rows.slice(kept))


def _changed(old: pa.Table, new: pa.Table) -> dict[str, Flags]:
    """By column, which of the first rows, as many as both have, are not the same."""
    count = min(old.num_rows, new.num_rows)
    return {name: _differ(old[name].slice(0, count), new[name].slice(0, count)) for name in new.column_names}


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


def _leading(table: Table, flags: dict[str, Flags]) -> int:
    """How many of the first rows have the same key."""
    other = np.logical_or.reduce([flags[name] for name in table.key])
    return int(np.argmax(other)) if other.any() else len(other)
