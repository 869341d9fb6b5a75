"""A file read as a table of raw cells: its header, and batches of the columns that are asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Format
from dagster_project.landing.held import FileHeld

BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Cell:
    """A number of a spreadsheet with its format, which says whether 46113 is a date, 0.125 a percentage."""

    value: float | int
    number_format: str


@dataclass(frozen=True)
class Batch:
    """Raw cells by column, and where each row starts (1-based: line, row of a sheet, record of Parquet)."""

    columns: list[list[Any]]
    lines: list[int]


@dataclass
class Ending:
    """How the rows ended, once they are read: whether the row that `stop_at` names came."""

    stopped: bool = False


@dataclass(frozen=True)
class RawTable:
    """`read(positions)` yields the columns at those header positions; it may raise FileHeld on the way."""

    header: tuple[str, ...]
    read: Callable[[Sequence[int]], Iterator[Batch]]
    ending: Ending = field(default_factory=Ending)


class TotalRow:
    """Tells the total row of `total_without`: the first row whose cell there is empty, whatever its width.

    Only one row is a total. A further one has lost its cell, and is judged like any other row.
    Raises FileHeld where the header lacks that column.
    """

    def __init__(self, header: Sequence[str], form: Format) -> None:
        self._position: int | None = None
        if form.total_without is None:
            return
        wanted = unicodedata.normalize("NFC", form.total_without).strip()
        titles = [unicodedata.normalize("NFC", title).strip() for title in header]
        if wanted not in titles:
            hint = suggest(wanted, titles) or f"headers: {', '.join(titles[:12])}"
            raise FileHeld(f"format: total_without: no header {wanted!r} ({hint})")
        self._position = titles.index(wanted)

    def is_total(self, cells: Sequence[Any]) -> bool:
        if self._position is None or self._position >= len(cells):
            return False
        cell = cells[self._position]
        if cell is not None and str(cell).strip():
            return False
        self._position = None
        return True
