"""The end of a period for a rate: what its numerator and denominator will each have come to.

The denominator's remainder is forecast as any sum. The rate of the remainder is forecast like a level whose
days weigh as much as their denominators, times what a unit of these brings on such a day (orders close at
the end of a month, leads come evenly); its errors are those of past remainders over the denominators that
came. Both are drawn together, as they went together at the same past origins. Where little is counted, the
errors of counting are more than the past shows, and the rate is drawn from its posterior instead: Beta with
binomial counts where the numerator is a part of the denominator, else Gamma with Poisson ones (Gelman et al.,
Bayesian Data Analysis, 2013, chapters 2 and 3), from the half-Jeffreys prior.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from dagster_project.forecast.arrays import TINY, Floats
from dagster_project.forecast.days import Days
from dagster_project.forecast.distribution import COUNT, normal_scores, outlook
from dagster_project.forecast.engine import MIN_DAYS, Engine, Remainder, Status, is_intermittent, spread_over
from dagster_project.forecast.replay import FIRST_ORIGIN, Replay
from dagster_project.forecast.shares import given_shares, learn_shares, relative_shares

METHOD = "rate_conformal"
FEW = 20.0  # events to be expected below which counting decides
MEMORY = 180.0  # half-life of what the posterior knows, in days
PRIOR = 0.5
RELATION_WINDOWS = 6.0  # a correlation seen in so many windows is believed by half
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class RateRemainder:
    """Equally likely pairs: what numerator and denominator still come to. Empty where nothing is known.

    `expected`, `bases`: what each day to come adds to the middle of the numerator and of the denominator.
    """

    tops: Floats
    bottoms: Floats
    expected: Floats
    bases: Floats
    status: Status
    method: str
    weights: dict[str, float]
    windows: float

    def ends(self, top: float, bottom: float, scale: float) -> Floats:
        """The period's values, ascending, from what has come to date; empty where there is no denominator."""
        whole = bottom + self.bottoms
        usable = whole > 0
        if not len(usable) or usable.mean() < 0.5:
            return np.zeros(0)
        return np.sort(scale * (top + self.tops[usable]) / whole[usable])


class RateEngine:
    """tops, bottoms: numerator and denominator, one a day, NaN where unknown; days: of those and to come."""

    def __init__(self, tops: Floats, bottoms: Floats, days: Days) -> None:
        known = np.isfinite(tops) & np.isfinite(bottoms) & (np.nan_to_num(bottoms) >= 0)
        self._first = int(np.argmax(known)) if known.any() else len(tops)
        self._tops = np.where(known, tops, np.nan)[self._first :].astype(float)
        self._bottoms = np.where(known, bottoms, np.nan)[self._first :].astype(float)
        self._days = days.after(self._first)
        self._base = Engine(self._bottoms, self._days)
        self._rate: Replay | None = None
        self._relative: Floats | None = None

    @property
    def first(self) -> int:
        """The first day known on both sides."""
        return self._first

    def replay(self) -> Replay:
        """The rate's, from the first known day on."""
        return self._replay()[0]

    def _replay(self) -> tuple[Replay, Floats]:
        """The rate's replay, and how much a unit of the denominator brings by vintage and day."""
        if self._rate is None or self._relative is None:
            bottom = learn_shares(self._bottoms, self._days)
            self._relative = relative_shares(learn_shares(self._tops, self._days), bottom)
            shares = given_shares(self._tops, self._bottoms, self._relative, bottom.vintage)
            self._rate = Replay(self._tops, shares)
        return self._rate, self._relative

    def remainder(self, origin: int, horizon: int) -> RateRemainder:
        """The days origin..origin+horizon-1; origin counts from the first day of the arrays given."""
        origin = max(origin - self._first, 0)
        tops, bottoms = self._tops[:origin], self._bottoms[:origin]
        base = self._base.remainder(origin, horizon)
        if horizon <= 0:
            nothing = np.zeros(1)
            return RateRemainder(nothing, nothing, np.zeros(0), np.zeros(0), "ok", "none", {}, 0.0)
        if not len(base.samples) or not np.nansum(bottoms) > 0:
            empty = np.zeros(0)
            none = np.zeros(horizon)
            return RateRemainder(empty, empty, none, base.expected, "short_history", "none", {}, 0.0)
        events = _Events(tops, bottoms)
        expected = max(float(np.median(base.samples)), 0.0)
        few = events.rate * expected < FEW * (1.0 if events.are_counted else events.size)
        known = int((~np.isnan(tops)).sum())
        if few or known < MIN_DAYS or origin < MIN_DAYS + 2:
            status: Status = "short_history" if known < MIN_DAYS else "ok"
            more = np.ones(horizon)
            if known >= MIN_DAYS:
                # In units of what the days so far brought, which is what the posterior knows.
                before = _mean_over(self._more(0, origin, at=origin), bottoms)
                more = self._more(origin, horizon) / before
            return _from_posterior(events, base, more, status)
        return self._from_errors(origin, horizon, base, expected, events)

    def _from_errors(
        self, origin: int, horizon: int, base: Remainder, expected: float, events: _Events
    ) -> RateRemainder:
        ahead = np.maximum(base.expected, 0.0) * self._more(origin, horizon)
        found = outlook(self._replay()[0], origin, horizon, float(ahead.sum()))
        rates = (found.level * ahead.sum() + found.deviations) / max(expected, TINY)
        lowest = 0.0 if events.never_negative else -np.inf
        rates = np.clip(rates, lowest, 1.0 if events.is_part else np.inf)
        middle = float(np.median(rates)) * expected
        relation = self._relation(origin, found.replayed, found.windows)
        bottoms = _resampled(base.samples)
        rates = rates[_ranks(relation)]
        status: Status = "short_history" if found.replayed < horizon else "ok"
        if status == "ok" and is_intermittent(self._tops[:origin], self._days.design[:origin, :7]):
            status = "intermittent"
        return RateRemainder(
            rates * bottoms,
            bottoms,
            spread_over(ahead, middle),
            base.expected,
            status,
            METHOD,
            found.weights,
            found.windows,
        )

    def _more(self, first: int, days: int, at: int | None = None) -> Floats:
        """How much more than usual a unit of the denominator brings on each of `days` days, as known on the
        first of them, or on `at`."""
        replay, relative = self._replay()
        return relative[replay.shares.vintage[first if at is None else at], first : first + days]

    def _relation(self, origin: int, horizon: int, windows: float) -> float:
        """Correlation of the errors of rate and denominator at the same past origins, shrunk."""
        if self._base.first:
            return 0.0
        past = slice(0, max(origin - FIRST_ORIGIN - horizon + 1, 0))
        one = self._replay()[0].window(horizon).error[past]
        other = self._base.replay().window(horizon).error[past]
        usable = np.isfinite(one) & np.isfinite(other)
        one, other = one[usable], other[usable]
        if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
            return 0.0
        found = float(np.corrcoef(one, other)[0, 1])
        return float(np.clip(found * windows / (windows + RELATION_WINDOWS), -0.95, 0.95))


