"""The distribution of a remainder from the errors of past remainders: conformal, scaled, finite-sample.

Errors are measured in how far the models disagreed (locally weighted conformal prediction; Papadopoulos,
Gammerman & Vovk 2008, Lei et al. 2018), newer ones count more (Barber et al. 2023), their size is shrunk
towards what other series of that noise showed (few windows say little), and their shape is between their own
quantiles and those of a t distribution, because the tails of few windows are not seen.

The constants were chosen on half of the real series of the backtest; docs/forecast.md says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from dagster_project.forecast.arrays import TINY, Floats
from dagster_project.forecast.replay import FIRST_ORIGIN, Replay

COUNT = 400  # equally likely values that stand for a distribution
FORGET = 250.0  # half-life of past errors, in days
DOUBT_POWER = 0.4  # how errors grow with disagreement
LEAST_DOUBT = 0.002
PRIOR_WINDOWS = 6.0  # what the size of errors elsewhere counts
LEAST_NOISE = 0.001
# mean error = a * disagreement**b * (a day's noise)**c * days**d, by gamma regression with log link
PRIOR_SIZE = (0.66, 0.4, 0.5, -0.1)
YEARLY_DRIFT = 0.15  # of the level over a year, beyond what shorter horizons show
FREEDOM = 5.0  # of the t distribution
OWN_SHAPE = 0.3  # weight of the series' own quantiles, the rest is the t distribution's
WIDTH = 0.91  # of the whole, for the mean of all series
YEAR = 365
UNSEEN_SEASON = 1.3  # times as wide before a year is known: what comes is a season not seen yet
BIAS_WINDOWS = 20.0  # a bias seen in so many windows is believed by half


@dataclass(frozen=True)
class Outlook:
    """The remainder after one origin. `level`: of the mixture, per share; `deviations`: equally likely errors
    of the remainder, ascending, in the figure's own unit; `windows`: how many past remainders side by side
    they come from; `replayed`: the horizon that these had."""

    level: float
    deviations: Floats
    weights: dict[str, float]
    windows: float
    replayed: int


def outlook(
    replay: Replay, origin: int, horizon: int, ahead: float, further: Floats | None = None
) -> Outlook:
    """What the days origin..origin+horizon-1 bring. ahead: the sum of their shares. further: totals of other
    models over the replayed horizon, (origins from FIRST_ORIGIN, models).

    Where the history holds no two remainders of that length, shorter ones are replayed and their errors
    widened with the root of the length: levels drift.
    """
    replayed = replayed_horizon(origin, horizon)
    window = replay.window(replayed, further)
    now = origin - FIRST_ORIGIN
    past = slice(0, max(now - replayed + 1, 0))
    error, doubt = window.error[past], np.maximum(window.doubt[past], LEAST_DOUBT)
    usable = np.isfinite(error)
    ages = now - np.arange(len(error))[usable]
    counts = 0.5 ** (ages / FORGET)
    windows = float(counts.sum()) / replayed
    # Disagreement about the days to come is that over the same horizon, whatever was replayed.
    doubt_now = max(float(window.doubt[now]), LEAST_DOUBT)
    scaled = error[usable] / doubt[usable] ** DOUBT_POWER
    noise = max(float(replay.shares.noise[origin]), LEAST_NOISE)
    factor, by_doubt, by_noise, by_days = PRIOR_SIZE
    prior = factor * doubt_now ** (by_doubt - DOUBT_POWER) * noise**by_noise * replayed**by_days
    middle, own, shape = _shape(scaled, counts)
    size = (PRIOR_WINDOWS * prior + windows * own) / (PRIOR_WINDOWS + windows)
    size *= WIDTH * np.sqrt(1.0 + 1.0 / (windows + 1.0))  # the next error is one more, not one of these
    deviations = size * (OWN_SHAPE * shape + (1 - OWN_SHAPE) * _T_SHAPE) if len(scaled) else size * _T_SHAPE
    deviations = (deviations + middle * windows / (windows + BIAS_WINDOWS)) * doubt_now**DOUBT_POWER
    deviations = deviations * np.sqrt(horizon / replayed)
    deviations = _drifted(deviations, horizon, UNSEEN_SEASON if origin < YEAR else 1.0)
    unit = float(replay.unit(np.array([origin]), horizon, np.array([ahead]))[0])
    names = replay.names + tuple(f"other_{i}" for i in range(window.weights.shape[1] - len(replay.names)))
    return Outlook(
        float(window.level[now]),
        deviations * unit,
        {name: round(float(w), 6) for name, w in zip(names, window.weights[now], strict=True) if w > 0},
        windows,
        replayed,
    )


def spread_of(errors: Floats, replayed: int, usual: float, horizon: int, origin: int, unit: float) -> Floats:
    """Equally likely deviations from the mixture, ascending, in the unit of its past errors.

    errors: of past origins by origin, NaN where there is none; the last one is that of now. usual: the mean
    error elsewhere, towards which few windows are shrunk. A horizon longer than the one replayed widens them
    with its root, and so does a year that was not seen yet. unit: none, no spread.
    """
    usable = np.isfinite(errors)
    if not unit > 0:
        return np.zeros(COUNT)
    ages = len(errors) - 1 - np.arange(len(errors))[usable]
    counts = 0.5 ** (ages / FORGET)
    windows = float(counts.sum()) / replayed
    middle, own, shape = _shape(errors[usable], counts)
    size = (PRIOR_WINDOWS * usual + windows * own) / (PRIOR_WINDOWS + windows)
    size *= WIDTH * np.sqrt(1.0 + 1.0 / (windows + 1.0))
    mixed = OWN_SHAPE * shape + (1 - OWN_SHAPE) * _T_SHAPE if usable.any() else _T_SHAPE
    factor = np.sqrt(horizon / replayed) * (UNSEEN_SEASON if origin < YEAR else 1.0)
    return (size * mixed + middle * windows / (windows + BIAS_WINDOWS)) * factor


def windows_of(errors: Floats, replayed: int) -> float:
    """How many windows side by side the errors come from, newer ones counting more."""
    ages = len(errors) - 1 - np.flatnonzero(np.isfinite(errors))
    return float((0.5 ** (ages / FORGET)).sum()) / replayed


def replayed_horizon(origin: int, horizon: int) -> int:
    """The horizon itself, or the longest that the history before the origin holds twice."""
    return max(1, min(horizon, (origin - FIRST_ORIGIN) // 2))


def _shape(errors: Floats, counts: Floats) -> tuple[float, float, Floats]:
    """(median, mean distance from it, quantiles in that unit): of weighted errors."""
    if not len(errors):
        return 0.0, 0.0, _T_SHAPE
    order = np.argsort(errors, kind="stable")
    ranked, weights = errors[order], counts[order]
    share = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    middle = float(np.interp(0.5, share, ranked))
    size = float((weights * np.abs(ranked - middle)).sum() / weights.sum())
    return middle, size, (np.interp(_SHARES, share, ranked) - middle) / max(size, TINY)


def _drifted(deviations: Floats, horizon: int, factor: float) -> Floats:
    """Wider by the factor, and by a drift of the level that grows with the horizon; as variances add."""
    middle = float(np.median(deviations))
    size = float(np.abs(deviations - middle).mean())
    drift = YEARLY_DRIFT * horizon / 365.0
    return middle + (deviations - middle) * np.sqrt(factor**2 + (drift / max(size, TINY)) ** 2)


def _t_shape(freedom: float) -> Floats:
    """Quantiles of a t distribution at evenly spaced shares, in units of their mean distance from 0."""
    at = np.linspace(-60.0, 60.0, 240_001)
    density = (1 + at**2 / freedom) ** (-(freedom + 1) / 2)
    share = np.cumsum(density) / density.sum()
    found = np.interp(_SHARES, share, at)
    return np.asarray(found / np.abs(found).mean())


def normal_scores(count: int) -> Floats:
    """Evenly likely values of a standard normal, ascending."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])


_SHARES = (np.arange(COUNT) + 0.5) / COUNT
_T_SHAPE = _t_shape(FREEDOM)
