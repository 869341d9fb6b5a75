"""Other models beside our own: whatever draws joint paths of the days to come from daily history.

A forecaster is asked at the last day and at a few past origins, spread over two years. Its remainders there
are compared with our models' over the very same origins, and it gets weight as they do; the interval stays
that of the mixture's own past errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from dagster_project.errors import UsageError
from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.history import History
from dagster_project.forecast.replay import FIRST_ORIGIN

PAST_ORIGINS = 12  # at which a forecaster is asked besides the last day
LOOK_BACK = 730  # days
DRAWS = 200


@dataclass(frozen=True)
class DailyHistory:
    """`values`: one a day from `start` without gaps, NaN where unknown; the first one is known."""

    start: date
    values: Floats

    @property
    def end(self) -> date:
        return self.start + timedelta(days=len(self.values) - 1)


class Forecaster(Protocol):
    """`name` is what stands in kgi_forecast.weights."""

    @property
    def name(self) -> str: ...

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> Floats:
        """Joint paths of the `horizon` days after the history, shape (draws, horizon), or the sums of such
        paths, shape (draws,). The same arguments give the same answer; NaN where it has none."""
        ...


def totals_at_past_origins(forecasters: Sequence[Forecaster], history: History) -> Callable[[int], Floats]:
    """For a horizon: the forecasters' median remainders, (origins from FIRST_ORIGIN, forecasters), NaN where
    they were not asked. Origins count from the first known day. Raises UsageError for a wrong answer."""
    first = (history.first_known - history.start).days if history.first_known is not None else 0
    start = history.start + timedelta(days=first)
    values = history.values[first:]

    def totals(horizon: int) -> Floats:
        size = len(values)
        found = np.full((max(size - FIRST_ORIGIN + 1, 0), len(forecasters)), np.nan)
        latest = size - horizon
        earliest = max(FIRST_ORIGIN, latest - LOOK_BACK)
        past = np.linspace(earliest, latest, PAST_ORIGINS if latest >= earliest else 0).astype(int)
        for origin in sorted({*past.tolist(), size}):
            seen = DailyHistory(start, values[:origin].copy())
            for column, forecaster in enumerate(forecasters):
                found[origin - FIRST_ORIGIN, column] = _total(forecaster, seen, horizon)
        return found

    return totals


def _total(forecaster: Forecaster, history: DailyHistory, horizon: int) -> float:
    drawn = np.asarray(forecaster.draw(history, horizon, DRAWS, seed=0), dtype=float)
    if drawn.ndim == 2 and drawn.shape[1] == horizon:
        drawn = drawn.sum(axis=1)
    if drawn.ndim != 1 or not len(drawn):
        raise UsageError(
            f"forecaster '{forecaster.name}': drew an array of shape {drawn.shape}; "
            f"paths of shape (draws, {horizon}) or sums of shape (draws,) are wanted"
        )
    return float(np.median(drawn))
