"""A sheet of monthly targets read into figures: a row a node, a column a month or the whole period."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.spec.sheet import TargetsFromSpec
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Format, SourceColumn

Month = tuple[int, int]
TOTALS = ("合計", "計", "年計", "年間", "年度計", "通期", "期間計", "目標", "total", "target", "year")
_MONTH = re.compile(r"(?P<year>\d{4})\s*(?:[-/.年]\s*)?(?P<month>\d{1,2})\s*月?(?:度|分)?")
_MONTH_ALONE = re.compile(r"(?P<month>\d{1,2})\s*月(?:度|分)?")
# Excel may show what it holds as 33 % with fifteen digits; people round totals of such months.
TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True)
class SheetRow:
    """One row: `months` where the sheet has them, `total` where it has one. `line` is where it stands."""

    name: str
    line: int
    months: tuple[Fraction, ...]
    total: Fraction | None
    is_percent: bool = False


class NotReadable(Exception):
    """The file as a whole can't be used. `hint` says what to write."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass
class TargetSheet:
    """The sheet, and what is wrong with its cells (`issues`, in the sheet's own file and lines)."""

    rows: list[SheetRow]
    issues: list[Issue]


def read_sheet(
    path: Path,
    shown: str,
    spec: TargetsFromSpec,
    months: Sequence[Month],
    wanted: Mapping[str, Decimal] | None,
    units: Mapping[str, Decimal],
) -> TargetSheet:
    """The rows of the sheet; its own row of totals is none. Raises NotReadable where there is no such file,
    sheet, header or month.

    months: those of the period, in order. wanted: rows to read, others are left out; None: all of them.
    units: what 1 stands for in a row of that name, where not 1.
    """
    lines = _records(path, spec)
    header_line, header = next(lines, (0, []))
    if not header:
        raise NotReadable("the file has no header", "is skip_rows right?")
    columns = _columns([as_compared(cell) for cell in header], spec, months, header_line)
    sheet = TargetSheet([], [])
    seen: dict[str, int] = {}
    for line, cells in lines:
        name = as_compared(cells[columns.name]) if columns.name < len(cells) else ""
        if not name or (name.lower() in TOTALS if wanted is None else name not in wanted):
            continue
        reader = _Cells(sheet, shown, line, name, units.get(name, Decimal(1)))
        if name in seen:
            reader.say(columns.name, f"a second row '{name}'; the first is on line {seen[name]}")
            continue
        seen[name] = line
        found = [reader.figure(cells, at) for at in columns.months]
        total = reader.figure(cells, columns.total) if columns.total is not None else None
        if None not in found or (not columns.months and total is not None):
            figures = tuple(value for value in found if value is not None)
            sheet.rows.append(SheetRow(name, line, figures, total, reader.is_percent))
    return sheet


def _records(path: Path, spec: TargetsFromSpec) -> Iterator[tuple[int, list[Any]]]:
    from dagster_project.landing.delimited import records
    from dagster_project.landing.encodings import check_text, open_text
    from dagster_project.landing.held import FileHeld
    from dagster_project.landing.workbooks import sheet_rows

    if not path.is_file():
        raise NotReadable("there is no such file", "it is looked for below kpi_definitions/")
    is_book = path.suffix.lower() == ".xlsx"
    form = Format(
        "xlsx" if is_book else "csv",
        encoding=spec.encoding,
        delimiter="\t" if path.suffix.lower() == ".tsv" else ",",
        skip_rows=spec.skip_rows,
        sheet=spec.sheet,
    )
    try:
        if is_book:
            yield from sheet_rows(path, form)
            return
        check_text(path, spec.encoding)
        with open_text(path, spec.encoding) as stream:
            yield from records(stream, form)
    except FileHeld as error:
        raise NotReadable(str(error)) from error


@dataclass(frozen=True)
class _Columns:
    name: int
    months: tuple[int, ...]
    total: int | None


