"""Past origins as tasks: what the engine would have said in the middle of past periods, against what came.

Origins lie at a quarter, half and three quarters of every month and quarter. At each the period's total is
forecast, and the probability of reaching what the period before, and the same one a year ago, came to, times
0.95, 1, 1.05 and 1.10. Run-rate (the mean day so far, times the days of the period) is what it is compared
with. An origin is forecast from the days before it and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from dagster_project.calendar.fiscal import Period, period_of
from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.days import Days
from dagster_project.forecast.engine import Engine, chance, quantiles_of
from dagster_project.forecast.history import History
from dagster_project.forecast.outcomes import Kind, value_of
from dagster_project.forecast.rates import RateEngine
from dagster_project.forecast.stocks import StockEngine
from dagster_project.kpi.model import CalendarRules, Grain

GRAINS: tuple[Grain, ...] = ("month", "quarter")
PHASES = (0.25, 0.5, 0.75)
FACTORS = (0.95, 1.0, 1.05, 1.1)
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
YEAR = 365  # days of history before the first origin

FORECASTS = [
    "set", "series", "grain", "period_end", "phase", "horizon", "status", "total",
    "p025", "p10", "p50", "p90", "p975", "run_rate",
]  # fmt: skip
CHANCES = ["set", "series", "grain", "phase", "horizon", "against", "factor", "probability", "attained"]


@dataclass(frozen=True)
class Series:
    """One value a day from `start`; `days` are those and no less. `group`: its data set, or its goal.

    Of a rate, `values` are the numerators and `bases` the denominators; of a stock, the levels of the days'
    ends.
    """

    group: str
    name: str
    start: date
    values: Floats
    days: Days
    bases: Floats | None = None
    kind: Kind = "sum"

    def history(self, first: int, end: int) -> History:
        """The days first..end-1."""
        bases = self.bases[first:end] if self.bases is not None else None
        return History(self.start + timedelta(days=first), self.values[first:end], bases)

    def value(self, first: int, end: int) -> float:
        """What the days first..end-1 come to. NaN where one is unknown, or there is no denominator."""
        found = value_of(self.kind, self.history(first, end), 1.0)
        return float("nan") if found is None else found


@dataclass(frozen=True)
class Replayed:
    """`forecasts`: one row an origin, columns FORECASTS. `chances`: one an origin and target, columns
    CHANCES; targets that a sum had reached before the origin are left in, with probability 1."""

    forecasts: pd.DataFrame
    chances: pd.DataFrame


def replay_series(
    series: Iterable[Series],
    rules: CalendarRules | None = None,
    *,
    grains: Sequence[Grain] = GRAINS,
    history: int = YEAR,
) -> Replayed:
    """Every task of every series. history: days known before an origin, at the least.

    A period with an unknown day, or without anything in it, is no task.
    """
    forecasts: list[tuple[object, ...]] = []
    chances: list[tuple[object, ...]] = []
    for one in series:
        outlooks = _Outlooks(one)
        for grain in grains:
            periods = list(_periods(one, grain, rules or CalendarRules()))
            totals = {period.start: one.value(*_span(one, period)) for period in periods}
            for period in periods:
                for row, targets in _tasks(one, outlooks, period, totals, history):
                    forecasts.append(row)
                    chances += targets
    return Replayed(pd.DataFrame(forecasts, columns=FORECASTS), pd.DataFrame(chances, columns=CHANCES))


def _periods(series: Series, grain: Grain, rules: CalendarRules) -> Iterator[Period]:
    """The periods that lie wholly inside the series."""
    last = series.start + timedelta(days=len(series.values) - 1)
    period = period_of(series.start, grain, rules)
    while period.end <= last:
        if period.start >= series.start:
            yield period
        period = period_of(period.end + timedelta(days=1), grain, rules)


def _span(series: Series, period: Period) -> tuple[int, int]:
    first = (period.start - series.start).days
    return first, first + period.days


class _Outlooks:
    """Equally likely ends of a period, seen from one of its days; what is learned once serves all of them."""

    def __init__(self, series: Series) -> None:
        self._series = series
        bases = series.bases
        self._stock = StockEngine(series.values, series.start) if series.kind == "stock" else None
        self._sum = Engine(series.values, series.days) if bases is None and self._stock is None else None
        self._rate = RateEngine(series.values, bases, series.days) if bases is not None else None
        known = np.isfinite(series.values) if bases is None else np.isfinite(series.values + bases)
        self.first = int(np.argmax(known)) if known.any() else len(known)

    def at(self, first: int, origin: int, end: int) -> tuple[Floats, str]:
        """(values at the end, ascending; status)."""
        if self._stock is not None:
            flow = self._stock.flow(origin, end - origin)
            return flow.ends, flow.status
        if self._sum is not None:
            remainder = self._sum.remainder(origin, end - origin)
            ends = float(self._series.values[first:origin].sum()) + remainder.samples
            return ends / (end - first if self._series.kind == "average" else 1), remainder.status
        assert self._rate is not None
        assert self._series.bases is not None
        rest = self._rate.remainder(origin, end - origin)
        top, bottom = (side[first:origin].sum() for side in (self._series.values, self._series.bases))
        return rest.ends(float(top), float(bottom), 1.0), rest.status


def _tasks(
    series: Series, outlooks: _Outlooks, period: Period, totals: dict[date, float], history: int
) -> Iterator[tuple[tuple[object, ...], list[tuple[object, ...]]]]:
    total = totals[period.start]
    if not total > 0:
        return
    first, end = _span(series, period)
    for phase in PHASES:
        origin = first + round(period.days * phase)
        if origin - outlooks.first < history:
            continue
        ends, status = outlooks.at(first, origin, end)
        found = quantiles_of(ends, LEVELS)
        if found is None:
            continue
        done = series.value(first, origin)
        is_sum = series.kind == "sum" and series.bases is None
        run_rate = done / (origin - first) * period.days if is_sum else done
        task = (series.group, series.name, period.grain)
        chances: list[tuple[object, ...]] = []
        for against, other in (("previous", period.previous), ("last year", period.previous_year)):
            base = totals.get(other.start, float("nan")) if other is not None else float("nan")
            if not base > 0:
                continue
            for factor in FACTORS:
                target = base * factor
                stated = 1.0 if is_sum and done >= target else chance(ends, target, np.inf)
                chances.append((*task, phase, end - origin, against, factor, stated, float(total >= target)))
        yield (
            (*task, period.end, phase, end - origin, status, total, *found, run_rate),
            chances,
        )


@dataclass(frozen=True)
class Scores:
    """Of the tasks at hand; NaN where there are none.

    error: mean |p50 - total| / total in the middle of periods over run-rate's. inside_80, inside_95: shares
    of totals inside p10..p90 and p025..p975. brier: mean (probability - attained)². skill: 1 - brier / that
    of climatology, which knows for each grain and kind of target how often it was reached among these very
    tasks.
    calibration: mean |stated probability - share attained| over ten bins, weighted by tasks.
    """

    tasks: int
    error: float
    inside_80: float
    inside_95: float
    brier: float
    skill: float
    calibration: float


def score(replayed: Replayed, *, middle_only: bool = True) -> Scores:
    """middle_only: error, brier and skill are those of the middle of periods; else of every origin."""
    forecasts, chances = replayed.forecasts, replayed.chances
    middle = forecasts[forecasts["phase"] == 0.5] if middle_only else forecasts
    asked = chances[chances["phase"] == 0.5] if middle_only else chances
    missed = (middle["p50"] - middle["total"]).abs() / middle["total"]
    paced = (middle["run_rate"] - middle["total"]).abs() / middle["total"]
    total = forecasts["total"]
    return Scores(
        len(forecasts),
        _share(missed.mean(), paced.mean()),
        float(((forecasts["p10"] <= total) & (total <= forecasts["p90"])).mean()),
        float(((forecasts["p025"] <= total) & (total <= forecasts["p975"])).mean()),
        float(((asked["probability"] - asked["attained"]) ** 2).mean()),
        brier_skill(asked),
        calibration_error(chances),
    )


def brier_skill(chances: pd.DataFrame) -> float:
    """1 - mean (p - o)² / the same of climatology (Brier 1950; Murphy 1973)."""
    if chances.empty:
        return float("nan")
    usual = chances.groupby(["grain", "against", "factor"])["attained"].transform("mean")
    wrong = ((chances["probability"] - chances["attained"]) ** 2).mean()
    return 1.0 - _share(wrong, ((usual - chances["attained"]) ** 2).mean())


def calibration_error(chances: pd.DataFrame) -> float:
    table = reliability(chances)
    if not table["tasks"].sum():
        return float("nan")
    return float((table["tasks"] * (table["stated"] - table["came"]).abs()).sum() / table["tasks"].sum())


def reliability(chances: pd.DataFrame) -> pd.DataFrame:
    """Ten bins of stated probability: tasks, mean stated, share that came true."""
    bins = np.minimum((chances["probability"].to_numpy(dtype=float) * 10).astype(int), 9)
    grouped = chances.groupby(bins)
    return pd.DataFrame(
        {
            "tasks": grouped.size(),
            "stated": grouped["probability"].mean(),
            "came": grouped["attained"].mean(),
        }
    ).reindex(range(10), fill_value=0)


def chosen(replayed: Replayed, **where: object) -> Replayed:
    """The tasks whose columns have these values (a value, or a collection of them)."""
    parts = []
    for table in (replayed.forecasts, replayed.chances):
        for column, wanted in where.items():
            options = wanted if isinstance(wanted, (list, tuple, set, frozenset, range)) else [wanted]
            table = table[table[column].isin(list(options))]
        parts.append(table)
    return Replayed(*parts)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
