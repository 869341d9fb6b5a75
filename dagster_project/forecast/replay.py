"""Every past origin replayed: how wrong each model was over the same number of days, and so their mixture.

At each origin the models' forecasts of the remainder are mixed by the absolute errors that they made at
origins whose remainder was over by then (Bates & Granger 1969). The errors of that mixture, each known only
once its remainder was over, are what its distribution is made from (distribution.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.forecast.arrays import TINY, Floats, Ints, between
from dagster_project.forecast.levels import MODELS, REFERENCE, Levels
from dagster_project.forecast.shares import Shares

FIRST_ORIGIN = 56  # days before the first replayed origin
SHARPNESS = 4  # of the weights: a model with twice the error counts a sixteenth
PRIOR_WINDOWS = 1.0  # in which every model is taken to do as well as the reference
FORGET = 400.0  # half-life of the errors behind the weights, in days
KNOWN = 0.8  # share of a past remainder's days that must be known
TRIED = 3  # remainders that a model from outside must have forecast before it gets any weight
WIDEST = 50.0  # errors are cut at so many times the unit


@dataclass(frozen=True)
class Window:
    """Every origin of one horizon. Arrays of shape (origins, ...), origins FIRST_ORIGIN..size.

    `level`: of the mixture, per share. `unit`: of its errors, per remainder. `doubt`: how far the models
    disagree, in units. `error`: (outcome - forecast) / unit, NaN where there is no outcome.
    """

    origins: Ints
    level: Floats
    weights: Floats
    unit: Floats
    doubt: Floats
    error: Floats


class Replay:
    """A series that can be forecast from any of its days. An origin t knows the days before it alone."""

    def __init__(self, values: Floats, shares: Shares, names: tuple[str, ...] = MODELS) -> None:
        self.levels = Levels(values, shares)
        self.names = names
        self.shares = shares
        self._windows: dict[int, Window] = {}

    def window(self, horizon: int, further: Floats | None = None) -> Window:
        """`further`: totals of the remainder by other models, (origins, models), NaN where not replayed."""
        if further is not None:
            return self._replay(horizon, further)
        if horizon not in self._windows:
            self._windows[horizon] = self._replay(horizon, None)
        return self._windows[horizon]

    def ahead(self, origin: int, horizon: int) -> Floats:
        """The shares of the days to come, as the origin knows them."""
        return self.shares.shares[self.shares.vintage[origin], origin : origin + horizon]

    def unit(self, origins: Ints, horizon: int, ahead: Floats) -> Floats:
        """What errors are measured in: the slow level times the shares to come, and never near nothing."""
        levels = self.levels
        usual = np.maximum(ahead, 0.1 * horizon * levels.usual_share[origins])
        level = np.maximum(levels.means[origins, 3], 0.1 * levels.sizes[origins, 3])
        return np.maximum(np.maximum(level, 0.02 * levels.sizes[origins, 5]) * usual, TINY)

    def _replay(self, horizon: int, further: Floats | None) -> Window:
        levels = self.levels
        origins = np.arange(FIRST_ORIGIN, levels.size + 1)
        found = levels.at(origins, horizon)
        end, row = origins + horizon, self.shares.vintage[origins]
        over = end <= levels.size
        seen = between(levels.known_sums, origins, end, row)  # of the days whose outcome is known
        if further is not None:
            ahead = between(levels.share_sums, origins, end, row)
            found = np.concatenate([found, further / np.where(ahead > 0, ahead, np.nan)[:, None]], axis=1)
        usable = over & (between(levels.counts, origins, end) >= KNOWN * horizon)
        outcome = np.where(usable, between(levels.sums, origins, end), np.nan)
        unit = self.unit(origins, horizon, seen)
        with np.errstate(over="ignore", invalid="ignore"):
            errors = np.clip((outcome[:, None] - found * seen[:, None]) / unit[:, None], -WIDEST, WIDEST)
        available = np.isfinite(found)
        if further is not None:
            asked = np.isfinite(errors[:, len(self.names) :]).astype(float)
            available[:, len(self.names) :] &= _before(asked, horizon) >= TRIED
        weights = weights_of(errors, available, horizon, worth=self._worth(errors, horizon))
        filled = np.where(available, found, 0.0)
        level = (weights * filled).sum(axis=1)
        ours = found[:, : len(self.names)]  # others were asked at few origins: they would not compare
        apart = np.where(np.isfinite(ours), (ours - level[:, None]) ** 2, 0.0).sum(axis=1)
        per_level = unit / np.maximum(seen, 0.1 * horizon * np.maximum(levels.usual_share[origins], TINY))
        doubt = np.sqrt(apart / np.isfinite(ours).sum(axis=1)) / np.maximum(per_level, TINY)
        error = np.clip((outcome - level * seen) / unit, -WIDEST, WIDEST)
        return Window(origins, level, weights, unit, doubt, error)

    def _worth(self, errors: Floats, horizon: int) -> Floats:
        """For how many origins each error stands: 1 where a model was asked every day, else as many as lie
        between the days on which it was asked, up to the horizon: errors further apart are not alike."""
        worth = np.ones(errors.shape[1])
        for column in range(len(self.names), errors.shape[1]):
            asked = np.flatnonzero(np.isfinite(errors[:, column]))
            if len(asked) > 1:
                worth[column] = min((asked[-1] - asked[0]) / (len(asked) - 1), horizon)
        return worth


def weights_of(
    errors: Floats,
    available: np.ndarray,
    horizon: int,
    against: int = REFERENCE,
    worth: Floats | float = 1.0,
) -> Floats:
    """(origins, models), each row summing to 1, from the errors of remainders that were over by then.

    A model is measured against the reference (`against`) over the same origins, so that one which came later
    is not judged by easier or harder days. worth: for how many origins an error stands, by model.
    """
    seen = np.isfinite(errors)
    size = np.abs(np.where(seen, errors, 0.0))
    # Weights that grow with time are those that fade with age, up to a factor that cancels.
    growing = 0.5 ** (-np.arange(len(errors)) / FORGET)[:, None] / horizon
    reference = size[:, [against]]
    own = _before(size * growing * worth, horizon)
    theirs = _before(reference * seen * growing * worth, horizon)
    windows = _before(seen[:, [against]] * growing, horizon)
    usual = np.where(windows > 0, theirs[:, [against]] / np.maximum(windows, TINY), 1.0)
    prior = PRIOR_WINDOWS * growing * horizon * np.maximum(usual, 1e-12)
    relative = np.maximum((prior + own) / (prior + theirs), 1e-3)
    inverse = np.where(available, relative**-SHARPNESS, 0.0)
    return np.asarray(inverse / inverse.sum(axis=1, keepdims=True))


def _before(values: Floats, horizon: int) -> Floats:
    """Running sums over the origins whose remainder was over at each origin: those `horizon` days before."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return sums[np.maximum(np.arange(len(values)) - horizon + 1, 0)]
