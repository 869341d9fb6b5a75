"""Landed events → the parts of ga4_flat to be written again: ranges of moments, in batches. Pure.

A part is a day, counted from 1970-01-01; day 0 takes in moments that are missing or earlier. Moments here
are microseconds by the clock of the calendar's zone: exports are cut at its midnight, and a part that was cut
at another hour would take in the files of two days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MICROSECONDS_OF_DAY = 86_400_000_000
BATCH_ROWS = 1_000_000  # of events, that one transaction writes


@dataclass(frozen=True)
class Span:
    """The first and the last day that the rows of a landed file lie in, how many they are, and whether
    there are any without a moment."""

    first: int
    last: int
    rows: int
    lacks_moments: bool = False

    @property
    def days(self) -> tuple[int, ...]:
        return (*((0,) if self.lacks_moments and self.first else ()), *range(self.first, self.last + 1))


@dataclass(frozen=True)
class Part:
    """Moments from `lower` until before `upper`, in microseconds; None: unbounded, below missing ones too."""

    batch: int
    lower: int | None
    upper: int | None


def changed_days(before: Mapping[str, Span | None], now: Mapping[str, Span | None]) -> set[int]:
    """Days of files that are there in only one of the two; None is a file without rows.

    Keys tell content: a corrected file is another file.
    """
    found: set[int] = set()
    for key in before.keys() ^ now.keys():
        span = before.get(key) or now.get(key)
        if span is not None:
            found.update(span.days)
    return found


def all_parts(spans: Iterable[Span | None], batch_rows: int = BATCH_ROWS) -> list[Part]:
    """Everything, cut where a batch is full: without a gap, unbounded at both ends."""
    rows = _rows_by_day(spans)
    cuts: list[int] = []
    taken = 0.0
    for day in sorted(rows):
        if taken and taken + rows[day] > batch_rows:
            cuts.append(day)
            taken = 0.0
        taken += rows[day]
    bounds = [None, *(day * MICROSECONDS_OF_DAY for day in cuts), None]
    return [
        Part(batch, lower, upper)
        for batch, (lower, upper) in enumerate(zip(bounds, bounds[1:], strict=False))
    ]


def parts_of(days: Iterable[int], spans: Iterable[Span | None], batch_rows: int = BATCH_ROWS) -> list[Part]:
    """These days: neighbouring ones as one range, cut where a batch is full."""
    rows = _rows_by_day(spans)
    found: list[Part] = []
    batch, taken = 0, 0.0
    for day in sorted(set(days)):
        if taken and taken + rows[day] > batch_rows:
            batch, taken = batch + 1, 0.0
        taken += rows[day]
        lower = day * MICROSECONDS_OF_DAY if day > 0 else None
        upper = (max(day, 0) + 1) * MICROSECONDS_OF_DAY
        if found and found[-1].batch == batch and found[-1].upper == lower:
            found[-1] = Part(batch, found[-1].lower, upper)
        else:
            found.append(Part(batch, lower, upper))
    return found


def touches(part: Part, span: Span) -> bool:
    """Whether rows of a file that lies in `span` may belong to the part."""
    if part.lower is None and span.lacks_moments:
        return True
    begins = part.upper is None or span.first * MICROSECONDS_OF_DAY < part.upper
    return begins and (part.lower is None or part.lower < (span.last + 1) * MICROSECONDS_OF_DAY)


def rows_of(days: Iterable[int], spans: Iterable[Span | None]) -> int:
    """About how many rows lie in these days."""
    rows = _rows_by_day(spans)
    return round(sum(rows.get(day, 0.0) for day in set(days)))


def _rows_by_day(spans: Iterable[Span | None]) -> dict[int, float]:
    """Rows of each day, those of a file shared out over its days alike."""
    found: dict[int, float] = defaultdict(float)
    for span in spans:
        if span is not None:
            for day in span.days:
                found[day] += span.rows / len(span.days)
    return found
