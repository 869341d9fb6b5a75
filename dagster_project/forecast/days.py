"""What is known beforehand of every day: weekday, holiday, bridge day, place in the month, turn of the year.

Each property is a column of zeros and ones. How much it matters is learned from the series (shares.py); here
stands only how far from nothing it may be expected to matter.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.forecast.arrays import Floats, Ints

MARGIN = 14  # days looked at on either side of the span: neighbours, and the ends of a month
LAST_DAYS = 4  # days at the end of a month that are told apart
CLOSING, OPENING = 5, 3  # and business days at its end and beginning
KINDS = 8  # Monday..Sunday, and a weekday that is closed
SATURDAY = 5


@dataclass(frozen=True)
class Days:
    """`design`: (days, columns), 0 or 1. `usual`: what each column is taken to add before anything is seen
    (an average day is 1). `spread`: how far from that it may be, in the same unit."""

    design: Floats
    usual: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.design)

    def first(self, count: int) -> Days:
        return Days(self.design[:count], self.usual, self.spread)

    def after(self, count: int) -> Days:
        """Without the first days."""
        return Days(self.design[count:], self.usual, self.spread)

    def digest(self) -> str:
        parts = (self.design.astype(np.int8), self.usual, self.spread)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def days_of_kinds(kinds: Ints) -> Days:
    """Days of which nothing but a kind 0..7 is known: Monday..Sunday, and a closed weekday."""
    design = np.zeros((len(kinds), KINDS))
    design[np.arange(len(kinds)), kinds] = 1.0
    return Days(design, np.ones(KINDS), np.full(KINDS, 0.5))


def days_of(calendar: BusinessCalendar, start: date, end: date) -> Days:
    """Every day of start..end, both in, by the company's calendar."""
    span = days_between(start, end)
    around = days_between(start - timedelta(days=MARGIN), end + timedelta(days=MARGIN))
    known = _Around(
        around,
        [calendar.is_business_day(day) for day in around],
        [calendar.holiday_name(day) for day in around],
    )
    columns: dict[str, int] = {f"weekday {number}": number for number in range(7)}
    spreads = [0.5] * 7
    cells: list[tuple[int, int]] = []
    for index in range(len(span)):
        for name, spread in known.properties(index + MARGIN):
            column = columns.setdefault(name, len(columns))
            if column == len(spreads):
                spreads.append(spread)
            cells.append((index, column))
    design = np.zeros((len(span), len(columns)))
    for index, column in cells:
        design[index, column] = 1.0
    usual = np.zeros(len(columns))
    usual[:7] = 1.0
    return Days(design, usual, np.array(spreads))


@dataclass(frozen=True)
class _Around:
    dates: list[date]
    is_business: list[bool]
    holidays: list[str | None]

    def properties(self, at: int) -> Iterator[tuple[str, float]]:
        """(name of a column, its spread) for everything that holds of the day."""
        day = self.dates[at]
        yield f"weekday {day.weekday()}", 0.5
        yield from self._by_holiday(at, day)
        yield f"day {day.day}", 0.07
        to_end = monthrange(day.year, day.month)[1] - day.day
        if to_end < LAST_DAYS:
            yield f"{to_end} to the end of the month", 0.1
        if self.is_business[at]:
            yield from self._by_business_day(at, day)
        # Each day of the turn of the year is one of its own: sales end, shops close, offices are empty.
        if (day.month, day.day) >= (12, 18) or (day.month, day.day) <= (1, 7):
            yield f"{day.month}-{day.day}", 0.25
        if (8, 11) <= (day.month, day.day) <= (8, 16):
            yield "Obon", 0.15

    def _by_holiday(self, at: int, day: date) -> Iterator[tuple[str, float]]:
        name = self.holidays[at]
        if name is not None:
            yield "holiday", 0.4
            # Two holidays on one day, and one that was moved, go by the name of the first.
            yield f"holiday {name.split(';')[0].replace('(observed)', '').strip()}", 0.3
            if day.weekday() >= SATURDAY:
                yield "holiday on a weekend", 0.3
            return
        if self.holidays[at + 1]:
            yield "day before a holiday", 0.2
        if self.holidays[at - 1]:
            yield "day after a holiday", 0.2
        if self.is_business[at] and not self.is_business[at - 1] and not self.is_business[at + 1]:
            yield "bridge day", 0.2

    def _by_business_day(self, at: int, day: date) -> Iterator[tuple[str, float]]:
        # Orders, invoices and payments gather at the end of a month, often several times a usual day's.
        left = self._business_days(at, 1)
        if left < CLOSING:
            yield "closing of the month", 0.7
            yield f"{left} business days left", 0.25
            if day.month % 3 == 0:
                yield "closing of the quarter", 0.25
        gone = self._business_days(at, -1)
        if gone < OPENING:
            yield "opening of the month", 0.25
            yield f"{gone} business days gone", 0.1
        if self._is_pay_day(at):
            yield "pay day", 0.15
        if self._is_tenth(at):
            yield "fifth or tenth", 0.1

    def _business_days(self, at: int, step: int) -> int:
        """How many business days of the month lie after (step 1) or before (-1) the day; at most CLOSING."""
        month, count, other = self.dates[at].month, 0, at + step
        while count < CLOSING and 0 <= other < len(self.dates) and self.dates[other].month == month:
            count += self.is_business[other]
            other += step
        return count

    def _is_tenth(self, at: int) -> bool:
        """A day of 五十日, on which bills are paid (5th, 10th, ..., the month's last), or the last business
        day before such days that are closed."""
        return any(
            day.day % 5 == 0 and day.day <= 25 or (day + timedelta(days=1)).day == 1
            for day in self._until_business_day(at)
        )

    def _until_business_day(self, at: int) -> Iterator[date]:
        """The day, and the closed days that follow it."""
        yield self.dates[at]
        for other in range(at + 1, len(self.dates)):
            if self.is_business[other]:
                return
            yield self.dates[other]

    def _is_pay_day(self, at: int) -> bool:
        """The 25th, or the last business day before it."""
        number = self.dates[at].day
        if not 20 < number <= 25:
            return False
        return not any(self.is_business[at + ahead] for ahead in range(1, 25 - number + 1))