class _Events:
    """What the posterior counts: how many events (of which size) came from how much, newer days more.

    A sum is counted as if it came in events of one size, the one that gives its days their variation about
    the rate (quasi-Poisson dispersion; McCullagh & Nelder 1989).
    """

    def __init__(self, tops: Floats, bottoms: Floats) -> None:
        known = ~np.isnan(tops)
        weights = 0.5 ** ((len(tops) - np.arange(len(tops)))[known] / MEMORY)
        top, bottom = tops[known], bottoms[known]
        self.top = float((weights * top).sum())
        self.bottom = float((weights * bottom).sum())
        self.rate = self.top / max(self.bottom, TINY)
        self.are_counted = bool(np.all(top == np.round(top)) and np.all(bottom == np.round(bottom)))
        self.never_negative = bool(len(top) == 0 or top.min() >= 0)
        self.is_part = self.are_counted and self.never_negative and bool(np.all(top <= bottom))
        expected = self.rate * bottom
        largest = max(
            float(np.abs(top).max()) if len(top) else 0.0, TINY
        )  # squares of any figure, in its units
        squares = float((weights * ((top - expected) / largest) ** 2).sum())
        dispersion = largest * squares / max(float((weights * np.abs(expected)).sum()) / largest, TINY)
        self.size = max(dispersion, 1.0) if self.are_counted else dispersion
        self.seed = int.from_bytes(hashlib.sha256(repr((self.top, self.bottom)).encode()).digest()[:4])


def _from_posterior(events: _Events, base: Remainder, more: Floats, status: Status) -> RateRemainder:
    """more: how much more than usual a unit of the denominator brings, on each day to come."""
    random = np.random.default_rng(events.seed)
    bottoms = np.maximum(random.permutation(_resampled(base.samples)), 0.0)
    ahead = np.maximum(base.expected, 0.0)
    factor = float((ahead * more).sum() / ahead.sum()) if ahead.sum() > 0 else 1.0
    size = max(events.size, TINY)
    if events.is_part:
        method = "beta_posterior"
        rates = random.beta(events.top + PRIOR, max(events.bottom - events.top, 0.0) + PRIOR, COUNT)
        rates = np.minimum(rates * factor, 1.0)
        tops = random.binomial(np.round(bottoms).astype(np.int64), rates).astype(float)
    else:
        method = "gamma_posterior"
        count = max(events.top / size, 0.0)
        rates = factor * random.gamma(count + PRIOR, 1.0 / max(events.bottom, TINY), COUNT)
        tops = random.poisson(np.minimum(rates * bottoms, 1e15)) * size
        rates = rates * size
    expected = spread_over(ahead * more, float(np.median(rates)) * float(ahead.sum()))
    return RateRemainder(tops, bottoms, expected, base.expected, status, method, {}, base.windows)


def _mean_over(values: Floats, weights: Floats) -> float:
    """The mean by weights that are NaN where unknown; 1 where there are none."""
    known = np.nan_to_num(weights)
    return float((values * known).sum() / known.sum()) if known.sum() > 0 else 1.0


def _resampled(samples: Floats) -> Floats:
    """COUNT equally likely values."""
    at = (np.arange(len(samples)) + 0.5) / len(samples)
    return np.interp((np.arange(COUNT) + 0.5) / COUNT, at, samples)


def _ranks(relation: float) -> np.ndarray:
    """An order of COUNT values that goes with 0, 1, 2, ... as strongly as `relation` (Gaussian copula)."""
    scattered = _SCORES[np.argsort(np.argsort((np.arange(COUNT) + 1) * GOLDEN % 1.0))]
    return np.argsort(np.argsort(relation * _SCORES + np.sqrt(1 - relation**2) * scattered))


_SCORES = normal_scores(COUNT)
