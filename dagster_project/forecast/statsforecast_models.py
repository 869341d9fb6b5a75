"""AutoETS, AutoTheta and MSTL of statsforecast as forecasters: `pip install 'shirube[statsforecast]'`.

statsforecast takes many seconds to import and is imported when a model is first asked. It publishes quantiles
of single days and no joint paths; what is handed over is the sum of the days' means, once, as every draw:
the interval is that of the mixture's own past errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
import pandas as pd

from dagster_project.errors import UsageError
from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.forecasters import DailyHistory

Model = Literal["AutoETS", "AutoTheta", "MSTL"]

MODELS: tuple[Model, ...] = ("AutoETS", "AutoTheta", "MSTL")
WEEK = 7
YEAR = 364
LONGEST = 3 * YEAR  # days handed over: more cost time and change little


@dataclass(frozen=True)
class StatsforecastModel:
    """One model by the name that statsforecast gives it."""

    name: Model

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> Floats:
        """Raises UsageError where statsforecast is not installed."""
        values = pd.Series(history.values[-LONGEST:]).interpolate(limit_direction="both").to_numpy()
        if len(values) < 2 * WEEK:
            return np.full(draws, np.nan)
        model = self._model(len(values))
        means = np.asarray(model.forecast(y=values, h=horizon)["mean"], dtype=float)
        return np.full(draws, means.sum())

    def _model(self, size: int) -> Any:
        try:
            models = import_module("statsforecast.models")
        except ImportError as error:
            raise UsageError(
                f"forecaster '{self.name}' needs statsforecast: pip install 'shirube[statsforecast]'"
            ) from error
        if self.name == "MSTL":
            seasons = [WEEK, YEAR] if size > 2 * YEAR else [WEEK]
            return models.MSTL(season_length=seasons, trend_forecaster=models.AutoETS(model="ZZN"))
        return getattr(models, self.name)(season_length=WEEK)
