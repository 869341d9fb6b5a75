"""The remainder of a period from daily values: how much is still to come, and how surely.

Days are set apart by what is known of them beforehand (days.py, shares.py), the level by several models
(levels.py) that are mixed by how well each did over the same number of days (replay.py); the errors of that
mixture at all past origins are the distribution (distribution.py). Nothing is assumed about days:
neighbouring days are not independent, and adding up daily intervals would miss that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dagster_project.forecast.arrays import Floats, Ints
from dagster_project.forecast.days import Days, days_of_kinds
from dagster_project.forecast.distribution import normal_scores, outlook, replayed_horizon
from dagster_project.forecast.replay import Replay
from dagster_project.forecast.shares import learn_shares

Status = Literal["ok", "short_history", "intermittent", "constant"]

METHOD = "mixture_conformal"
MIN_DAYS = 56  # known days below which no replay is attempted
CONSTANT_FROM = 28  # known days
INTERMITTENT_ABOVE = 1.32  # mean days from value to value (Syntetos & Boylan 2005)
OPEN_FROM = 0.05  # weekdays with a value less often than this are closed, not intermittent
RECENT = 182  # days that tell constant and intermittent series


@dataclass(frozen=True)
class Remainder:
    """The sum over the days to come.

    `samples`: equally likely sums, ascending; empty where nothing is known. `expected`: what each of the days
    to come adds to the middle forecast (their sum is the median of `samples`). `windows`: how many past
    windows of that length, without overlap, the errors come from.
    """

    samples: Floats
    expected: Floats
    status: Status
    method: str
    weights: dict[str, float]
    windows: float
    is_nonnegative: bool


class Engine:
    """A series that can be forecast from any of its days; what is learned once serves all of them.

    values: one a day without gaps, NaN where unknown. days: of those and of the days to come (at least
    len(values) of them). A forecast from origin t uses the days before it and no other.
    """

    def __init__(self, values: Floats, days: Days) -> None:
        values = np.where(np.isfinite(values), values, np.nan).astype(float)
        known = ~np.isnan(values)
        self._first = int(np.argmax(known)) if known.any() else len(values)
        self._values, self._days = values[self._first :], days.after(self._first)
        # Figures of any size, without overflow; a power of two changes no digit.
        largest = float(np.abs(values[known]).max()) if known.any() else 0.0
        self._size = 2.0 ** np.floor(np.log2(largest)) if largest > 0 else 1.0
        self._made: Replay | None = None

    @property
    def first(self) -> int:
        """The first known day."""
        return self._first

    def replay(self) -> Replay:
        """Of the values from the first known day on, in units of `size`."""
        if self._made is None:
            scaled = self._values / self._size
            self._made = Replay(scaled, learn_shares(scaled, self._days))
        return self._made

    def remainder(
        self, origin: int, horizon: int, further: Callable[[int], Floats] | None = None
    ) -> Remainder:
        """The sum of the days origin..origin+horizon-1.

        further: gives for a horizon the totals of other models, (origins from FIRST_ORIGIN, models).
        Never raises on NaN, empty or constant values.
        """
        origin = max(origin - self._first, 0)
        values = self._values[:origin]
        known = ~np.isnan(values)
        nonnegative = bool(known.any() and values[known].min() >= 0)
        if horizon <= 0:
            return Remainder(np.zeros(1), np.zeros(0), "ok", "none", {}, 0.0, nonnegative)
        recent = values[-RECENT:][known[-RECENT:]]
        if not len(recent):
            return Remainder(np.zeros(0), np.zeros(horizon), "short_history", "none", {}, 0.0, nonnegative)
        if len(recent) >= CONSTANT_FROM and np.ptp(recent) == 0:
            expected = np.full(horizon, recent[0])
            total = np.array([expected.sum()])
            return Remainder(total, expected, "constant", "last_value", {}, 0.0, nonnegative)
        if known.sum() < MIN_DAYS or origin < MIN_DAYS + 2:
            return from_few_days(values[known] / self._size, horizon, self._size, nonnegative)
        replay = self.replay()
        ahead = replay.ahead(origin, horizon)
        others = None
        if further is not None and replayed_horizon(origin, horizon) == horizon:
            others = further(horizon) / self._size
        found = outlook(replay, origin, horizon, float(ahead.sum()), others)
        samples = found.level * ahead.sum() + found.deviations
        if nonnegative:
            samples = np.maximum(samples, 0.0)
        status: Status = "ok"
        if found.replayed < horizon:
            status = "short_history"
        elif is_intermittent(values, self._days.design[:origin, :7]):
            status = "intermittent"
        return Remainder(
            samples * self._size,
            spread_over(ahead, float(np.median(samples))) * self._size,
            status,
            METHOD,
            found.weights,
            found.windows,
            nonnegative,
        )


def forecast_remainder(values: Floats, days: Days | Ints, horizon: int) -> Remainder:
    """The sum of the `horizon` days that follow `values`.

    days: what is known of every day of values and of the horizon, so len(values) + horizon of them; or only
    their kinds 0..7 (Monday..Sunday, closed).
    """
    known = days if isinstance(days, Days) else days_of_kinds(days)
    return Engine(values, known).remainder(len(values), horizon)


def quantiles(remainder: Remainder, levels: tuple[float, ...]) -> Floats | None:
    """Quantiles of the remainder at ascending levels (ordered); None where nothing is known."""
    return quantiles_of(remainder.samples, levels)


def quantiles_of(samples: Floats, levels: tuple[float, ...]) -> Floats | None:
    """Quantiles of ascending, equally likely values; None where there are none."""
    if not len(samples):
        return None
    shares = (np.arange(len(samples)) + 0.5) / len(samples)
    return np.maximum.accumulate(np.interp(levels, shares, samples))


def probability(remainder: Remainder, needed: float, *, at_most: bool = False) -> float | None:
    """P(remainder >= needed), or P(remainder <= needed) with `at_most`; within 0.005..0.995."""
    return chance(remainder.samples, -np.inf if at_most else needed, needed if at_most else np.inf)


def chance(samples: Floats, low: float, high: float) -> float | None:
    """P(low <= value <= high) of ascending, equally likely values, within 0.005..0.995; None of none."""
    if not len(samples):
        return None
    reached = _at_least(samples, low) if np.isfinite(low) else 1.0
    above = 1.0 - _at_least(-samples[::-1], -high) if np.isfinite(high) else 0.0
    return float(np.clip(reached - above, 0.005, 0.995))


def _at_least(samples: Floats, needed: float) -> float:
    """The share of ascending, equally likely values that reach `needed`; between two of them it falls evenly,
    at several equal ones all of them reach it."""
    below = int(np.searchsorted(samples, needed))
    if below in (0, len(samples)) or samples[below] == needed:
        return 1.0 - below / len(samples)
    gap = samples[below] - samples[below - 1]
    return 1.0 - (below - 1 + float((needed - samples[below - 1]) / gap)) / len(samples)


def fan(remainder: Remainder, levels: tuple[float, ...]) -> Floats | None:
    """Quantiles of the running sum after each day to come: shape (len(levels), horizon).

    The last day's are those of the remainder. The spread opens with the root of the time gone, as that of a
    sum does whose days hang together loosely.
    """
    last = quantiles(remainder, levels)
    horizon = len(remainder.expected)
    if last is None or not horizon:
        return None
    middle = np.cumsum(remainder.expected)
    opening = np.sqrt(np.arange(1, horizon + 1) / horizon)
    paths = middle[None, :] + (last - middle[-1])[:, None] * opening[None, :]
    if remainder.is_nonnegative:
        # What has come in stays: no running sum of such values falls.
        paths = np.maximum.accumulate(np.maximum(paths, 0.0), axis=1)
    paths[:, -1] = last
    return np.minimum(paths, last[:, None]) if remainder.is_nonnegative else paths


def is_intermittent(values: Floats, weekdays: Floats) -> bool:
    """True where values come less often than INTERMITTENT_ABOVE says, on the weekdays that have any.

    weekdays: (days, 7), 1 at the weekday of each day.
    """
    recent, kinds = values[-RECENT:], weekdays[-RECENT:]
    known = ~np.isnan(recent)
    has_value = known & (np.nan_to_num(recent) != 0)
    days, valued = kinds[known].sum(axis=0), kinds[has_value].sum(axis=0)
    is_open = valued >= OPEN_FROM * np.maximum(days, 1)
    return bool(days[is_open].sum() > INTERMITTENT_ABOVE * valued[is_open].sum())


def from_few_days(values: Floats, horizon: int, size: float, is_nonnegative: bool) -> Remainder:
    """The mean so far. Spread: the days' own, doubled because days hang together, that of their mean, and a
    drift of a quarter of the level. `values` are known, at least one, in units of `size`."""
    mean = float(values.mean())
    spread = float(values.var(ddof=1)) if len(values) > 1 else mean**2
    variance = 2 * spread * horizon * (1 + horizon / len(values)) + (0.25 * mean * horizon) ** 2
    samples = mean * horizon + np.sqrt(variance) * _NORMAL
    if is_nonnegative:
        samples = np.maximum(samples, 0.0)
    expected = np.full(horizon, float(np.median(samples)) / horizon)
    return Remainder(samples * size, expected * size, "short_history", "mean_so_far", {}, 1.0, is_nonnegative)


def spread_over(shares: Floats, total: float) -> Floats:
    """The total, over the days by their shares."""
    size = shares.sum()
    return shares * (total / size) if size > 0 else np.full(len(shares), total / len(shares))


_NORMAL = normal_scores(201)
