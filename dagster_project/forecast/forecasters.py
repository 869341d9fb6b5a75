"""Other models beside our own: whatever draws joint paths of the days to come from daily history.

A model is asked at the last day and at a few past origins, spread over two years. Its remainders there are
compared with our models' over the very same origins, and it gets weight as they do; the interval stays that
of the mixture's own past errors. One that fails is left out for the night, and said to have failed: a model
from outside never keeps a night from its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from dagster_project.errors import UsageError
from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.replay import FIRST_ORIGIN

PAST_ORIGINS = 12  # at which a forecaster is asked besides the last day
LOOK_BACK = 730  # days
DRAWS = 200

Tell = Callable[[str], None]


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


class Member(Protocol):
    """One more model of one series, asked for totals. Origins count from the series' first known day."""

    @property
    def name(self) -> str: ...

    @property
    def past_origins(self) -> int:
        """At how many past origins it is to be asked besides the last day."""
        ...

    def total(self, origin: int, horizon: int) -> float:
        """What the days origin..origin+horizon-1 bring, from the days before; NaN where it has no answer."""
        ...


class Drawing:
    """A forecaster as a member: the median of its draws. After its first failure it is not asked again."""

    past_origins = PAST_ORIGINS

    def __init__(self, forecaster: Forecaster, start: date, values: Floats, tell: Tell) -> None:
        self.name = forecaster.name
        self._forecaster, self._start, self._values, self._tell = forecaster, start, values, tell
        self._has_failed = False

    def total(self, origin: int, horizon: int) -> float:
        if self._has_failed:
            return float("nan")
        history = DailyHistory(self._start, self._values[:origin].copy())
        try:
            return _total(self._forecaster, history, horizon)
        except Exception as error:
            # Whatever another's code raises: the night goes on without it.
            self._has_failed = True
            why = str(error) or type(error).__name__
            self._tell(why if isinstance(error, UsageError) else f"forecaster '{self.name}': {why}")
            return float("nan")


def totals_at_past_origins(members: Sequence[Member], size: int) -> Callable[[int], Floats]:
    """For a horizon: the members' remainders, (origins from FIRST_ORIGIN, members), NaN where they were not
    asked. size: days of the series from its first known one."""

    def totals(horizon: int) -> Floats:
        found = np.full((max(size - FIRST_ORIGIN + 1, 0), len(members)), np.nan)
        latest = size - horizon
        earliest = max(FIRST_ORIGIN, latest - LOOK_BACK)
        for column, member in enumerate(members):
            count = member.past_origins if latest >= earliest else 0
            past = np.linspace(earliest, latest, count).astype(int)
            for origin in sorted({*past.tolist(), size}):
                found[origin - FIRST_ORIGIN, column] = member.total(origin, horizon)
        return np.where(np.isfinite(found), found, np.nan)

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
