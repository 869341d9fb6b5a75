"""Look at an unknown export: its encoding, layout, columns and keys. mapping_yaml writes it down."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dagster_project.errors import UsageError
from dagster_project.kpi.model import Format
from dagster_project.landing.column_guess import Guess, guess_column
from dagster_project.landing.delimited import read_delimited, records
from dagster_project.landing.encodings import fitting_encodings, open_bytes, open_text
from dagster_project.landing.files import suffixes
from dagster_project.landing.held import FileHeld
from dagster_project.landing.recordfiles import json_records, read_ndjson, read_parquet
from dagster_project.landing.tables import RawTable
from dagster_project.landing.workbooks import read_workbook

_TOTAL = re.compile(r"(総合計|合計|総計|小計|Grand [Tt]otal|GRAND TOTAL|Total|TOTAL|total)")
_PEEK = 400


@dataclass
class Inspection:
    """What was found. `remarks` explain each choice."""

    path: Path
    form: Format
    columns: list[Guess] = field(default_factory=list)
    key: tuple[str, ...] = ()
    rows: int = 0
    ga4: bool = False
    remarks: list[str] = field(default_factory=list)


def inspect_file(path: Path) -> Inspection:
    """Read the whole file and propose a mapping. Raises UsageError where it can't be read at all."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        return _inspect(path)
    except FileHeld as error:
        raise UsageError(f"{path.name}: {error}") from error


def _inspect(path: Path) -> Inspection:
    kind = _kind(path)
    found = Inspection(path, Format(kind))
    if kind in ("csv", "ndjson"):
        found.form = replace(found.form, encoding=_encoding(path, found))
    if kind == "csv":
        found.form = _layout(path, found)
        table = read_delimited(path, found.form)
    elif kind == "xlsx":
        found.form = _sheet_layout(path, found)
        table = read_workbook(path, found.form)
    elif kind == "ndjson":
        if _is_ga4(path, found.form.encoding):
            found.ga4 = True
            found.remarks.append("nested events of Google Analytics 4's BigQuery export: read by the preset")
            return found
        table = read_ndjson(path, found.form)
    else:
        table = read_parquet(path)
        if {"event_name", "event_params", "event_timestamp"} <= set(table.header):
            found.ga4 = True
            return found
    _columns(table, found)
    return found


def _kind(path: Path) -> Any:
    with open_bytes(path) as stream:
        head = stream.read(4096)
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] == b"PK\x03\x04":
        return "xlsx"
    ndjson = suffixes(path.name)[:1] in ([".ndjson"], [".jsonl"]) or head.lstrip(
        b"\xef\xbb\xbf \r\n"
    ).startswith(b"{")
    return "ndjson" if ndjson else "csv"


def _encoding(path: Path, found: Inspection) -> str:
    fitting = fitting_encodings(path)
    if not fitting:
        raise FileHeld(
            "none of utf-8, utf-8-sig, cp932, utf-16 decodes the whole file; save it again as UTF-8"
        )
    chosen = fitting[0]
    if len(fitting) == 1:
        why = "the only one of the four that decodes the whole file"
        if chosen in ("utf-8-sig", "utf-16"):
            why = "its byte order mark says so"
    elif _is_ascii(path):
        why = f"all is ASCII, so {' and '.join(fitting)} read the same; declare what the exporter uses"
    else:
        why = f"{' and '.join(fitting)} decode the whole file; text in cp932 practically never is valid UTF-8"
    found.remarks.append(f"encoding {chosen}: {why}")
    return chosen


def _is_ascii(path: Path) -> bool:
    with open_bytes(path) as stream:
        while chunk := stream.read(1 << 20):
            if not chunk.isascii():
                return False
    return True


def _peek(path: Path, form: Format) -> list[tuple[int, list[str]]]:
    with open_text(path, form.encoding) as stream:
        try:
            return list(itertools.islice(records(stream, form), _PEEK))
        except (FileHeld, csv.Error):
            return []


