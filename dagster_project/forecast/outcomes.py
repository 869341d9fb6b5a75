"""The end of a node's period, from its history: one function a kind of value.

A kind is a function (History, Days, cut, horizon) → Outcome. A stock or a pipeline of open deals is one more
entry of KINDS: nothing else asks what a value is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.days import Days
from dagster_project.forecast.engine import Engine, fan, quantiles_of
from dagster_project.forecast.forecasters import Forecaster, totals_at_past_origins
from dagster_project.forecast.history import History
from dagster_project.forecast.rates import RateEngine
from dagster_project.goals.model import Node

Kind = Literal["sum", "rate"]


@dataclass(frozen=True)
class Outcome:
    """Where a period will end.

    actual: the value to date, None where no day is known. ends: equally likely values at the end, ascending;
    empty where nothing is known. so_far: the value after each known day of the period. paths: for each level
    asked for, the value after each day to come. never_falls: True where what has come in stays.
    """

    actual: float | None
    ends: Floats
    so_far: Floats
    paths: Floats | None
    status: str
    method: str
    weights: dict[str, float]
    never_falls: bool


@dataclass(frozen=True)
class Question:
    """history: through the last known day of the period (or the day before it); days: of the history and of
    the `horizon` days to come; levels: of the paths; scale: what a rate is multiplied by."""

    history: History
    days: Days
    period_start: date
    horizon: int
    levels: tuple[float, ...]
    scale: float = 1.0
    forecasters: Sequence[Forecaster] = ()

    @property
    def inside(self) -> History:
        """The known part of the period."""
        return self.history.between(self.period_start, self.history.end)


def kind_of(node: Node) -> Kind | None:
    """How the node's period is made up of its days; None where days don't say it: distinct
    counts, medians, formulas that multiply, stocks."""
    if node.adds_over_days:
        return "sum"
    kpi = node.kpi
    return "rate" if kpi is not None and kpi.sums_of_sides and kpi.denominator is not None else None


def sum_outcome(question: Question) -> Outcome:
    history, horizon = question.history, question.horizon
    inside = question.inside.values
    actual = float(np.nansum(inside)) if len(inside) else 0.0
    further = None
    if question.forecasters and horizon > 0:
        further = totals_at_past_origins(question.forecasters, history)
    remainder = Engine(history.values, question.days).remainder(len(history.values), horizon, further)
    spread = fan(remainder, question.levels)
    return Outcome(
        actual if history.known_days else None,
        actual + remainder.samples if history.known_days else np.zeros(0),
        np.cumsum(np.nan_to_num(inside)),
        actual + spread if spread is not None else None,
        remainder.status,
        remainder.method,
        named(remainder.weights, question.forecasters),
        remainder.is_nonnegative,
    )


def rate_outcome(question: Question) -> Outcome:
    history, horizon, scale = question.history, question.horizon, question.scale
    assert history.bases is not None
    inside = question.inside
    tops = np.cumsum(np.nan_to_num(inside.values))
    bottoms = np.cumsum(np.nan_to_num(inside.bases if inside.bases is not None else tops))
    top, bottom = (float(side[-1]) if len(side) else 0.0 for side in (tops, bottoms))
    engine = RateEngine(history.values, history.bases, question.days)
    remainder = engine.remainder(len(history.values), horizon)
    ends = remainder.ends(top, bottom, scale) if history.known_days else np.zeros(0)
    found = quantiles_of(ends, question.levels)
    paths = None
    if found is not None and horizon > 0:
        bases = bottom + np.cumsum(np.maximum(remainder.bases, 0.0))
        middle = scale * (top + np.cumsum(remainder.expected)) / np.where(bases > 0, bases, 1.0)
        opening = np.sqrt(np.arange(1, horizon + 1) / horizon)
        middle += (float(np.median(ends)) - middle[-1]) * opening
        paths = middle[None, :] + (found - np.median(ends))[:, None] * opening[None, :]
        paths[:, -1] = found
    return Outcome(
        scale * top / bottom if bottom > 0 else None,
        ends,
        np.where(bottoms > 0, scale * tops / np.where(bottoms > 0, bottoms, 1.0), np.nan),
        paths,
        remainder.status,
        remainder.method,
        remainder.weights,
        False,
    )


def named(weights: Mapping[str, float], forecasters: Sequence[Forecaster]) -> dict[str, float]:
    """Weights with the names of the models from outside in place of their numbers."""
    others = {f"other_{number}": one.name for number, one in enumerate(forecasters)}
    return {others.get(name, name): weight for name, weight in weights.items()}


KINDS: Mapping[Kind, Callable[[Question], Outcome]] = {"sum": sum_outcome, "rate": rate_outcome}