def _columns(header: list[str], spec: TargetsFromSpec, months: Sequence[Month], line: int) -> _Columns:
    name = 0
    if spec.name is not None:
        if as_compared(spec.name) not in header:
            raise NotReadable(f"no header '{spec.name}'", suggest(spec.name, filter(None, header)))
        name = header.index(as_compared(spec.name))
    total = next((at for at, title in enumerate(header) if title.lower() in TOTALS and at != name), None)
    if spec.total is not None:
        if as_compared(spec.total) not in header:
            raise NotReadable(f"no header '{spec.total}'", suggest(spec.total, filter(None, header)))
        total = header.index(as_compared(spec.total))
    places: dict[Month, int] = {}
    for at, title in enumerate(header):
        month = _month(title, months)
        if month is None or at in (name, total):
            continue
        if month in places:
            raise NotReadable(f"line {line}: two columns for {month[0]}-{month[1]:02}")
        places[month] = at
    missing = [f"{year}-{month:02}" for year, month in months if (year, month) not in places]
    if places and missing:
        raise NotReadable(
            f"line {line}: no column for {', '.join(missing)}", "head the months as 4月, 2026-04 or 2026年4月"
        )
    if not places and total is None:
        raise NotReadable(
            f"line {line}: no column of a month of the period and none of the whole",
            "head months as 4月, 2026-04 or 2026年4月, the whole as 合計 or total, or name it with total:",
        )
    return _Columns(name, tuple(places[month] for month in months) if places else (), total)


def _month(title: str, months: Sequence[Month]) -> Month | None:
    """The month of the period that a heading names; None for any other heading."""
    found = _MONTH.fullmatch(title)
    if found is not None:
        month = int(found["year"]), int(found["month"])
        return month if month in months else None
    alone = _MONTH_ALONE.fullmatch(title)
    if alone is None:
        return None
    fitting = [month for month in months if month[1] == int(alone["month"])]
    if len(fitting) > 1:
        raise NotReadable(f"'{title}' is more than one month of the period", "write the year, as in 2026-04")
    return fitting[0] if fitting else None


def as_compared(cell: Any) -> str:
    """A heading or name as compared: full-width forms narrowed, blanks trimmed; a date as its month."""
    if isinstance(cell, date | datetime):
        return f"{cell.year}-{cell.month:02}"
    value = getattr(cell, "value", cell)
    return "" if value is None else unicodedata.normalize("NFKC", str(value)).strip()


@dataclass
class _Cells:
    sheet: TargetSheet
    shown: str
    line: int
    name: str
    unit: Decimal
    is_percent: bool = False  # a percentage has been read

    def say(self, at: int, message: str, hint: str = "") -> None:
        self.sheet.issues.append(Issue(self.shown, self.line, at + 1, f"row '{self.name}'", message, hint))

    def figure(self, cells: Sequence[Any], at: int) -> Fraction | None:
        """The figure of the cell, None with an issue where it holds none."""
        from dagster_project.landing.numerals import BadCell, exact, narrow

        cell = cells[at] if at < len(cells) else None
        value = getattr(cell, "value", cell)
        if value is None or (isinstance(value, str) and not value.strip()):
            self.say(at, "an empty cell", "write 0 where nothing is planned")
            return None
        text = narrow(repr(value) if isinstance(value, int | float) else str(value))
        is_written = text.endswith("%")
        is_percent = is_written or "%" in getattr(cell, "number_format", "")
        self.is_percent |= is_percent
        unit = Decimal(1) if is_percent else self.unit
        try:
            found = exact(
                text.removesuffix("%"), SourceColumn(self.name, (), "number", unit=unit), exponent=True
            )
        except BadCell as error:
            self.say(at, f"'{text}' {error}")
            return None
        return Fraction(found) / 100 if is_written else Fraction(found)


def agrees(row: SheetRow) -> str | None:
    """What is wrong where the months of a row do not come to its total."""
    summed = sum(row.months, Fraction(0))
    if row.total is None or abs(summed - row.total) <= TOLERANCE * max(abs(summed), abs(row.total)):
        return None
    return f"the months come to {show(summed)}, but the total is {show(row.total)}"
