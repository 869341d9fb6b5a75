"""The daily history that a node's forecast is made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from dagster_project.forecast.arrays import Floats
from dagster_project.goals.frames import Day
from dagster_project.kpi.model import Kpi

IMMATURE = "immature"


@dataclass(frozen=True)
class History:
    """One value a day from `start` through `end`, NaN where the sources know nothing.

    Of a rate, `values` are its numerators and `bases` its denominators, both NaN on days unknown.
    """

    start: date
    values: Floats
    bases: Floats | None = None

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

    def between(self, start: date, end: date) -> History:
        """The part of start..end, both in, as far as the history goes."""
        first = max((start - self.start).days, 0)
        part = slice(first, max((end - self.start).days + 1, first))
        bases = self.bases[part] if self.bases is not None else None
        return History(self.start + timedelta(days=first), self.values[part], bases)

    def through(self, day: date) -> History:
        """The history up to the day, in, with unknown days where it ends before."""
        size = max((day - self.start).days + 1, 0)
        missing = np.full(max(size - len(self.values), 0), np.nan)
        values = np.concatenate([self.values[:size], missing])
        bases = np.concatenate([self.bases[:size], missing]) if self.bases is not None else None
        return replace(self, values=values, bases=bases)

    def digest(self) -> str:
        """A hash of the days and values."""
        parts = [self.start.isoformat().encode()]
        for values in (self.values, self.bases):
            if values is None:
                continue
            fraction, exponent = np.frexp(np.nan_to_num(values))
            # To twelve digits: sums of floats may differ in the last ones from run to run.
            digits = np.round(fraction * 2**40).astype(np.int64)
            parts += [digits.tobytes(), exponent.astype(np.int64).tobytes(), np.isnan(values).tobytes()]
        return hashlib.sha256(b"".join(parts)).hexdigest()


def read_history(
    days: Mapping[date, Day], total: Mapping[date, Day], since: date, as_of: date, kpi: Kpi
) -> History:
    """The node's values up to the as-of date, from `since` or the first day before it.

    `total`: the days of the KPI in total, which say what the sources know; a known day without a row in
    `days` is 0, or unknown where nothing is no 0. A day whose conversions are still to come (`immature`) is
    as unknown as one that is itself still to come.
    """
    zero_when_empty = all(operand.zero_when_empty for operand in kpi.operands)
    dates = [day for day in total if day <= as_of]
    start = min([since, *dates])
    values = np.full(max((as_of - start).days + 1, 0), np.nan)
    bases = np.full(len(values), np.nan) if kpi.denominator is not None else None
    for day in dates:
        if not total[day].is_known or total[day].status == IMMATURE:
            continue
        own = days.get(day)
        at = (day - start).days
        top, bottom = (own.numerator, own.denominator) if own is not None else (None, None)
        if bases is None or kpi.denominator is None:
            values[at] = _value(top, zero_when_empty)
            continue
        values[at] = _value(top, kpi.numerator.zero_when_empty)
        bases[at] = _value(bottom, kpi.denominator.zero_when_empty)
    if bases is not None:
        # An average has nothing above the line on a day with nothing below it.
        values[np.isnan(values) & (bases == 0)] = 0.0
        unknown = np.isnan(values) | np.isnan(bases)
        values[unknown], bases[unknown] = np.nan, np.nan
    return History(start, values, bases)


def _value(value: float | None, zero_when_empty: bool) -> float:
    if value is None:
        return 0.0 if zero_when_empty else float("nan")
    return value
