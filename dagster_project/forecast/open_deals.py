"""Open cases as a model of what is still to come: each one's stage and age, and how such ones fared before.

For a horizon the same question is put to every week of the past: of the cases that were open then, at that
stage and age, how many were won within as many days? Those shares (won and in time, in one) times what a won
case brings, plus what cases bring that are opened and won within such a span, is the forecast. Nothing after
the origin is used: outcomes only of weeks whose span was over by then, amounts only of cases closed by then.

Stages and amounts of a past day come from the snapshots that nights have kept since the first. Before it,
cases are put together again from their own dates: which were open and how old is known, their stage is not;
shares by age stand in for it, and the mean amount for the case's own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from dagster_project.forecast.arrays import Floats, Ints
from dagster_project.forecast.days import Days
from dagster_project.forecast.engine import Engine
from dagster_project.goals.frames import as_date

NAME = "open_deals"
WEEK = 7
LOOK_BACK = 730  # days over which past weeks are asked
LEAST_WEEKS = 8
LEAST_WON = 20  # cases won, without which nothing is said
LEAST_SHARE = 0.2  # of what the history holds must have come from cases
AGES = (8, 15, 31, 61, 91, 181, 366)  # days at which an age group begins
PRIOR_CASES = 10.0  # what the share of all ages, or all stages, counts in that of one
FORGET = 365.0  # half-life of past weeks, in days
AMOUNT_MEMORY = 180.0  # half-life of won amounts, in days
OPEN = np.iinfo(np.int64).max // 2
UNKNOWN = -1


@dataclass(frozen=True)
class Book:
    """Every case. Days are ordinals; closed: OPEN where it is not known to be. counts: what is won once it is
    closed. amounts: what it brings then, 1 each where cases are counted.

    The changes that nights kept, oldest first: of which case, seen on which night, its stage (a number) and
    amount then. stages: of today, at as_of.
    """

    as_of: int
    opened: Ints
    closed: Ints
    counts: np.ndarray
    amounts: Floats
    stages: Ints
    change_case: Ints
    change_day: Ints
    change_stage: Ints
    change_amount: Floats
    is_count: bool
    _seen: dict[int, tuple[Ints, Floats]] = field(default_factory=dict, compare=False)

    @property
    def kept_from(self) -> int:
        return int(self.change_day[0]) if len(self.change_day) else OPEN

    def open_on(self, day: int) -> np.ndarray:
        return (self.opened <= day) & (self.closed > day)

    def seen_on(self, day: int) -> tuple[Ints, Floats]:
        """(stage, amount) of every case as that day's night saw it; UNKNOWN and NaN where none did."""
        if day not in self._seen:
            stage = np.full(len(self.opened), UNKNOWN, dtype=np.int64)
            amount = np.full(len(self.opened), np.nan)
            until = int(np.searchsorted(self.change_day, day, side="right"))
            # of several changes of a case the last one stands
            stage[self.change_case[:until]] = self.change_stage[:until]
            amount[self.change_case[:until]] = self.change_amount[:until]
            if day == self.as_of:
                stage = np.where(self.open_on(day), self.stages, stage)
                amount = np.where(self.open_on(day), self.amounts, amount)
            self._seen[day] = stage, amount
        return self._seen[day]

    def daily(self, start: date, size: int) -> Floats:
        """What won cases brought on each day."""
        at = self.closed - start.toordinal()
        won = self.counts & (at >= 0) & (at < size)
        found = np.zeros(size)
        np.add.at(found, at[won], self.amounts[won])
        return found

    def digest(self) -> str:
        parts = (
            self.opened, self.closed, self.counts, self.amounts.round(4), self.stages,
            self.change_case, self.change_day, self.change_stage, np.nan_to_num(self.change_amount).round(4),
        )  # fmt: skip
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def read_book(cases: pd.DataFrame, changes: pd.DataFrame, as_of: date, *, is_count: bool) -> Book:
    """cases: case (a key as text), opened, closed, stage, counts, amount: one row each, of the segment.
    changes: case, day, stage, amount; what nights kept, as far as it is known now.

    Cases that open after as_of are left out, and what closes after it is open: a night of the past knows no
    more than its day.
    """
    opened = _ordinals(cases["opened"])
    kept = (opened != OPEN) & (opened <= as_of.toordinal())
    names = cases["case"].astype(str).to_numpy()[kept]
    closed = _ordinals(cases["closed"])[kept]
    closed = np.where(closed > as_of.toordinal(), OPEN, closed)
    order = np.argsort(names, kind="stable")
    number = {name: at for at, name in enumerate(names[order])}
    stages: dict[str, int] = {}

    def coded(values: pd.Series) -> Ints:
        texts = values.astype(object).where(values.notna(), "").astype(str)
        codes, found = pd.factorize(texts.to_numpy(object))
        return np.array([stages.setdefault(text, len(stages)) for text in found], dtype=np.int64)[codes]

    changed = changes["case"].astype(str).to_numpy(object)
    known = changes[np.array([name in number for name in changed], dtype=bool)]
    known = known[_ordinals(known["day"]) <= as_of.toordinal()]
    known = known.sort_values(["day", "case"], kind="stable")
    amounts = np.ones(len(names)) if is_count else np.nan_to_num(_floats(cases["amount"])[kept])
    return Book(
        as_of.toordinal(),
        opened[kept][order],
        closed[order],
        cases["counts"].eq(True).to_numpy(bool, na_value=False)[kept][order] & (closed[order] != OPEN),
        amounts[order],
        coded(cases["stage"])[kept][order],
        np.array([number[name] for name in known["case"].astype(str).to_numpy(object)], dtype=np.int64),
        _ordinals(known["day"]),
        coded(known["stage"]),
        _floats(known["amount"]),
        is_count,
    )


