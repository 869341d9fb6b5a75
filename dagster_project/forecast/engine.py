"""The remainder of a period from daily values: run-rate by kind of day, spread from its own past errors.

Four run-rates with different memories are mixed by how well each did over the same number of days. The
mixture is replayed at every past day as if that were today, each time with nothing but the days before it;
the errors of those remainders are the distribution (split conformal prediction on the sum over the horizon,
after Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005). Nothing is assumed about days:
neighbouring days are not independent, and adding up daily intervals would miss that.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Status = Literal["ok", "short_history", "intermittent", "constant"]

KINDS = 8  # kinds of day: Monday..Sunday, and a weekday that is closed
MEMORIES = (5.0, 14.0, 42.0, 126.0)  # half-lives of the run-rates, in days
PROFILE_MEMORY = 3  # which of them the profile over the kinds of day is taken from
SHARPNESS = 3  # of the weights: a memory with twice the squared error counts an eighth
PRIOR_DAYS = 0.5  # so many average days are mixed into each kind's mean
MIN_DAYS = 56  # known days below which no replay is attempted
BURN_IN = 28  # days before the first replayed origin
MIN_WINDOWS = 3  # replayed windows that do not overlap, below which a shorter horizon is replayed
INTERMITTENT_BELOW = 0.3  # share of days with a value other than 0
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


def forecast_remainder(values: Floats, kinds: Ints, horizon: int) -> Remainder:
    """The sum of the `horizon` days that follow `values`.

    values: one a day without gaps, NaN where unknown. kinds: kind of day 0..7 of every day of values and of
    the horizon, so len(values) + horizon of them. Never raises on NaN, empty or constant values.
    """
    values = np.where(np.isfinite(values), values, np.nan).astype(float)
    first = int(np.argmax(~np.isnan(values))) if len(values) else 0
    values, kinds = values[first:], kinds[first:]
    known = ~np.isnan(values)
    recent = values[-RECENT:][known[-RECENT:]]
    is_nonnegative = bool(known.any() and np.nanmin(values) >= 0)
    if horizon <= 0:
        return Remainder(np.zeros(1), np.zeros(0), "ok", "none", {}, 0.0, is_nonnegative)
    if not len(recent):
        return Remainder(np.zeros(0), np.zeros(horizon), "short_history", "none", {}, 0.0, is_nonnegative)
    if len(recent) >= BURN_IN and np.ptp(recent) == 0:
        expected = np.full(horizon, recent[0])
        return Remainder(
            np.array([expected.sum()]), expected, "constant", "last_value", {}, 0.0, is_nonnegative
        )
    size = float(np.nanmax(np.abs(values))) or 1.0  # figures of any size, without overflow in squares
    if known.sum() < MIN_DAYS:
        return _from_few_days(values[known] / size, horizon, size, is_nonnegative)
    intermittent = bool(np.mean(recent != 0) < INTERMITTENT_BELOW)
    rates = _Rates(values / size, kinds, flat=intermittent)
    replayed = _replayed_horizon(len(values), horizon)
    errors, weights = rates.replay(replayed)
    if not len(errors):
        return _from_few_days(values[known] / size, horizon, size, is_nonnegative)
    windows = len(errors) / replayed
    # Levels drift: over a longer horizon than the replayed one the relative error grows with its root.
    errors = errors * np.sqrt(horizon / replayed) * _small_sample(windows)
    middle = float(np.median(errors)) * windows / (windows + 4)  # a bias seen in few windows is mostly chance
    errors = errors - np.median(errors) + middle
    expected = rates.expected(weights, horizon)
    samples = np.sort(expected.sum() + errors * rates.scale * horizon)
    if is_nonnegative:
        samples = np.maximum(samples, 0.0)
    status: Status = "short_history" if replayed < horizon else "intermittent" if intermittent else "ok"
    names = {f"run_rate_{memory:g}d": round(float(w), 6) for memory, w in zip(MEMORIES, weights, strict=True)}
    return Remainder(
        samples * size,
        _rescaled(expected, float(np.median(samples))) * size,
        status,
        "run_rate_conformal",
        names,
        windows,
        is_nonnegative,
    )


def quantiles(remainder: Remainder, levels: tuple[float, ...]) -> Floats | None:
    """Quantiles of the remainder at ascending levels (ordered); None where nothing is known."""
    if not len(remainder.samples):
        return None
    return np.maximum.accumulate(np.quantile(remainder.samples, levels))


def probability(remainder: Remainder, needed: float, *, at_most: bool = False) -> float | None:
    """P(remainder >= needed), or P(remainder <= needed) with `at_most`; within 0.005..0.995.

    Half a window is added on either side, so that few past windows never speak of certainty.
    """
    samples = remainder.samples
    if not len(samples):
        return None
    share = float(np.mean(samples <= needed) if at_most else np.mean(samples >= needed))
    windows = max(remainder.windows, 1.0)
    return float(np.clip((share * windows + 0.5) / (windows + 1.0), 0.005, 0.995))


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


class _Rates:
    """Exponentially weighted sums by kind of day, at every day of the history at once.

    `sums[m, t, k]`, `counts[m, t, k]`: of memory m, over the known days before day t that are of kind k.
    """

    def __init__(self, values: Floats, kinds: Ints, *, flat: bool) -> None:
        size = len(values)
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0)
        kinds = np.zeros_like(kinds) if flat else kinds
        decay = 0.5 ** (1.0 / np.array(MEMORIES))[:, None]
        sums = np.zeros((size + 1, len(MEMORIES), KINDS))
        counts = np.zeros_like(sums)
        sizes = np.zeros((size + 1, 2))
        slow = decay[PROFILE_MEMORY, 0]
        for day in range(size):
            sums[day + 1] = sums[day] * decay
            counts[day + 1] = counts[day] * decay
            sizes[day + 1] = sizes[day] * slow
            if known[day]:
                sums[day + 1, :, kinds[day]] += filled[day]
                counts[day + 1, :, kinds[day]] += 1
                sizes[day + 1] += abs(filled[day]), 1
        self.size = size
        self.kinds = kinds
        self.sizes = sizes[:, 0] / np.where(sizes[:, 1] > 0, sizes[:, 1], 1.0)
        self.profile = self._profile(sums[:, PROFILE_MEMORY], counts[:, PROFILE_MEMORY])
        weighted = np.einsum("tmk,tk->tm", counts, self.profile)
        self.levels = sums.sum(axis=2) / np.where(weighted > 0, weighted, 1.0)
        ones = np.zeros((size + 1, KINDS))
        ones[np.arange(1, size + 1), kinds[:size]] = known
        self.known_kinds = np.cumsum(ones, axis=0)
        self.cumulative = np.concatenate([[0.0], np.cumsum(filled)])

    @property
    def scale(self) -> float:
        """The usual size of a day's value, now."""
        return float(self.sizes[-1])

    @staticmethod
    def _profile(sums: Floats, counts: Floats) -> Floats:
        """Each kind's mean over the mean of all, at every day; 1 where the mean is not above 0."""
        seen = counts.sum(axis=1)
        mean = sums.sum(axis=1) / np.where(seen > 0, seen, 1.0)
        usable = mean > 0
        own = (sums + PRIOR_DAYS * mean[:, None]) / (counts + PRIOR_DAYS)
        profile = np.where(usable[:, None], own / np.where(usable, mean, 1.0)[:, None], 1.0)
        return np.maximum(profile, 0.0)

    def replay(self, horizon: int) -> tuple[Floats, Floats]:
        """(errors of the mixture at past origins per unit of size and day, weights of the memories now).

        A window's unknown days are left out of both forecast and outcome; windows of which more than a fifth
        is unknown are not used. The weights at an origin come from windows that were over by then.
        """
        origins = np.arange(BURN_IN, self.size - horizon + 1)
        days = self.known_kinds[origins + horizon] - self.known_kinds[origins]
        shares = np.einsum("tk,tk->t", days, self.profile[origins])
        forecasts = self.levels[origins] * shares[:, None]
        outcomes = self.cumulative[origins + horizon] - self.cumulative[origins]
        unit = self.sizes[origins] * horizon
        usable = (days.sum(axis=1) >= 0.8 * horizon) & (unit > 0)
        each = np.where(
            usable[:, None], (outcomes[:, None] - forecasts) / np.where(usable, unit, 1.0)[:, None], 0
        )
        squares = np.concatenate([np.zeros((1, len(MEMORIES))), np.cumsum(each**2, axis=0)])
        # Origin i may learn from the windows that ended before it: those of the origins up to i - horizon.
        over = np.maximum(np.arange(len(origins)) - horizon + 1, 0)
        mixed = np.einsum("tm,tm->t", each, _inverse(squares[over], over))
        weights = _inverse(squares[-1:], np.array([len(origins)]))[0]
        return mixed[usable], weights

    def expected(self, weights: Floats, horizon: int) -> Floats:
        """What each day to come adds."""
        level = float(self.levels[-1] @ weights)
        return level * self.profile[-1][self.kinds[self.size : self.size + horizon]]


