"""The contract of the published tables: their keys, columns and types, read from `contract.json`.

Keys and meanings never change and columns are only ever added, so others can build on them.

    VARCHAR text · BIGINT every whole number · DOUBLE · BOOLEAN · DATE
    TIMESTAMP (microseconds, UTC unless the column says otherwise)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.kpi.issues import suggest

PATH = Path(__file__).with_name("contract.json")

ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


@dataclass(frozen=True)
class Column:
    """A published column; `type` is DuckDB's name of it."""

    name: str
    type: str
    nullable: bool
    description: str


@dataclass(frozen=True)
class Table:
    """A published table. `made_by`: dbt or python. `one_run`: the publishing run computed every row."""

    name: str
    description: str
    made_by: str
    one_run: bool
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.nullable) for c in self.columns])


@dataclass(frozen=True)
class Contract:
    """All published tables, in the order of the file."""

    version: int
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table called `name`. Raises KeyError with a suggestion where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        hint = suggest(name, [table.name for table in self.tables])
        raise KeyError(f"no published table {name!r} in the contract" + (f": {hint}" if hint else ""))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(table.name for table in self.tables)


@cache
def load() -> Contract:
    """The contract of this version of the package."""
    written: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    tables = tuple(
        Table(
            name=name,
            description=entry["description"],
            made_by=entry["made_by"],
            one_run=entry["one_run"],
            key=tuple(entry["key"]),
            columns=tuple(Column(**column) for column in entry["columns"]),
        )
        for name, entry in written["tables"].items()
    )
    return Contract(version=written["version"], tables=tables)


def empty(table: str) -> pa.Table:
    """A table without rows, with the contract's columns and types."""
    return load().table(table).schema.empty_table()


def conform(table: str, rows: pa.Table) -> pa.Table:
    """`rows` with the contract's column order and types, where that loses nothing.

    Whole numbers of any width become BIGINT, dates with an empty time of day DATE, zoned timestamps UTC,
    NaN NULL, absent types (a column that holds only NULL) the declared one. Columns are neither added nor
    dropped: what can't be brought over stays as it is, for `check` to name.
    """
    declared = load().table(table)
    wanted = {column.name: ARROW_TYPES[column.type] for column in declared.columns}
    present = [name for name in wanted if name in rows.column_names]
    extra = [name for name in rows.column_names if name not in wanted]
    fields, arrays = [], []
    for name in present + extra:
        values = rows.column(name)
        if name in wanted:
            values = _brought_over(values, wanted[name])
        fields.append(pa.field(name, values.type))
        arrays.append(values)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _brought_over(values: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        # pandas writes NULL as NaN; a NaN that reaches a reader poisons every sum it is in.
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if values.type == wanted:
        return values
    try:
        if (
            pa.types.is_timestamp(values.type)
            and values.type.tz is not None
            and pa.types.is_timestamp(wanted)
        ):
            return values.cast(pa.timestamp("us", "UTC")).cast(wanted)
        return values.cast(wanted) if _is_same_kind(values.type, wanted) else values
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return values


def _is_same_kind(given: pa.DataType, wanted: pa.DataType) -> bool:
    """A cast from text to number, say, would hide a mistake: only casts within a kind are done."""
    if pa.types.is_null(given):
        return True
    if pa.types.is_string(wanted):
        return pa.types.is_large_string(given) or pa.types.is_string_view(given)
    if pa.types.is_floating(wanted):
        return pa.types.is_floating(given) or pa.types.is_integer(given) or pa.types.is_decimal(given)
    if pa.types.is_integer(wanted):
        return pa.types.is_integer(given) or pa.types.is_floating(given)
    if pa.types.is_date(wanted) or pa.types.is_timestamp(wanted):
        return pa.types.is_timestamp(given) or pa.types.is_date(given)
    return False


def check(table: str, rows: pa.Table) -> list[str]:
    """What is wrong with `rows` as the published `table`; empty where nothing is.

    Looks at missing, extra and wrongly typed columns, at NULL where none may be, and at duplicate keys.
    """
    declared = load().table(table)
    wanted = {column.name: column for column in declared.columns}
    found = [f"{table}: column {name} is missing" for name in wanted if name not in rows.column_names]
    for name in rows.column_names:
        if name not in wanted:
            hint = suggest(name, [known for known in wanted if known not in rows.column_names])
            found.append(f"{table}: column {name} is not in the contract" + (f" ({hint})" if hint else ""))
            continue
        given, expected = rows.schema.field(name).type, ARROW_TYPES[wanted[name].type]
        if given != expected:
            found.append(f"{table}: column {name} is {given}, the contract says {wanted[name].type}")
        nulls = rows.column(name).null_count
        if nulls and not wanted[name].nullable:
            found.append(
                f"{table}: column {name} is NULL in {nulls} of {rows.num_rows} rows, and may never be"
            )
    if all(name in rows.column_names for name in declared.key):
        found += _duplicate_keys(declared, rows)
    return found


def _duplicate_keys(declared: Table, rows: pa.Table) -> list[str]:
    counted = rows.select(list(declared.key)).group_by(list(declared.key)).aggregate([([], "count_all")])
    if counted.num_rows == rows.num_rows:
        return []
    twice = counted.filter(pc.greater(counted.column("count_all"), 1))
    first = {name: twice.column(name)[0].as_py() for name in declared.key}
    shown = ", ".join(f"{name}={value}" for name, value in first.items())
    return [f"{declared.name}: {twice.num_rows} keys occur more than once, the first is {shown}"]


def key_order(table: str, columns: Sequence[str]) -> list[str]:
    """The key's columns that `columns` has: the order that published rows are in."""
    return [name for name in load().table(table).key if name in columns]


def dbt_columns(table: str) -> list[dict[str, Any]]:
    """Columns as dbt's YAML of an enforced contract wants them: name, data_type, constraints of NOT NULL."""
    return [
        {"name": column.name, "data_type": column.type.lower()}
        | ({} if column.nullable else {"constraints": [{"type": "not_null"}]})
        for column in load().table(table).columns
    ]
