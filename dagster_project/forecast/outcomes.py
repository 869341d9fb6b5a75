"""The end of a node's period, from its history: one function a kind of value.

A kind is a function Question → Outcome and a method of reading a period that is over (`value`): nothing else
asks what a value is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.days import Days
from dagster_project.forecast.distribution import replayed_horizon
from dagster_project.forecast.engine import METHOD, Engine, fan, quantiles_of
from dagster_project.forecast.forecasters import Member, totals_at_past_origins
from dagster_project.forecast.history import History
from dagster_project.forecast.rates import METHOD as RATE_METHOD
from dagster_project.forecast.rates import RateEngine
from dagster_project.forecast.replay import FIRST_ORIGIN
from dagster_project.forecast.stocks import StockEngine
from dagster_project.goals.model import Node
from dagster_project.kpi.model import OWN

Kind = Literal["sum", "rate", "stock", "average"]


@dataclass(frozen=True)
class PastErrors:
    """How wrong past origins were over the same number of days, in any unit, NaN where that is not known.
    `first`: the first origin, a day that knows the days before it; then one a day."""

    first: date
    values: Floats


@dataclass(frozen=True)
class Outcome:
    """Where a period will end.

    actual: the value to date, None where no day is known. ends: equally likely values at the end, ascending;
    empty where nothing is known. so_far: the value after each known day of the period. paths: for each level
    asked for, the value after each day to come. never_falls: True where what has come in stays. errors: of
    the past origins that `ends` were made from; None where they come from elsewhere.
    """

    actual: float | None
    ends: Floats
    so_far: Floats
    paths: Floats | None
    status: str
    method: str
    weights: dict[str, float]
    never_falls: bool
    errors: PastErrors | None = None


@dataclass(frozen=True)
class Question:
    """history: through the last known day of the period (or the day before it); days: of the history and of
    the `horizon` days to come; levels: of the paths; scale: what a rate is multiplied by; members: further
    models of a sum."""

    history: History
    days: Days
    period_start: date
    horizon: int
    levels: tuple[float, ...]
    scale: float = 1.0
    members: Sequence[Member] = ()

    @property
    def inside(self) -> History:
        """The known part of the period."""
        return self.history.between(self.period_start, self.history.end)


def kind_of(node: Node) -> Kind | None:
    """How the node's period is made up of its days; None where days don't say it: distinct counts, medians,
    formulas that multiply, stocks at other moments than the period's end."""
    if node.adds_over_days:
        return "sum"
    kpi = node.kpi
    if kpi is None:
        return None
    if kpi.sums_of_sides and kpi.denominator is not None:
        return "rate"
    stock = kpi.numerator.measure.stock
    only = kpi.leaves[0]
    if stock is None or kpi.formula is not None or kpi.denominator is not None:
        return None
    if only.shape != OWN or only.offset:
        return None
    return "stock" if stock.period_agg == "last" else "average" if stock.period_agg == "average" else None


def value_of(kind: Kind, history: History, scale: float) -> float | None:
    """What the days of the history come to, all of them known; None for a rate without a denominator."""
    if not len(history.values):
        return None
    if kind == "stock":
        return float(history.values[-1])
    if kind == "average":
        return float(history.values.mean())
    top = float(history.values.sum())
    if history.bases is None:
        return top
    bottom = float(history.bases.sum())
    return scale * top / bottom if bottom > 0 else None


def sum_outcome(question: Question) -> Outcome:
    history, horizon = question.history, question.horizon
    inside = question.inside.values
    actual = float(np.nansum(inside)) if len(inside) else 0.0
    further = None
    engine = Engine(history.values, question.days)
    if question.members and horizon > 0:
        further = totals_at_past_origins(question.members, len(history.values) - engine.first)
    remainder = engine.remainder(len(history.values), horizon, further)
    spread = fan(remainder, question.levels)
    return Outcome(
        actual if history.known_days else None,
        actual + remainder.samples if history.known_days else np.zeros(0),
        np.cumsum(np.nan_to_num(inside)),
        actual + spread if spread is not None else None,
        remainder.status,
        remainder.method,
        named(remainder.weights, question.members),
        remainder.is_nonnegative,
        _errors(history, engine, horizon) if remainder.method == METHOD else None,
    )


def _errors(history: History, engine: Engine | RateEngine, horizon: int) -> PastErrors:
    """Of the engine's mixture over the same number of days, or over as many as were replayed."""
    first = engine.first + FIRST_ORIGIN
    replayed = replayed_horizon(len(history.values) - engine.first, horizon)
    return PastErrors(history.start + timedelta(days=first), engine.replay().window(replayed).error)


def stock_outcome(question: Question) -> Outcome:
    history, horizon = question.history, question.horizon
    inside = question.inside.values
    engine = StockEngine(history.values, history.start)
    flow = engine.flow(len(history.values), horizon)
    known = np.flatnonzero(~np.isnan(inside))
    found = quantiles_of(flow.ends, question.levels)
    paths = None
    if found is not None and horizon > 0:
        middle = float(np.median(flow.ends))
        gone = np.arange(1, horizon + 1) / horizon
        paths = flow.last + (middle - flow.last) * gone + (found - middle)[:, None] * np.sqrt(gone)
        paths[:, -1] = found
    first = history.start + timedelta(days=flow.first_error)
    return Outcome(
        float(inside[known[-1]]) if len(known) else None,
        flow.ends,
        inside,
        paths,
        flow.status,
        flow.method,
        flow.weights,
        False,
        PastErrors(first, flow.errors) if len(flow.errors) else None,
    )


def average_outcome(question: Question) -> Outcome:
    """The mean of the days' levels: their sum, over the days."""
    found = sum_outcome(question)
    inside = question.inside.values
    counts = np.cumsum(~np.isnan(inside))
    known = int(counts[-1]) if len(counts) else 0
    ahead = known + np.arange(1, question.horizon + 1)
    return replace(
        found,
        actual=found.actual / known if found.actual is not None and known else None,
        ends=found.ends / max(known + question.horizon, 1),
        so_far=np.where(counts > 0, found.so_far / np.maximum(counts, 1), np.nan),
        paths=found.paths / ahead if found.paths is not None else None,
        never_falls=False,
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
        _errors(history, engine, horizon) if remainder.method == RATE_METHOD else None,
    )


def named(weights: Mapping[str, float], members: Sequence[Member]) -> dict[str, float]:
    """Weights with the names of the models from outside in place of their numbers."""
    others = {f"other_{number}": one.name for number, one in enumerate(members)}
    return {others.get(name, name): weight for name, weight in weights.items()}


KINDS: Mapping[Kind, Callable[[Question], Outcome]] = {
    "sum": sum_outcome,
    "rate": rate_outcome,
    "stock": stock_outcome,
    "average": average_outcome,
}