def _inverse(squares: Floats, counts: Ints) -> Floats:
    """Weights that sum to 1, the larger the smaller the squared errors; equal where none is known."""
    usable = (counts > 0) & (squares.max(axis=1) > 0)
    largest = squares.max(axis=1, keepdims=True)
    relative = np.maximum(squares / np.where(largest > 0, largest, 1.0), 1e-6)
    inverse = np.where(usable[:, None], relative**-SHARPNESS, 1.0)
    return inverse / inverse.sum(axis=1, keepdims=True)


def _replayed_horizon(size: int, horizon: int) -> int:
    """The horizon itself, or the longest that leaves a few windows side by side."""
    return max(1, min(horizon, (size - BURN_IN) // (MIN_WINDOWS + 1)))


def _small_sample(windows: float) -> float:
    """Errors of few windows look smaller than they are: by about sqrt((n + 4) / n)."""
    return float(np.sqrt((windows + 4.0) / windows))


def _from_few_days(values: Floats, horizon: int, size: float, is_nonnegative: bool) -> Remainder:
    """The mean so far. Spread: the days' own, doubled because days hang together, that of their mean, and a
    drift of a quarter of the level. `values` are in units of `size`."""
    mean = float(values.mean())
    spread = float(values.var(ddof=1)) if len(values) > 1 else mean**2
    variance = 2 * spread * horizon * (1 + horizon / len(values)) + (0.25 * mean * horizon) ** 2
    samples = mean * horizon + np.sqrt(variance) * _NORMAL
    if is_nonnegative:
        samples = np.maximum(samples, 0.0)
    expected = np.full(horizon, float(np.median(samples)) / horizon)
    return Remainder(samples * size, expected * size, "short_history", "mean_so_far", {}, 1.0, is_nonnegative)


def _rescaled(expected: Floats, total: float) -> Floats:
    """The same profile over the days, summing to `total`."""
    size = expected.sum()
    return expected * (total / size) if size > 0 else np.full(len(expected), total / len(expected))


def _normal_scores(count: int) -> Floats:
    """Evenly likely values of a standard normal, ascending."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])


_NORMAL = _normal_scores(201)
