"""The level of a stock at a period's end: the last known level, and what flows in and out until then.

Several simple models of the net flow are replayed at every past origin over the same number of days and mixed
by how wrong each was; the errors of that mixture are the distribution, as for sums (replay.py,
distribution.py). No flow at all, which is what a random walk says, is one of the models: where nothing can be
known of a level but its last value, nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from dagster_project.forecast.arrays import TINY, Floats, Ints
from dagster_project.forecast.distribution import (
    normal_scores,
    replayed_horizon,
    spread_of,
    windows_of,
)
from dagster_project.forecast.engine import CONSTANT_FROM, MIN_DAYS, RECENT, Status
from dagster_project.forecast.replay import FIRST_ORIGIN, WIDEST, weights_of

EPOCH = date(1970, 1, 1).toordinal()

METHOD = "stock_conformal"
FEW_METHOD = "last_level"
MEMORIES = (14.0, 45.0, 180.0)  # half-lives of the mean daily flow, in days
MONTHS = (6, 12)  # months whose flow over the same days of the month is averaged
MID_MONTH = 15
YEAR = 364
RETURN = 45.0  # days in which a level comes back to its half-year mean by 63 %
USUAL = 182  # days of that mean
MODELS = (
    "no_flow",
    *(f"flow_{int(memory)}" for memory in MEMORIES),
    *(f"months_{count}" for count in MONTHS),
    "last_year",
    "half_last_year",
    "return",
)
LEAST_DOUBT, DOUBT_POWER = 0.05, 0.4  # how errors grow with disagreement
WIDER = 1.08  # than sums: periods end where levels move, at the end of months
PRIOR_SIZE = 1.1  # mean error in units; 1 is a random walk's with normal steps
LEAST_UNIT = 0.25  # of the mean step of all days so far


@dataclass(frozen=True)
class Flow:
    """What a level still changes by. `samples`: equally likely, ascending; empty where nothing is known.

    `last`: the last known level. `errors`: of past origins, in units, NaN where there is none; the first one
    belongs to the day `first_error` of the arrays given. `windows`: how many past flows side by side.
    """

    last: float
    samples: Floats
    status: Status
    method: str
    weights: dict[str, float]
    errors: Floats
    first_error: int
    windows: float
    is_nonnegative: bool

    @property
    def ends(self) -> Floats:
        ends = self.last + self.samples
        return np.maximum(ends, 0.0) if self.is_nonnegative else ends


class StockEngine:
    """levels: at the end of each day, NaN where unknown; start: the first day. Origin t knows levels[:t]."""

    def __init__(self, levels: Floats, start: date) -> None:
        known = np.isfinite(levels)
        self._first = int(np.argmax(known)) if known.any() else len(levels)
        self._known = known[self._first :]
        at = np.maximum.accumulate(np.where(self._known, np.arange(len(self._known)), 0))
        filled = np.where(known, levels, 0.0)[self._first :].astype(float)[at]
        # Figures of any size, without overflow; a power of two changes no digit.
        largest = float(np.abs(filled).max()) if len(filled) else 0.0
        self._size = 2.0 ** np.floor(np.log2(largest)) if largest > 0 else 1.0
        self._levels = filled / self._size
        self._start = start.toordinal() - EPOCH + self._first
        steps = np.abs(np.diff(self._levels))
        size = len(self._levels)
        self._means, self._unit = np.zeros((size + 1, len(MEMORIES))), np.zeros(size + 1)
        fades = 0.5 ** (1 / np.array(MEMORIES))
        flow, weight, step, count = np.zeros(len(MEMORIES)), np.zeros(len(MEMORIES)), 0.0, 0.0
        total = np.cumsum(np.concatenate([[0.0], steps]))
        for t in range(2, size + 1):
            flow = flow * fades + (self._levels[t - 1] - self._levels[t - 2])
            weight = weight * fades + 1.0
            step, count = step * fades[-1] + steps[t - 2], count * fades[-1] + 1.0
            self._means[t] = flow / weight
            self._unit[t] = max(step / count, LEAST_UNIT * total[t - 1] / (t - 1))

    def flow(self, origin: int, horizon: int) -> Flow:
        """Of the days origin..origin+horizon-1. Never raises on NaN, empty or constant levels."""
        found = self._flow(origin, horizon)
        return replace(found, last=found.last * self._size, samples=found.samples * self._size)

    def _flow(self, origin: int, horizon: int) -> Flow:
        origin = max(origin - self._first, 0)
        levels, known = self._levels[:origin], self._known[:origin]
        if not len(levels):
            return _known_flow(0.0, np.zeros(0), "short_history", "none", False)
        last, is_nonnegative = float(levels[-1]), bool(levels.min() >= 0)
        if horizon <= 0:
            return _known_flow(last, np.zeros(1), "ok", "none", is_nonnegative)
        recent = levels[-RECENT:][known[-RECENT:]]
        if len(recent) >= CONSTANT_FROM and np.ptp(recent) == 0:
            return _known_flow(last, np.zeros(1), "constant", "last_value", is_nonnegative)
        if known.sum() < MIN_DAYS or origin < MIN_DAYS + 2:
            samples = _from_few_days(levels, horizon)
            return _known_flow(last, samples, "short_history", FEW_METHOD, is_nonnegative)
        replayed = replayed_horizon(origin, horizon)
        origins = np.arange(FIRST_ORIGIN, origin + 1)
        found = self._at(origins, replayed)
        unit = self._unit[origins] * np.sqrt(replayed)
        over = origins + replayed <= origin
        end = np.minimum(origins + replayed, origin) - 1
        usable = over & self._known[end] & self._known[origins - 1]
        outcome = np.where(usable, self._levels[end] - self._levels[origins - 1], np.nan)
        scaled = np.maximum(unit, TINY)
        with np.errstate(invalid="ignore"):
            errors = np.clip((outcome[:, None] - found) / scaled[:, None], -WIDEST, WIDEST)
        weights = weights_of(errors, np.isfinite(found), replayed, MODELS.index("no_flow"))
        mixed = (weights * np.where(np.isfinite(found), found, 0.0)).sum(axis=1)
        # Models that disagree today say how wrong their mixture may be today, as for sums.
        apart = np.where(np.isfinite(found), (found - mixed[:, None]) ** 2, 0.0).sum(axis=1)
        doubt = np.sqrt(apart / np.isfinite(found).sum(axis=1)) / scaled
        scale = np.maximum(doubt, LEAST_DOUBT) ** DOUBT_POWER
        error = np.clip((outcome - mixed) / scaled, -WIDEST, WIDEST) / scale
        now = self._at(np.array([origin]), horizon)[0]
        usable_now = weights[-1] * np.isfinite(now)
        share = usable_now / max(float(usable_now.sum()), TINY)
        middle = float((share * np.where(np.isfinite(now), now, 0.0)).sum())
        usual = PRIOR_SIZE / float(scale[-1])
        deviations = (
            spread_of(error, replayed, usual, horizon, origin, self._unit[origin]) * scale[-1] * WIDER
        )
        status: Status = "short_history" if replayed < horizon else "ok"
        return Flow(
            last,
            middle + deviations * self._unit[origin] * np.sqrt(replayed),
            status,
            METHOD,
            {name: round(float(w), 6) for name, w in zip(MODELS, share, strict=True) if w > 0},
            error,
            self._first + FIRST_ORIGIN,
            windows_of(error, replayed),
            is_nonnegative,
        )

    def _at(self, origins: Ints, horizon: int) -> Floats:
        """(origins, MODELS): each model's flow over the horizon; NaN where it has none yet."""
        last = self._levels[origins - 1]
        found = [np.zeros(len(origins))]
        found += [self._means[origins, memory] * horizon for memory in range(len(MEMORIES))]
        found += [self._by_month(origins, horizon, months) for months in MONTHS]
        before = origins - 1 - YEAR
        has_year = (before >= 0) & (horizon <= YEAR)
        then = self._levels[np.maximum(before, 0)]
        change = self._levels[np.clip(before + horizon, 0, len(self._levels) - 1)] - then
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where((then > 0) & (last > 0), np.clip(last / then, 0.5, 2.0), 1.0)
        yearly = np.where(has_year, change * growth, np.nan)
        found += [yearly, 0.5 * yearly]
        sums = np.concatenate([[0.0], np.cumsum(self._levels)])
        since = np.maximum(origins - USUAL, 0)
        usual = (sums[origins] - sums[since]) / (origins - since)
        found.append((usual - last) * (1 - np.exp(-horizon / RETURN)))
        return np.stack(found, axis=1)

    def _by_month(self, origins: Ints, horizon: int, months: int) -> Floats:
        """The mean flow over as many days that ended on the same day of a month, told from its nearer end:
        contracts begin on the first, and end on the last."""
        end = self._start + origins + horizon - 1
        month = end.astype("datetime64[D]").astype("datetime64[M]")
        number, to_end = end - _last_day(month - 1), _last_day(month) - end
        total, count = np.zeros(len(origins)), np.zeros(len(origins))
        for back in range(1, months + 1 + horizon // 28):
            early, late = _last_day(month - back - 1) + number, _last_day(month - back) - to_end
            at = np.where(number <= MID_MONTH, early, late) - self._start
            usable = (at - horizon >= 0) & (at < origins) & (count < months)
            top = self._levels[np.clip(at, 0, len(self._levels) - 1)]
            bottom = self._levels[np.clip(at - horizon, 0, len(self._levels) - 1)]
            total += np.where(usable, top - bottom, 0.0)
            count += usable
        return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def _last_day(months: np.ndarray) -> Ints:
    """Days since 1970 of the last day of each month."""
    return np.asarray((months + 1).astype("datetime64[D]").astype(np.int64) - 1)


def _known_flow(last: float, samples: Floats, status: Status, method: str, is_nonnegative: bool) -> Flow:
    return Flow(last, samples, status, method, {}, np.zeros(0), 0, 0.0, is_nonnegative)


def _from_few_days(levels: Floats, horizon: int) -> Floats:
    """No flow but half of what the days show. Spread: that of the days, doubled because days hang together,
    and a drift of a quarter of the level over a year."""
    steps = np.diff(levels)
    mean = float(steps.mean()) if len(steps) else 0.0
    spread = float(steps.var()) if len(steps) else 0.0
    variance = 2 * spread * horizon + (0.25 * abs(float(levels[-1]))) ** 2 * horizon / 365
    return 0.5 * mean * horizon + np.sqrt(variance) * _NORMAL


_NORMAL = normal_scores(201)
