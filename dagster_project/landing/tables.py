"""A file read as a table of raw cells: its header, and batches of the columns that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class RawTable:
    """`read(positions)` yields the columns at those header positions; it may raise FileHeld on the way."""

    header: tuple[str, ...]
    read: Callable[[Sequence[int]], Iterator[Batch]]
