"""Raw cells to typed columns: headers found by name, every cell parsed as declared, bad rows set aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Source, SourceColumn
from dagster_project.landing.cells import ARROW_TYPES, parser_for, written_form
from dagster_project.landing.delimited import read_delimited
from dagster_project.landing.held import FileHeld
from dagster_project.landing.numerals import BadCell
from dagster_project.landing.recordfiles import read_ndjson, read_parquet
from dagster_project.landing.tables import Batch, Cell, RawTable
from dagster_project.landing.workbooks import read_workbook

REMEMBERED = 500_000  # distinct literals a column keeps parsed


@dataclass(frozen=True)
class BadRow:
    """A row that is set aside. `column` is the declared name, or empty where the whole row is meant."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class TypedRows:
    """`table`: the columns and `_line`. `seen`: rows read, good or bad. `unknown`: undeclared headers.
    `endless`: `stop_at` is declared, and the row that it names never came."""

    table: pa.Table
    bad: list[BadRow]
    seen: int
    unknown: tuple[str, ...]
    endless: bool = False


def read_raw(path: Path, source: Source) -> RawTable:
    """Open a snapshot by the source's declared format. Raises FileHeld."""
    kind = source.format.type
    if kind == "csv":
        return read_delimited(path, source.format)
    if kind == "xlsx":
        return read_workbook(path, source.format)
    if kind == "ndjson":
        return read_ndjson(path, source.format)
    return read_parquet(path)


def _known_form(header: str) -> str:
    return unicodedata.normalize("NFC", header).strip()


def resolve_header(header: tuple[str, ...], source: Source) -> tuple[dict[str, int], tuple[str, ...]]:
    """({declared column: position}, undeclared headers). Optional columns may be absent.

    Raises FileHeld: a header twice, a column under two of its aliases, a required column absent.
    """
    positions: dict[str, int] = {}
    for at, given in enumerate(header):
        title = _known_form(given)
        if title in positions:
            raise FileHeld(f"the header {title!r} is there twice; which one is meant can't be told")
        if title:
            positions[title] = at
    found: dict[str, int] = {}
    used: set[str] = set()
    missing: list[SourceColumn] = []
    for column in source.columns:
        present = [alias for alias in map(_known_form, column.headers) if alias in positions]
        if len(set(present)) > 1:
            raise FileHeld(
                f"column {column.name}: both {present[0]!r} and {present[1]!r} are there; keep one alias"
            )
        if present:
            found[column.name] = positions[present[0]]
            used.add(present[0])
        elif column.required:
            missing.append(column)
    unknown = tuple(title for title in positions if title not in used)
    if missing:
        raise FileHeld("; ".join(_absent(column, unknown) for column in missing))
    return found, unknown


def _absent(column: SourceColumn, unknown: tuple[str, ...]) -> str:
    wanted = " or ".join(repr(alias) for alias in column.headers)
    hint = next((hint for hint in (suggest(alias, unknown) for alias in column.headers) if hint), "")
    if not hint and unknown:
        hint = f"undeclared here: {', '.join(unknown[:12])}; add the right one to `from`"
    return f"column {column.name}: no header {wanted}" + (f" ({hint})" if hint else "")


class _ColumnReader:
    """Parses a column batch by batch; each distinct literal once."""

    def __init__(self, column: SourceColumn, zone: str) -> None:
        self.column = column
        self._parse = parser_for(column, zone)
        self._known: dict[Any, Any] = {}
        self._faults: dict[Any, str] = {}

    def _learn(self, key: Any, raw: Any) -> None:
        self._known[key] = None
        try:
            if isinstance(raw, Cell):
                text = written_form(raw.value, self.column, raw.number_format)
            else:
                text = raw if isinstance(raw, str) else written_form(raw, self.column)
            if text is not None:
                self._known[key] = self._parse(text)
        except BadCell as error:
            self._faults[key] = str(error)

    def read(self, cells: list[Any], lines: list[int], bad: list[BadRow]) -> pa.Array:
        if len(self._known) > REMEMBERED:
            self._known.clear()
            self._faults.clear()
        keys: list[Any] = cells
        if set(map(type, cells)) != {str}:
            keys = [raw if isinstance(raw, str) else (type(raw), _hashable(raw)) for raw in cells]
        for key, raw in dict(zip(keys, cells, strict=True)).items():
            if key not in self._known:
                self._learn(key, raw)
        if self._faults:
            bad += [
                BadRow(line, self.column.name, self._faults[key])
                for key, line in zip(keys, lines, strict=True)
                if key in self._faults
            ]
        return pa.array([self._known[key] for key in keys], ARROW_TYPES[self.column.type])


def _hashable(raw: Any) -> Any:
    return repr(raw) if isinstance(raw, (dict, list)) else raw


def _typed_batches(
    batches: Iterator[Batch],
    readers: list[_ColumnReader | None],
    columns: tuple[SourceColumn, ...],
    bad: list[BadRow],
) -> Iterator[tuple[pa.Table, int]]:
    for batch in batches:
        arrays, position = [], 0
        first_bad = len(bad)
        for column, reader in zip(columns, readers, strict=True):
            if reader is None:
                arrays.append(pa.nulls(len(batch.lines), ARROW_TYPES[column.type]))
            else:
                arrays.append(reader.read(batch.columns[position], batch.lines, bad))
                position += 1
        arrays.append(pa.array(batch.lines, pa.int64()))
        table = pa.table(arrays, names=[*(column.name for column in columns), "_line"])
        dropped = {row.line for row in bad[first_bad:]}
        if dropped:
            table = table.filter(pa.array([line not in dropped for line in batch.lines]))
        yield table, len(batch.lines)


def read_typed(path: Path, source: Source, zone: str) -> TypedRows:
    """All rows of a snapshot in their declared types. Raises FileHeld where the file breaks its contract."""
    raw = read_raw(path, source)
    found, unknown = resolve_header(raw.header, source)
    readers = [_ColumnReader(column, zone) if column.name in found else None for column in source.columns]
    positions = [found[column.name] for column in source.columns if column.name in found]
    bad: list[BadRow] = []
    tables, seen = [], 0
    for table, rows in _typed_batches(raw.read(positions), readers, source.columns, bad):
        tables.append(table)
        seen += rows
    if not seen:
        raise FileHeld("holds a header and no row; an export without rows is not taken for zero")
    bad.sort(key=lambda row: row.line)
    endless = source.format.stop_at is not None and not raw.ending.stopped
    return TypedRows(pa.concat_tables(tables), bad, seen, unknown, endless)
