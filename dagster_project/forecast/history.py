"""The daily history that a node's forecast is made from, and the kinds of its days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.forecast.engine import Floats, Ints
from dagster_project.goals.frames import Day

CLOSED_WEEKDAY = 7


@dataclass(frozen=True)
class History:
    """One value a day from `start` through `end`, NaN where the sources know nothing."""

    start: date
    values: Floats

    @property
    def end(self) -> date:
        return self.start + timedelta(days=len(self.values) - 1)

    @property
    def known_days(self) -> int:
        return int((~np.isnan(self.values)).sum())

    @property
    def last_known(self) -> date | None:
        known = np.flatnonzero(~np.isnan(self.values))
        return self.start + timedelta(days=int(known[-1])) if len(known) else None

    @property
    def first_known(self) -> date | None:
        known = np.flatnonzero(~np.isnan(self.values))
        return self.start + timedelta(days=int(known[0])) if len(known) else None

    def between(self, start: date, end: date) -> Floats:
        """The values of start..end, both in, as far as the history goes."""
        first = max((start - self.start).days, 0)
        return self.values[first : max((end - self.start).days + 1, first)]

    def through(self, day: date) -> History:
        """The history up to the day, in, with unknown days where it ends before."""
        size = max((day - self.start).days + 1, 0)
        missing = max(size - len(self.values), 0)
        return History(self.start, np.concatenate([self.values[:size], np.full(missing, np.nan)]))

    def digest(self) -> str:
        """A hash of the days and values."""
        fraction, exponent = np.frexp(np.nan_to_num(self.values))
        # To twelve digits: sums of floats may differ in the last ones from run to run.
        digits = np.round(fraction * 2**40).astype(np.int64)
        parts = (digits, exponent.astype(np.int64), np.isnan(self.values))
        return hashlib.sha256(
            self.start.isoformat().encode() + b"".join(part.tobytes() for part in parts)
        ).hexdigest()


def read_history(
    days: Mapping[date, Day], total: Mapping[date, Day], since: date, as_of: date, *, zero_when_empty: bool
) -> History:
    """The node's values up to the as-of date, from `since` or the first day before it.

    `total`: the days of the KPI in total, which say what the sources know; a known day without a row in
    `days` is 0, or unknown where nothing is no 0.
    """
    dates = [day for day in total if day <= as_of]
    start = min([since, *dates])
    values = np.full(max((as_of - start).days + 1, 0), np.nan)
    for day in dates:
        if not total[day].is_known:
            continue
        own = days.get(day)
        value = own.numerator if own is not None else None
        if value is None and zero_when_empty:
            value = 0.0
        values[(day - start).days] = np.nan if value is None else value
    return History(start, values)


def kinds_of_days(calendar: BusinessCalendar, start: date, end: date) -> Ints:
    """Monday 0 .. Sunday 6, and 7 for a day that is closed although its weekday is usually open."""
    closed = calendar.closed_weekdays
    return np.array(
        [
            CLOSED_WEEKDAY
            if day.weekday() not in closed and not calendar.is_business_day(day)
            else day.weekday()
            for day in days_between(start, end)
        ],
        dtype=np.int64,
    )
