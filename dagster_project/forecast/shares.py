"""How much of an average day each day is, learned from the days before an origin and from no other.

Every fortnight (a vintage) the values, each over the level of the eight weeks around it, are regressed on the
properties of their days by ridge regression: a Bayesian estimate with normal priors (Hoerl & Kennard 1970),
whose strength follows from the noise that the series has itself. A property that was seen once moves little,
one that was seen often moves as far as the values say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.forecast.arrays import TINY, Floats, Ints, between, prefix
from dagster_project.forecast.days import Days

FIRST = 28  # known only by its mean is a series before its first vintage
STEP = 14  # days from vintage to vintage
AROUND = 28  # days on either side that make the level of a day
MEMORY = 500.0  # half-life of what was learned, in days
LARGEST = 8.0  # a day above so many times its level counts as that many: outliers teach little
LEAST_NOISE = 1e-4
LEAST_SIZE = 0.05  # days with less of the denominator tell nothing of its rate
FURTHEST = 10.0  # times the usual rate: no day is taken to be further from it


@dataclass(frozen=True)
class Shares:
    """`shares[v, d]`: of day d (a day to come included) as vintage v knows it, 1 for an average day, >= 0.

    `vintage[t]`: the newest that an origin t may use; an origin knows the days before it. `noise[t]`: the
    usual relative deviation of a day from its share of the level, as known at t.
    """

    shares: Floats
    vintage: Ints
    noise: Floats


def learn_shares(values: Floats, days: Days) -> Shares:
    """values: one a day, NaN where unknown. days: of those, and of the days to come."""
    size = len(values)
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    sums, counts = prefix(filled), prefix(known.astype(float))
    at = np.arange(size)
    inside = np.maximum(between(counts, at - AROUND, at + AROUND), 1.0)
    level = between(sums, at - AROUND, at + AROUND) / inside
    vintages = np.arange(FIRST, size + 1, STEP) if size >= FIRST else np.array([size])
    learner = _Ridge(days)
    coefficients = np.zeros((len(vintages), days.design.shape[1]))
    noise = np.zeros(len(vintages))
    settled = 0
    for index, vintage in enumerate(vintages):
        # The level of the last days before the vintage would look at days after it: theirs is the mean
        # of the eight weeks before.
        upto = max(int(vintage) - AROUND, 0)
        learner.keep(filled[settled:upto], level[settled:upto], known[settled:upto], settled)
        settled = max(settled, upto)
        start = max(int(vintage) - 2 * AROUND, 0)
        recent = (sums[vintage] - sums[start]) / max(counts[vintage] - counts[start], 1.0)
        tail = slice(settled, int(vintage))
        coefficients[index], noise[index] = learner.solve(
            filled[tail], np.full(int(vintage) - settled, recent), known[tail], settled
        )
    shares = np.maximum(coefficients @ days.design.T, 0.0)
    row = np.clip((np.arange(size + 1) - FIRST) // STEP, 0, len(vintages) - 1)
    return Shares(shares, row, noise[row])


def relative_shares(values: Shares, sizes: Shares) -> Floats:
    """How much of `values` a unit of `sizes` brings on each day, 1 for an average one: by vintage and day."""
    usable = sizes.shares > LEAST_SIZE
    found = np.where(usable, values.shares / np.where(usable, sizes.shares, 1.0), 1.0)
    return np.asarray(np.clip(found, 1 / FURTHEST, FURTHEST))


def given_shares(values: Floats, sizes: Floats, relative: Floats, vintage: Ints) -> Shares:
    """Shares where the sizes of the days are given: what is counted under a rate (its denominator).

    sizes: as values, NaN where unknown. relative, vintage: of relative_shares, by the day.
    """
    known = ~(np.isnan(values) | np.isnan(sizes))
    top, bottom = np.where(known, values, 0.0), np.where(known, sizes, 0.0)
    shares = bottom[None, :] * relative[:, : len(values)]
    at = np.arange(len(values) + 1)
    size = shares[vintage[:-1], at[:-1]]
    sums, bases = prefix(top), prefix(size)
    window = at - 182
    rate = between(sums, window, at) / np.maximum(between(bases, window, at), TINY)
    residual = prefix(np.abs(top - rate[:-1] * size))
    mean = between(prefix(np.abs(top)), window, at)
    noise = 1.25 * between(residual, window, at) / np.maximum(mean, TINY)
    return Shares(shares, vintage, np.clip(noise, 0.01, 10.0))


class _Ridge:
    """Normal equations that grow block by block and forget slowly."""

    def __init__(self, days: Days) -> None:
        columns = days.design.shape[1]
        self._days = days
        self._gram = np.zeros((columns, columns))
        self._cross = np.zeros(columns)
        self._squares = 0.0
        self._weight = 0.0
        self._variance = 0.0

    def keep(self, values: Floats, level: Floats, known: np.ndarray, start: int) -> None:
        if not len(values):
            return
        fade = 0.5 ** (len(values) / MEMORY)
        gram, cross, squares, weight = self._block(values, level, known, start, forget=True)
        self._gram = self._gram * fade + gram
        self._cross = self._cross * fade + cross
        self._squares = self._squares * fade + squares
        self._weight = self._weight * fade + weight

    def solve(self, values: Floats, level: Floats, known: np.ndarray, start: int) -> tuple[Floats, float]:
        """(coefficients, noise) with the block added for this once."""
        gram, cross, squares, weight = self._block(values, level, known, start, forget=False)
        gram, cross = gram + self._gram, cross + self._cross
        squares, weight = squares + self._squares, max(weight + self._weight, 1.0)
        usual = self._days.usual
        # The noise is that of the vintage before; the first one asks twice.
        rounds = 1 if self._variance else 2
        variance = self._variance or 0.25
        coefficients = usual
        for _ in range(rounds):
            strength = variance / self._days.spread**2
            strengthened = gram + np.diag(strength)
            coefficients = np.asarray(np.linalg.solve(strengthened, cross + strength * usual), dtype=float)
            left = squares - 2 * coefficients @ cross + coefficients @ gram @ coefficients
            variance = max(float(left) / weight, LEAST_NOISE)
        self._variance = variance
        return coefficients, float(np.sqrt(variance))

    def _block(
        self, values: Floats, level: Floats, known: np.ndarray, start: int, *, forget: bool
    ) -> tuple[Floats, Floats, float, float]:
        usable = known & (level > 0)
        relative = np.clip(np.where(usable, values / np.where(usable, level, 1.0), 0.0), 0.0, LARGEST)
        age = np.arange(len(values), 0, -1) if forget else np.zeros(len(values))
        weights = usable * 0.5 ** (age / MEMORY)
        design = self._days.design[start : start + len(values)]
        weighted = design * weights[:, None]
        return (
            weighted.T @ design,
            weighted.T @ relative,
            float((weights * relative**2).sum()),
            float(weights.sum()),
        )