@dataclass(frozen=True)
class _Span:
    """Cases open on a day by age group, those of them won within a horizon, and how many were won that were
    opened after it; the first two by stage as well, where that was kept."""

    open: Ints
    won: Ints
    new: int
    stages: dict[int, tuple[Ints, Ints]]


class OpenDeals:
    """The model of one series. values: one a day from `start`, the first one known; days: of those and of
    the days to come. What the series holds besides cases (another channel) goes by the daily engine."""

    name = NAME
    past_origins = 36

    def __init__(self, book: Book, start: date, values: Floats, days: Days) -> None:
        self._book, self._start = book, start
        self._spans: dict[tuple[int, int], _Span] = {}
        brought = book.daily(start, len(values))
        rest = values - brought
        known = ~np.isnan(values)
        size = float(np.abs(values[known]).sum())
        self.is_usable = (
            size > 0
            and book.counts.sum() >= LEAST_WON
            and float(np.abs(brought[known]).sum()) >= LEAST_SHARE * size
        )
        self._rest = Engine(rest, days) if float(np.abs(rest[known]).sum()) > 1e-6 * size else None

    def total(self, origin: int, horizon: int) -> float:
        """What the days origin..origin+horizon-1 bring; NaN where too little is known before them."""
        day = self._start.toordinal() + origin - 1
        found = self._of_cases(day, horizon)
        if self._rest is None or np.isnan(found):
            return found
        samples = self._rest.remainder(origin, horizon).samples
        return found + float(np.median(samples)) if len(samples) else float("nan")

    def _of_cases(self, day: int, horizon: int) -> float:
        book = self._book
        weeks = self._weeks(day, horizon)
        won = book.counts & (book.closed <= day)
        if len(weeks) < LEAST_WEEKS or won.sum() < LEAST_WON:
            return float("nan")
        weights = 0.5 ** ((day - book.closed[won]) / AMOUNT_MEMORY)
        usual = float((weights * book.amounts[won]).sum() / weights.sum())
        groups = len(AGES) + 1
        open_, won_in_time = np.zeros(groups), np.zeros(groups)
        by_stage: dict[int, tuple[Floats, Floats]] = {}
        new, total = 0.0, 0.0
        for week in weeks:
            weight = 0.5 ** ((day - week) / FORGET)
            span = self._span(week, horizon)
            open_ += weight * span.open
            won_in_time += weight * span.won
            new += weight * span.new
            total += weight
            for stage, counts in span.stages.items():
                counted = by_stage.setdefault(stage, (np.zeros(groups), np.zeros(groups)))
                counted[0][:] += weight * counts[0]
                counted[1][:] += weight * counts[1]
        of_all = won_in_time.sum() / max(open_.sum(), 1.0)
        by_age = (won_in_time + PRIOR_CASES * of_all) / (open_ + PRIOR_CASES)
        is_open = book.open_on(day)
        stages, own = (values[is_open] for values in book.seen_on(day))
        ages = np.digitize(day - book.opened[is_open], AGES)
        chances = by_age[ages]
        for stage, (seen, in_stage) in by_stage.items():
            at = stages == stage
            # A stage's own level first, then its ages: few cases at one age say little.
            expected = float((seen * by_age).sum())
            lift = (in_stage.sum() + PRIOR_CASES * of_all) / (expected + PRIOR_CASES * of_all)
            share = (in_stage + PRIOR_CASES * by_age * lift) / (seen + PRIOR_CASES)
            chances[at] = np.clip(share, 0.0, 1.0)[ages[at]]
        brings = usual if book.is_count else self._amounts(day, own, usual)
        return float((chances * brings).sum()) + usual * new / total

    def _span(self, week: int, horizon: int) -> _Span:
        """What became of the cases open on a past day within the horizon; the same for every origin."""
        if (week, horizon) not in self._spans:
            book, groups = self._book, len(AGES) + 1
            was_open = book.open_on(week)
            ages = np.digitize(week - book.opened[was_open], AGES)
            in_time = book.counts[was_open] & (book.closed[was_open] <= week + horizon)
            stages: dict[int, tuple[Ints, Ints]] = {}
            if week >= book.kept_from:
                seen = book.seen_on(week)[0][was_open]
                for stage in np.unique(seen[seen != UNKNOWN]):
                    at = seen == stage
                    stages[int(stage)] = (_counts(ages[at], groups), _counts(ages[at & in_time], groups))
            self._spans[week, horizon] = _Span(
                _counts(ages, groups),
                _counts(ages[in_time], groups),
                int(((book.opened > week) & book.counts & (book.closed <= week + horizon)).sum()),
                stages,
            )
        return self._spans[week, horizon]

    def _amounts(self, day: int, own: Floats, usual: float) -> Floats:
        """What each open case would bring: its own amount, as far as such came true, else the usual."""
        book = self._book
        closing = np.flatnonzero(book.counts & (book.closed <= day) & (book.closed > book.kept_from))
        said, came = 0.0, 0.0
        count = 0
        for case in closing:
            amount = book.seen_on(int(book.closed[case]) - 1)[1][case]
            if amount > 0:
                said, came, count = said + float(amount), came + float(book.amounts[case]), count + 1
        if count < LEAST_WON or not said > 0:
            return np.full(len(own), usual)
        return np.where(own > 0, own * came / said, usual)

    def _weeks(self, day: int, horizon: int) -> list[int]:
        """Past days, a week apart and the same ones for every origin, whose span was over by `day`."""
        latest = self._book.as_of - WEEK * -(-(self._book.as_of - (day - horizon)) // WEEK)
        first = int(self._book.opened.min(initial=OPEN)) + AGES[2]
        return list(range(latest, max(first, latest - LOOK_BACK) - 1, -WEEK))


def _counts(ages: Ints, groups: int) -> Ints:
    return np.bincount(ages, minlength=groups)


def _ordinals(values: pd.Series) -> Ints:
    """Days as ordinals, OPEN for NULL."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":  # whole columns: cases are many
        days = values.to_numpy("datetime64[D]")
        return np.where(np.isnat(days), OPEN, days.astype(np.int64) + date(1970, 1, 1).toordinal())
    return np.array([OPEN if pd.isna(one) else as_date(one).toordinal() for one in values], dtype=np.int64)


def _floats(values: pd.Series) -> Floats:
    return values.to_numpy(float, na_value=np.nan)
