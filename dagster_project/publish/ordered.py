"""Rows to publish as they lie in memory and go into their file: text as codes, in the order of the key.

Published tables are long, and their text repeats: to code each text once and to go on with numbers costs a
fraction of sorting, comparing and writing the text itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.publish.contract import Table
from dagster_project.publish.engine import identifier

ROW_GROUP = 122_880  # rows: as many as DuckDB's own
LARGEST = 2**62  # of a key's number
SHORT = 1000  # rows: sorting the codes of so few would take longer than anything that comes of it

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ordered:
    """Rows of a published table, and the order that its key puts them in.

    rows: with the contract's columns, text as dictionaries. numbers: the key of each row as one number, which
    says nothing beyond this table, ascending. order: where the rows of `numbers` are in `rows`; None where
    they lie in that order already.
    """

    table: Table
    rows: pa.Table
    numbers: Numbers
    order: Numbers | None

    def repeated(self, most: int) -> list[tuple[dict[str, Any], int]]:
        """(key, how often it occurs) of keys that occur more than once, the first `most`."""
        twice = np.flatnonzero(self.numbers[1:] == self.numbers[:-1])
        found = []
        for number in np.unique(self.numbers[twice])[:most]:
            start, stop = np.searchsorted(self.numbers, [number, number + 1]).tolist()
            at = start if self.order is None else int(self.order[start])
            found.append(({name: self.rows[name][at].as_py() for name in self.table.key}, stop - start))
        return found

    def parts(self) -> Iterator[pa.Table]:
        """The rows in order, a row group at a time."""
        for start in range(0, self.rows.num_rows, ROW_GROUP):
            if self.order is None:
                yield self.rows.slice(start, ROW_GROUP)
            else:
                yield self.rows.take(pa.array(self.order[start : start + ROW_GROUP]))


def read(connection: duckdb.DuckDBPyConnection, table: Table, relation: str) -> pa.Table:
    """The contract's columns of an SQL relation that has them, in any order of rows, text coded."""
    columns = ", ".join(identifier(column.name) for column in table.columns)
    reader = connection.execute(f"select {columns} from {relation}").to_arrow_reader(ROW_GROUP)
    # A batch at a time: the text itself is larger than all that is kept.
    batches = [_coded(pa.Table.from_batches([batch])) for batch in reader]
    return pa.concat_tables(batches) if batches else reader.schema.empty_table()


def in_order(table: Table, rows: pa.Table) -> Ordered:
    """`rows`, none of whose keys is NULL, in the order of the table's key."""
    rows = _with_sorted_codes(_coded(rows).unify_dictionaries().combine_chunks())
    numbers, order = _numbers(table, rows), None
    if np.any(numbers[1:] < numbers[:-1]):
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
    return Ordered(table, rows, numbers, order)


def write(ordered: Ordered, path: Path) -> None:
    """One Parquet file. Its types are plain ones: that text was coded here is nothing to its readers."""
    rows = ordered.rows
    how = {"compression": "zstd", "store_schema": False, "write_batch_size": ROW_GROUP}
    with pq.ParquetWriter(path, rows.schema, **how) as writer:
        for part in ordered.parts():
            writer.write_table(part, ROW_GROUP)


def _coded(rows: pa.Table) -> pa.Table:
    """`rows` with every text column as a dictionary."""
    columns = [
        column.dictionary_encode() if pa.types.is_string(column.type) else column for column in rows.columns
    ]
    return pa.table(columns, rows.column_names)


def _with_sorted_codes(rows: pa.Table) -> pa.Table:
    """`rows`, each column in one piece, with codes in the order of the text: the same rows are written as the
    same bytes, however they came. Short tables are left as they are."""
    if rows.num_rows <= SHORT:
        return rows
    columns = []
    for column in rows.columns:
        if pa.types.is_dictionary(column.type) and column.num_chunks:
            codes = column.chunk(0)
            order = pc.sort_indices(codes.dictionary)
            places = np.empty(len(order), np.int32)
            places[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
            column = pa.DictionaryArray.from_arrays(
                pc.take(pa.array(places), codes.indices), codes.dictionary.take(order)
            )
        columns.append(column)
    return pa.table(columns, rows.column_names)


def _numbers(table: Table, rows: pa.Table) -> Numbers:
    """The key of each row as one number: numbers are in the order of keys, and equal where keys are."""
    numbers: Numbers = np.zeros(rows.num_rows, np.int64)
    if not rows.num_rows:
        return numbers
    span = 1
    for name in table.key:
        codes = _one_dictionary(rows[name])
        count = len(codes.dictionary)
        if span * count > LARGEST:
            found, numbers = np.unique(numbers, return_inverse=True)
            span = len(found)
        places: Numbers = np.empty(count, np.int64)
        places[pc.sort_indices(codes.dictionary).to_numpy()] = np.arange(count)
        numbers = numbers * count + places[codes.indices.to_numpy()]
        span *= count
    return numbers


def _one_dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.unify_dictionaries().combine_chunks()
