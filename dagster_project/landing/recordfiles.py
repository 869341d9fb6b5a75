"""Files of records that name their own fields: NDJSON and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.kpi.model import Format
from dagster_project.landing.encodings import check_text, open_text
from dagster_project.landing.held import FileHeld
from dagster_project.landing.tables import BATCH_ROWS, Batch, RawTable


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a field is written twice")
    return record


def json_records(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, record) of each line; numbers keep their digits. Raises FileHeld at a line that is no object."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_pairs)
    with open_text(path, encoding) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                record = decoder.decode(line)
            except (ValueError, RecursionError) as error:
                why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise FileHeld(
                    f"line {number}: no JSON record ({why}); the file is cut or damaged"
                ) from error
            if not isinstance(record, dict):
                raise FileHeld(f"line {number}: holds a {type(record).__name__}, not a record in {{}}")
            yield number, record


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Members of nested records under dotted names, so that a header `device.category` reaches them."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat[prefix + name] = value
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
    return flat


def read_ndjson(path: Path, form: Format) -> RawTable:
    """One record a line. The header is every field that any record has, in order of appearance."""
    if check_text(path, form.encoding).characters == 0:
        raise FileHeld("is empty")
    fields: dict[str, None] = {}
    for _, record in json_records(path, form.encoding):
        fields.update(dict.fromkeys(_flat(record)))
    header = tuple(fields)

    def read(positions: Sequence[int]) -> Iterator[Batch]:
        names = [header[position] for position in positions]
        columns: list[list[Any]] = [[] for _ in names]
        lines: list[int] = []
        for line, record in json_records(path, form.encoding):
            flat = _flat(record)
            for column, name in zip(columns, names, strict=True):
                column.append(flat.get(name))
            lines.append(line)
            if len(lines) == BATCH_ROWS:
                yield Batch(columns, lines)
                columns, lines = [[] for _ in names], []
        if lines:
            yield Batch(columns, lines)

    return RawTable(header, read)


def read_parquet(path: Path) -> RawTable:
    """A Parquet file. Raises FileHeld where it is cut: its footer lies at the end."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        header = tuple(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileHeld("is no whole Parquet file; ask for the export again") from error

    def read(positions: Sequence[int]) -> Iterator[Batch]:
        line = 1
        names = [header[position] for position in positions]
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=names):
                    columns = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in names]
                    yield Batch(columns, list(range(line, line + batch.num_rows)))
                    line += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise FileHeld(f"is damaged after record {line - 1}; ask for the export again") from error

    return RawTable(header, read)
