"""Delimited text: RFC 4180 with any one-character delimiter, read strictly."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from dagster_project.kpi.model import Format
from dagster_project.landing.encodings import MAX_LINE, check_text, open_text
from dagster_project.landing.held import FileHeld
from dagster_project.landing.tables import BATCH_ROWS, Batch, Ending, RawTable, TotalRow


class _Lines:
    """Physical lines for csv.reader; knows where a record began, and skips comments between records."""

    def __init__(self, stream: TextIO, form: Format) -> None:
        self._stream = stream
        self._comment = form.comment
        self._read = 0
        self._between_records = True
        self.record_line = 0
        for _ in range(form.skip_rows):
            if self._stream.readline():
                self._read += 1

    def next_record(self) -> None:
        self._between_records = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while True:
            line = self._stream.readline()
            if not line:
                raise StopIteration
            self._read += 1
            if self._between_records:
                if self._comment and line.lstrip(' \t"').startswith(self._comment):
                    continue
                self._between_records = False
                self.record_line = self._read
            return line


def records(stream: TextIO, form: Format) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each record that is not blank. The row that `stop_at` names ends it: (its line, []).

    Raises FileHeld where the quoting is broken or the file ends inside a quoted cell.
    """
    csv.field_size_limit(MAX_LINE)
    lines = _Lines(stream, form)
    reader = csv.reader(lines, delimiter=form.delimiter, strict=True)
    while True:
        lines.next_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cut = "unexpected end" in str(error)
            why = "the file ends inside a quoted cell: it was cut" if cut else f"broken quoting ({error})"
            raise FileHeld(f"line {lines.record_line}: {why}; ask for the export again") from error
        first = cells[0].strip() if cells else ""
        if not first:
            first = next((cell.strip() for cell in cells if cell.strip()), "")
            if not first:
                continue
        if form.stop_at and first.startswith(form.stop_at):
            yield lines.record_line, []
            return
        yield lines.record_line, cells


def read_delimited(path: Path, form: Format) -> RawTable:
    """The header and the rows of a text export. Raises FileHeld where the file breaks its contract."""
    form = replace(form, delimiter={"\\t": "\t", "tab": "\t"}.get(form.delimiter, form.delimiter))
    if len(form.delimiter) != 1 or form.delimiter in '"\r\n':
        raise FileHeld(f"format: delimiter must be one character, not {form.delimiter!r}")
    facts = check_text(path, form.encoding)
    if facts.characters == 0:
        raise FileHeld("is empty")
    with open_text(path, form.encoding) as stream:
        line, header = next(records(stream, form), (0, []))
    if not header:
        raise FileHeld("holds no header row")

    ending = Ending()

    def read(positions: Sequence[int]) -> Iterator[Batch]:
        width = len(header)
        rows: list[list[str]] = []
        lines: list[int] = []
        stopped = False
        total = TotalRow(header, form)
        with open_text(path, form.encoding) as stream:
            for at, cells in records(stream, form):
                if at == line:
                    continue
                stopped = ending.stopped = not cells
                if stopped:
                    break
                if total.is_total(cells):
                    continue
                if len(cells) != width:
                    raise FileHeld(
                        f"line {at}: {len(cells)} cells where the header has {width}; the row was cut, "
                        f"or the delimiter is not {form.delimiter!r}"
                    )
                rows.append(cells)
                lines.append(at)
                if len(rows) == BATCH_ROWS:
                    yield _batch(rows, lines, positions)
                    rows, lines = [], []
        if form.final_newline and not facts.ends_with_newline and not stopped and width - 1 in positions:
            raise FileHeld(
                "ends without a line break, so that its last cell may be cut short; if this exporter never "
                "writes one, declare `format: {final_newline: false}`"
            )
        if rows:
            yield _batch(rows, lines, positions)

    return RawTable(tuple(cell.strip() for cell in header), read, ending)


def _batch(rows: list[list[str]], lines: list[int], positions: Sequence[int]) -> Batch:
    columns: list[list[Any]] = [[row[position] for row in rows] for position in positions]
    return Batch(columns, lines)