def _layout(path: Path, found: Inspection) -> Format:
    """Delimiter, title rows, comments and the total row of a text export."""
    form = found.form
    with open_text(path, form.encoding) as stream:
        commented = any(line.startswith("#") for line in itertools.islice(stream, _PEEK))
    if commented:
        form = replace(form, comment="#")
        found.remarks.append("lines that start with # are skipped")
    best, width = form, 1
    for delimiter in (",", "\t", ";", "|"):
        rows = _peek(path, replace(form, delimiter=delimiter))
        common = Counter(len(cells) for _, cells in rows).most_common(1)
        if common and common[0][0] > width and common[0][1] * 2 > len(rows):
            best, width = replace(form, delimiter=delimiter), common[0][0]
    form = best
    rows = _peek(path, form)
    header = next(
        (at for at, (_, cells) in enumerate(rows) if len(cells) == width and all(c.strip() for c in cells)),
        None,
    )
    header = (
        header
        if header is not None
        else next((at for at, (_, cells) in enumerate(rows) if len(cells) == width), 0)
    )
    if header and rows[header][0] > 1:
        form = replace(form, skip_rows=rows[header][0] - 1)
        found.remarks.append(f"{form.skip_rows} title lines stand above the header on line {rows[header][0]}")
    with open_text(path, form.encoding) as stream:
        last = [(line, cells) for line, cells in records(stream, form)][-20:]
    total = _total([cells for _, cells in last])
    if total:
        form = replace(form, stop_at=total)
        found.remarks.append(f"a total row starts with {total}: the table ends there")
    return _final_newline(path, form, found)


def _final_newline(path: Path, form: Format, found: Inspection) -> Format:
    last = "\n"
    with open_text(path, form.encoding) as stream:
        while chunk := stream.read(1 << 20):
            last = chunk[-1]
    if last in "\r\n" or form.stop_at:
        return form
    found.remarks.append("no line break ends the file: a file cut inside its last cell would not be noticed")
    return replace(form, final_newline=False)


def _total(rows: Sequence[Sequence[Any]]) -> str | None:
    for cells in rows:
        first = next((str(cell).strip() for cell in cells if cell is not None and str(cell).strip()), "")
        match = _TOTAL.match(first)
        if match:
            return match.group(1)
    return None


def _sheet_layout(path: Path, found: Inspection) -> Format:
    from dagster_project.landing.workbooks import sheet_rows

    rows = list(sheet_rows(path, found.form))
    if not rows:
        raise FileHeld("the first sheet is empty")
    widths = Counter(sum(cell is not None for cell in cells) for _, cells in rows)
    width = max(widths, key=lambda each: (widths[each], each))
    form = found.form
    at = next(number for number, cells in rows if sum(cell is not None for cell in cells) >= width)
    if at > 1:
        form = replace(form, skip_rows=at - 1)
        found.remarks.append(f"{at - 1} rows stand above the header in row {at}")
    total = _total([cells for _, cells in rows[-20:]])
    if total:
        form = replace(form, stop_at=total)
        found.remarks.append(f"a total row starts with {total}: the table ends there")
    return form


def _is_ga4(path: Path, encoding: str) -> bool:
    _, record = next(json_records(path, encoding), (0, {}))
    return {"event_name", "event_params", "event_timestamp"} <= set(record)


def _columns(table: RawTable, found: Inspection) -> None:
    positions = [at for at, header in enumerate(table.header) if header]
    twice = sorted(title for title, times in Counter(table.header).items() if title and times > 1)
    if twice:
        found.remarks.append(f"headers that are there twice: {', '.join(twice)}; such a file is held")
    cells: list[list[Any]] = [[] for _ in positions]
    for batch in table.read(positions):
        found.rows += len(batch.lines)
        for kept, column in zip(cells, batch.columns, strict=True):
            kept += column
    taken: set[str] = set()
    kept_cells: list[list[Any]] = []
    for position, column in zip(positions, cells, strict=True):
        header = table.header[position]
        if any(isinstance(cell, (dict, list)) for cell in column):
            found.remarks.append(
                f"{header} holds nested values and is left out; members are `{header}.member`"
            )
            continue
        found.columns.append(guess_column(header, column, position + 1, taken))
        kept_cells.append(column)
    found.key = _key(found, kept_cells)


def _key(found: Inspection, cells: list[list[Any]]) -> tuple[str, ...]:
    able = [
        (guess, column)
        for guess, column in zip(found.columns, cells, strict=True)
        if guess.filled and guess.type in ("text", "integer", "date") and not guess.pii
    ]
    single = [guess for guess, _ in able if guess.unique and guess.type != "date"]
    if found.rows < 2 or not able:
        return ()
    if single:
        single.sort(
            key=lambda guess: not re.search(r"id$|番号|コード|code$|no$", guess.header, re.IGNORECASE)
        )
        found.remarks.append(
            "key candidates, unique and never empty: " + ", ".join(guess.name for guess in single[:4])
        )
        return (single[0].name,)
    for (one, first), (two, second) in itertools.combinations(able[:8], 2):
        if len(set(zip(map(repr, first), map(repr, second), strict=True))) == found.rows:
            found.remarks.append(f"no column is unique; {one.name} and {two.name} together are")
            return one.name, two.name
    found.remarks.append("no column and no pair is unique: an event log, whose equal rows are kept")
    return ()
