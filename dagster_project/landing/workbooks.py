"""Sheets of xlsx workbooks, with typed cells."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Format
from dagster_project.landing.held import FileHeld
from dagster_project.landing.tables import BATCH_ROWS, Batch, Cell, Ending, RawTable, TotalRow

MAX_EXPANDED = 2 << 30
MAX_RATIO = 400
MAX_MEMBERS = 5_000
_RATIO_FREE = 64 << 20


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            expanded = sum(member.file_size for member in members)
            broken = None
            if len(members) > MAX_MEMBERS or expanded > min(
                MAX_EXPANDED, max(_RATIO_FREE, path.stat().st_size * MAX_RATIO)
            ):
                raise FileHeld(f"the workbook expands to {expanded:,} bytes in {len(members)} parts; a bomb?")
            broken = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise FileHeld(f"is no whole xlsx workbook ({error}); ask for the export again") from error
    if broken:
        raise FileHeld("the workbook is damaged; ask for the export again")


def _plain(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell(value, cell.number_format or "General")
    if cell.data_type == "e":
        return f"error {value}"  # '#DIV/0!' is no value of any type
    return value


def sheet_rows(path: Path, form: Format, ending: Ending | None = None) -> Iterator[tuple[int, list[Any]]]:
    """(row of the sheet, cells) of each row that is not blank, up to the row that `stop_at` names.

    `ending` is told whether that row came.
    """
    import openpyxl

    _check_archive(path)
    try:
        with path.open("rb") as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            if form.sheet is not None and form.sheet not in book.sheetnames:
                hint = suggest(form.sheet, book.sheetnames) or f"sheets: {', '.join(book.sheetnames)}"
                raise FileHeld(f"has no sheet {form.sheet!r} ({hint})")
            sheet = book[form.sheet] if form.sheet is not None else book.worksheets[0]
            sheet.reset_dimensions()  # exporters declare wrong sizes
            for number, row in enumerate(sheet.iter_rows(), start=1):
                if number <= form.skip_rows:
                    continue
                cells = [_plain(cell) for cell in row]
                texts = (str(cell).strip() for cell in cells if cell is not None)
                first = next((text for text in texts if text), None)
                if first is None or (form.comment and first.startswith(form.comment)):
                    continue
                if form.stop_at and first.startswith(form.stop_at):
                    if ending is not None:
                        ending.stopped = True
                    return
                yield number, cells
    except FileHeld:
        raise
    except Exception as error:  # openpyxl raises whatever its XML parser meets
        raise FileHeld(f"can't be read as xlsx ({type(error).__name__}); ask for the export again") from error


def read_workbook(path: Path, form: Format) -> RawTable:
    """The header and rows of one sheet. Raises FileHeld where the file breaks its contract."""
    line, first = next(sheet_rows(path, form), (0, []))
    if not first:
        raise FileHeld("holds no header row")
    header = [_title(cell) for cell in first]
    while header and not header[-1]:
        header.pop()

    ending = Ending()

    def read(positions: Sequence[int]) -> Iterator[Batch]:
        columns: list[list[Any]] = [[] for _ in positions]
        lines: list[int] = []
        total = TotalRow(header, form)
        for at, cells in sheet_rows(path, form, ending):
            if at == line or total.is_total(cells):
                continue
            if any(cell is not None for cell in cells[len(header) :]):
                raise FileHeld(f"row {at}: cells beyond the header's {len(header)} columns")
            for column, position in zip(columns, positions, strict=True):
                column.append(cells[position] if position < len(cells) else None)
            lines.append(at)
            if len(lines) == BATCH_ROWS:
                yield Batch(columns, lines)
                columns, lines = [[] for _ in positions], []
        if lines:
            yield Batch(columns, lines)

    return RawTable(tuple(header), read, ending)


def _title(cell: Any) -> str:
    value = cell.value if isinstance(cell, Cell) else cell
    return "" if value is None else str(value).strip()
