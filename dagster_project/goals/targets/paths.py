"""A node's target by day: the path that leads to the target of the period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.model import EVEN_MONTHS, Goal, Node, Phasing
from dagster_project.goals.progress.days import TOTAL, Daily, Slice
from dagster_project.goals.targets.phasing import Phased, differences, phase

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Path:
    """`days`: from the first one that has a target to the period's last. `daily`: what each asks for; of a
    level, the level itself. `cumulative`: what is due through each; `opening`: before the first."""

    days: tuple[date, ...]
    daily: tuple[Fraction, ...]
    cumulative: tuple[Fraction, ...]
    target: Fraction
    opening: Fraction

    def due(self, through: date) -> Fraction:
        """What is due through the day; after the last one the target."""
        if through < self.days[0]:
            return self.opening
        return self.cumulative[min((through - self.days[0]).days, len(self.days) - 1)]

    def times(self, share: Fraction) -> Path:
        """The path to that share of the target."""
        return Path(
            self.days,
            tuple(day * share for day in self.daily),
            tuple(due * share for due in self.cumulative),
            self.target * share,
            self.opening * share,
        )

    def then(self, rest: Path) -> Path:
        """This path up to the rest's first day, and the rest from there on."""
        kept = (rest.days[0] - self.days[0]).days
        return replace(
            rest,
            days=self.days[:kept] + rest.days,
            daily=self.daily[:kept] + rest.daily,
            cumulative=self.cumulative[:kept] + rest.cumulative,
            opening=self.opening,
        )


class Shapes:
    """How targets are due over the days, node by node; `daily` holds the days of the year before."""

    def __init__(self, calendar: BusinessCalendar, daily: Daily) -> None:
        self.calendar = calendar
        self.daily = daily
        self._phase = cache(self._phased)

    def of(self, goal: Goal, node: Node) -> Phased:
        """Counts and sums go by the goal's phasing. A rate that accumulates, and a stock on its way, do so
        month by month: their year has twelve months, not so many business days."""
        if node.kpi is None or not node.kpi.grows:
            return self._phase(goal.period, EVEN_MONTHS, None)
        phasing = node.phasing or goal.phasing
        slice_ = (node.kpi.name, node.dimension, node.segment)
        return self._phase(goal.period, phasing, slice_ if phasing.by == "last_year" else None)

    def path(self, goal: Goal, node: Node, target: Fraction) -> Path:
        """The path to a target of the period, from its first day: from nothing, of a stock from its opening
        level."""
        start = self.opening(goal, node) if node.is_stock else Fraction(0)
        return self.rest(goal, node, target, start, goal.period.start)

    def rest(self, goal: Goal, node: Node, target: Fraction, start: Fraction | None, since: date) -> Path:
        """The path to a target of the period from `since` on, `start` being what is there before.

        What grows, and a stock on its way, is due from `start` on by the shares of the days that remain; by
        calendar days where none of them has a share. Any other level, and a stock whose start is not known
        (None), is the target on every day.
        """
        phased = self.of(goal, node)
        skipped = (since - goal.period.start).days
        days = phased.days[skipped:]
        moves = node.accumulates or (node.is_stock and node.origin != "assumed")
        if not moves or start is None:
            return Path(days, (target,) * len(days), (target,) * len(days), target, target)
        before = phased.share(since - ONE_DAY)
        shares = [(due - before) / (1 - before) for due in phased.due[skipped:]] if before < 1 else []
        shares = shares or [Fraction(index + 1, len(days)) for index in range(len(days))]
        cumulative = tuple(start + (target - start) * share for share in shares)
        daily = tuple(differences(cumulative, start)) if node.accumulates else cumulative
        return Path(days, daily, cumulative, target, start)

    def opening(self, goal: Goal, node: Node) -> Fraction | None:
        """A stock's level on the day before the period: as written, else as counted; None: not known."""
        if node.opening is not None or node.kpi is None:
            return node.opening
        slice_ = (node.kpi.name, node.dimension, node.segment)
        return self._known(slice_).get(goal.period.start - ONE_DAY)

    def _phased(self, period: Period, phasing: Phasing, slice_: Slice | None) -> Phased:
        return phase(period, phasing, self.calendar, self._known(slice_) if slice_ else None)

    def _known(self, slice_: Slice) -> dict[date, Fraction]:
        """The values of the days that the sources know. A segment without a row had nothing that day."""
        own = self.daily.get(slice_, {})
        found = {}
        for day, total in self.daily.get((slice_[0], TOTAL, TOTAL), {}).items():
            if total.is_known:
                found[day] = exact(own[day].numerator or 0.0) if day in own else Fraction(0)
        return found
