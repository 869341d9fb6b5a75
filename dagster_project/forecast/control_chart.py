"""Days on which a KPI left its usual course: an XmR chart of values freed of their weekday.

Individuals and moving ranges (Shewhart 1931; Wheeler, Understanding Variation, 1993): the limits lie 2.66
mean moving ranges from the mean, about three standard deviations whatever the distribution. A weekly rhythm
would stretch the ranges and hide everything, so each value is first divided by its weekday's factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from dagster_project.forecast.arrays import Floats

Rule = Literal["beyond_limits", "run_of_8"]

LIMIT = 2.66  # mean moving ranges; 3 / 1.128, the mean range of two in standard deviations
RUN = 8  # values in a row on one side of the mean
BASELINE = 84  # days before the ones looked at that make mean and limits: twelve weeks
ROUNDING = 1e-9
LEAST = 28  # of them known, without which nothing is said


@dataclass(frozen=True)
class Signal:
    """A day that a rule names. `value` as measured; `usual`, `low`, `high`: centre and limits for that day,
    its weekday counted in."""

    date: date
    rule: Rule
    value: float
    usual: float
    low: float
    high: float


@dataclass(frozen=True)
class Episode:
    """A stretch of days that the rules name. `first`, `last`: its first and newest such day. `closed_on`: the
    first day that was usual again; None where there is none yet."""

    first: Signal
    last: Signal
    closed_on: date | None


def signals(
    start: date, values: Floats, provisional: np.ndarray, *, looked_at: int = 28
) -> tuple[Signal, ...]:
    """What the last `looked_at` days show, oldest first; a day is named once, beyond the limits before run.

    values: one a day from `start`, NaN where unknown. provisional: True where a value may still change: such
    a day names nothing and breaks no run. Mean, limits and weekday factors come from the BASELINE days before
    the ones looked at and do not move with them. Nothing is said of a series with fewer than LEAST known
    days there, or of one that does not vary.
    """
    judged = _judged(start, values, provisional, looked_at)
    return tuple(signal for _, signal in judged if signal is not None)


def episodes(
    start: date, values: Floats, provisional: np.ndarray, *, looked_at: int = 28
) -> tuple[Episode, ...]:
    """The same, in stretches of days in a row; a provisional, unknown or closed day ends none."""
    found: list[Episode] = []
    is_open = False
    for day, signal in _judged(start, values, provisional, looked_at):
        if is_open and signal is None:
            found[-1] = Episode(found[-1].first, found[-1].last, day)
        elif is_open and signal is not None:
            found[-1] = Episode(found[-1].first, signal, None)
        elif signal is not None:
            found.append(Episode(signal, signal, None))
        is_open = signal is not None
    return tuple(found)


def _judged(
    start: date, values: Floats, provisional: np.ndarray, looked_at: int
) -> Iterator[tuple[date, Signal | None]]:
    """Every day looked at that says something, with what a rule names of it."""
    first = max(len(values) - looked_at, 0)
    weekdays = (start.weekday() + np.arange(len(values))) % 7
    usable = ~np.isnan(values) & ~np.asarray(provisional, dtype=bool)
    before = np.zeros(len(values), dtype=bool)
    before[max(first - BASELINE, 0) : first] = True
    before &= usable
    if before.sum() < LEAST:
        return
    factors, offsets = _weekday_adjustment(values, weekdays, before)
    adjusted = np.where(usable, (values - offsets[weekdays]) / factors[weekdays], np.nan)
    base = adjusted[before]
    centre, spread = float(base.mean()), LIMIT * float(np.abs(np.diff(base)).mean())
    if spread <= 0:
        return
    side, length = 0, 0
    for index in range(first, len(values)):
        if not usable[index]:
            continue
        away = float(adjusted[index]) - centre
        if abs(away) <= ROUNDING * max(abs(centre), spread):
            continue  # a closed day lies on the centre: it says nothing
        now = int(np.sign(away))
        length = length + 1 if now == side and now != 0 else int(now != 0)
        side = now
        rule: Rule | None = "beyond_limits" if abs(away) > spread else None
        if rule is None and length >= RUN:
            rule = "run_of_8"
        day, signal = start + timedelta(days=index), None
        if rule is not None:
            factor, offset = factors[weekdays[index]], offsets[weekdays[index]]
            usual, low, high = (at * factor + offset for at in (centre, centre - spread, centre + spread))
            signal = Signal(day, rule, float(values[index]), float(usual), float(low), float(high))
        yield day, signal


def _weekday_adjustment(values: Floats, weekdays: np.ndarray, before: np.ndarray) -> tuple[Floats, Floats]:
    """(factors, offsets) by weekday. Quantities are adjusted by factors; where a weekday's mean is not above
    0 (closed days, values of either sign) by offsets."""
    mean = float(values[before].mean())
    own = np.array(
        [
            values[before & (weekdays == day)].mean() if (before & (weekdays == day)).any() else mean
            for day in range(7)
        ]
    )
    # A weekday with next to nothing would blow a trifle up to a signal.
    if mean > 0 and own.min() > 0.1 * mean:
        return own / mean, np.zeros(7)
    return np.ones(7), own - mean
