"""A node's target by day: the path that leads to the target of the period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import Period
from dagster_project.goals.frames import Day, Slice
from dagster_project.goals.model import EVEN_MONTHS, Goal, Node, Phasing
from dagster_project.goals.phasing import Phased, phase

Daily = Mapping[Slice, Mapping[date, Day]]
TOTAL_SLICE = ("total", "total")


@dataclass(frozen=True)
class Path:
    """`daily`: what each day asks for; of a level, the level itself. `cumulative`: what is due through it."""

    days: tuple[date, ...]
    daily: tuple[Fraction, ...]
    cumulative: tuple[Fraction, ...]
    target: Fraction

    def due(self, through: date) -> Fraction:
        """What is due through a day from the first one on; after the last day the target."""
        return self.cumulative[min((through - self.days[0]).days, len(self.days) - 1)]


class Shapes:
    """How targets are due over the days, node by node; `daily` holds the days of the year before."""

    def __init__(self, calendar: BusinessCalendar, daily: Daily) -> None:
        self.calendar = calendar
        self.daily = daily
        self._phase = cache(self._phased)

    def of(self, goal: Goal, node: Node) -> Phased:
        """A rate that accumulates does so month by month, whatever the goal's phasing: its year has twelve
        months, not so many business days."""
        if node.kpi is None:
            return self._phase(goal.period, Phasing(), None)
        if not node.kpi.grows:
            return self._phase(goal.period, EVEN_MONTHS, None)
        slice_ = (node.kpi.name, node.dimension, node.segment)
        phasing = node.phasing or goal.phasing
        return self._phase(goal.period, phasing, slice_ if phasing.by == "last_year" else None)

    def path(self, goal: Goal, node: Node, target: Fraction) -> Path:
        """The path to a target of the period. A stock's runs from its opening level, by even months, where
        that is written or known."""
        phased = self.of(goal, node)
        opening = self._opening(goal, node)
        if opening is not None:
            levels = tuple(opening + (target - opening) * share for share in phased.due)
            return Path(phased.days, levels, levels, target)
        if not node.accumulates:
            level = (target,) * len(phased.days)
            return Path(phased.days, level, level, target)
        return Path(phased.days, tuple(phased.daily(target)), tuple(phased.cumulative(target)), target)

    def _opening(self, goal: Goal, node: Node) -> Fraction | None:
        """The level of a stock before the period: as written, else of the day before its first."""
        if not node.is_stock or node.kpi is None or node.opening is not None:
            return node.opening
        return self._known((node.kpi.name, node.dimension, node.segment)).get(
            goal.period.start - timedelta(days=1)
        )

    def _phased(self, period: Period, phasing: Phasing, slice_: Slice | None) -> Phased:
        return phase(period, phasing, self.calendar, self._known(slice_) if slice_ else None)

    def _known(self, slice_: Slice) -> dict[date, Fraction]:
        """The values of the days that the sources know. A segment without a row had nothing that day."""
        own = self.daily.get(slice_, {})
        found = {}
        for day, total in self.daily.get((slice_[0], *TOTAL_SLICE), {}).items():
            if total.is_known:
                value = own[day].numerator if day in own else 0.0
                found[day] = Fraction(repr(value or 0.0))
        return found
