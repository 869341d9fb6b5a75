"""The level of a series at every past origin, by several models, all from the days before the origin.

A level is a quantity per share (shares.py): times the shares of the days to come it is a forecast of their
sum. The models are of three kinds: exponentially weighted means with memories from days to half a year
(simple exponential smoothing; Brown 1959), the same made deaf to outliers, and last year's remainder times
this year's growth, in full or by half (Armstrong 1985 on shrinking seasonal and growth factors).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dagster_project.forecast.arrays import TINY, Floats, Ints, between, prefix
from dagster_project.forecast.shares import Shares

MEMORIES = (4.0, 10.0, 25.0, 70.0, 180.0, 500.0)  # half-lives of the means, in days; the last is no model
ROBUST = (4.0, 10.0, 25.0)  # of the geometric means
CAPPED = (10.0, 25.0)  # of the means over days that are cut at twice the robust level
YEAR = 364  # 52 weeks: the same weekday a year before
WITHIN = 28  # days of the year before the last that growth needs
HIGHEST = 100.0  # times the mean of the longest memory: no level is taken to be above
LEAST_SHARE = 0.05  # a day whose share is less says nothing of the level

MODELS = (
    "mean_4d", "mean_10d", "mean_25d", "mean_70d", "mean_180d",
    "geometric_4d", "geometric_10d", "capped_10d", "capped_25d",
    "last_year_growth_28d", "last_year_growth_56d", "seasonal_28d", "seasonal_28d_half",
)  # fmt: skip
REFERENCE = MODELS.index("mean_10d")  # the model that others are compared with: there is always one


class Levels:
    """Of values (one a day, NaN where unknown) with the shares of their days."""

    def __init__(self, values: Floats, shares: Shares) -> None:
        size = len(values)
        self.size = size
        self.shares = shares
        known = ~np.isnan(values) & ~np.isnan(shares.shares[0, :size])
        self.filled = np.where(known, values, 0.0)
        self.known = known.astype(float)
        self.sums = prefix(self.filled)
        self.counts = prefix(self.known)
        self.share_sums = prefix(shares.shares)  # of all days, those to come included
        self.known_sums = prefix(shares.shares[:, :size] * self.known)
        least = np.minimum.accumulate(np.concatenate([[0.0], np.where(known, values, 0.0)]))
        self.never_negative = least >= 0
        self._means()
        self._robust_means()

    def _means(self) -> None:
        fade = 0.5 ** (1.0 / np.array(MEMORIES))
        rows = self.shares.shares
        added = self.filled, np.abs(self.filled), self.known
        top, size, count = (_faded(values, fade) for values in added)
        base = np.zeros((self.size + 1, len(MEMORIES)))
        per_vintage = np.zeros((len(rows), len(MEMORIES)))
        for day in range(self.size):
            per_vintage *= fade
            per_vintage += (rows[:, day] * self.known[day])[:, None]
            base[day + 1] = per_vintage[self.shares.vintage[day + 1]]
        usable = base > 0
        sizes = np.where(usable, size / np.where(usable, base, 1.0), 0.0)
        # Values on days that should have next to none say nothing of a level a hundred times the usual one.
        highest = HIGHEST * sizes[:, [5]]
        self.sizes = np.minimum(sizes, highest)
        self.means = np.clip(np.where(usable, top / np.where(usable, base, 1.0), 0.0), -highest, highest)
        self.usual_share = np.where(count > 0, base / np.maximum(count, TINY), 0.0)[:, 3]

    def _robust_means(self) -> None:
        """Geometric means of values over shares, each within a tenth and six times the slow mean; and means
        of values that are cut at twice the robust level."""
        fade, slower = 0.5 ** (1.0 / np.array(ROBUST)), 0.5 ** (1.0 / np.array(CAPPED))
        days = np.arange(self.size)
        share, value = self.shares.shares[self.shares.vintage[:-1], days], self.filled
        level = self.means[:-1, 3]
        tells = (self.known > 0) & (share > LEAST_SHARE * np.maximum(self.usual_share[:-1], TINY))
        with np.errstate(all="ignore"):
            near = np.log(np.clip(value / share / level, 0.1, 6.0) * level)
            logs = np.where(level > 0, near, np.log(value / share))
            adds = tells & ((level > 0) | (value > 0))
            summed = _faded(np.where(adds, logs, 0.0), fade, tells)
            weights = _faded(adds.astype(float), fade, tells)
            self.geometric = np.where(weights[:, [0]] > 0, np.exp(summed / weights), 0.0)
        usual = self.geometric[:-1, 2]
        cap = 2.0 * usual * share
        is_cut = (usual > 0) & (days > CAPPED[0]) & (cap < value)
        top = _faded(np.where(is_cut, cap, value) * self.known, slower)
        base = _faded(share * self.known, slower)
        self.capped = top / np.maximum(base, TINY)

    def box(self, origins: Ints, length: int, back: int = 0) -> Floats:
        """The mean level of the `length` days that end `back` days before each origin; NaN without any."""
        start, end = origins - back - length, origins - back
        base = between(self.known_sums, start, end, self.shares.vintage[origins])
        return np.where(base > 0, between(self.sums, start, end) / np.where(base > 0, base, 1.0), np.nan)

    def at(self, origins: Ints, horizon: int) -> Floats:
        """(origins, MODELS): each model's level; NaN where it has none yet."""
        shrunk_or_fell = ~self.never_negative[origins]
        found = [self.means[origins, memory] for memory in range(5)]
        robust = [self.geometric[origins, 0], self.geometric[origins, 1]]
        robust += [self.capped[origins, 0], self.capped[origins, 1]]
        with np.errstate(all="ignore"):
            yearly = self._yearly(origins, horizon)
        for model in (*robust, *yearly):
            model[shrunk_or_fell | ~np.isfinite(model)] = np.nan
        highest = HIGHEST * np.maximum(self.sizes[origins, 5], TINY)[:, None]
        return np.clip(np.stack([*found, *robust, *yearly], axis=1), -highest, highest)

    def _yearly(self, origins: Ints, horizon: int) -> list[Floats]:
        remainder = self._remainder(origins, horizon, YEAR)
        has_year = np.isfinite(remainder) & (origins >= YEAR + WITHIN)
        before = {length: self.box(origins, length, YEAR) for length in (28, 56)}
        now = {length: self.box(origins, length) for length in (28, 56)}
        growth = [
            np.where(
                has_year & (before[length] > 0),
                remainder * np.clip(now[length] / before[length], 0.5, 2.0),
                np.nan,
            )
            for length in (28, 56)
        ]
        season = np.clip(remainder / before[28], 0.3, 3.0)
        # Two years that agree say more than one: the geometric mean of both, where there are two.
        second = np.clip(
            self._remainder(origins, horizon, 2 * YEAR) / self.box(origins, 28, 2 * YEAR), 0.3, 3.0
        )
        has_both = np.isfinite(second) & (origins >= 2 * YEAR + WITHIN)
        season = np.where(has_both, np.sqrt(season * np.where(has_both, second, 1.0)), season)
        season = np.where(has_year & (before[28] > 0), season, np.nan)
        return [*growth, now[28] * season, now[28] * np.sqrt(season)]

    def _remainder(self, origins: Ints, horizon: int, back: int) -> Floats:
        """The level of the days to come, so many days before; NaN where less than half of it is known."""
        start, end = origins - back, origins - back + horizon
        base = between(self.known_sums, start, end, self.shares.vintage[origins])
        enough = between(self.counts, start, end) >= 0.5 * horizon
        return np.where(enough & (base > 0), between(self.sums, start, end) / np.maximum(base, TINY), np.nan)


def _faded(added: Floats, fades: Floats, counts: NDArray[np.bool_] | None = None) -> Floats:
    """(days + 1, fades): the sums of what was added on the days before, faded by each day after it. counts:
    the days that fade and add; None for all."""
    found = np.zeros((len(added) + 1, len(fades)))
    steps = added.tolist()
    passes = [True] * len(steps) if counts is None else counts.tolist()
    for column, fade in enumerate(fades.tolist()):
        total, totals = 0.0, [0.0]
        for step, is_counted in zip(steps, passes, strict=True):
            if is_counted:
                total = total * fade + step  # a float at a time: arrays of three take twenty times as long
            totals.append(total)
        found[:, column] = totals
    return found
