"""Actions: what is done to drive a node, back-calculated one way and held against what can be done.

An action never enters an equation: `needed = driven target * share / yield`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.calendar.fiscal import Period, period_of
from dagster_project.goals.given import Base, Given
from dagster_project.kpi.model import CalendarRules, Grain, Kpi, Label

Per = Literal["business_day", "calendar_day", "week", "month", "quarter", "half", "year"]
_GRAINS: Mapping[Per, Grain] = {
    "week": "week", "month": "month", "quarter": "quarter", "half": "half", "year": "fiscal_year",
}  # fmt: skip


@dataclass(frozen=True)
class Capacity:
    """`n` a unit of time, after `ramp_days` in which it grows from the share `ramp_from` in equal steps."""

    n: Fraction
    per: Per
    ramp_days: int = 0
    ramp_from: Fraction = Fraction(1)


@dataclass(frozen=True)
class Action:
    """A counted activity with an owner, a due date and a capacity.

    `per_piece`: how much of the driven node one piece gives, from the node or KPI `yield_name` where it has
    one; None: not tied by figures. `start`..`due`: when it is done, both in. `given`: its target as written.
    """

    name: str
    label: Label
    kpi: Kpi
    dimension: str
    segment: str
    drives: str
    yield_name: str | None
    per_piece: Given | None
    share: Fraction
    given: Given | None
    owner: str | None
    start: date
    due: date
    capacity: Capacity | None

    def needed(
        self, driven: Fraction | None, factor: Fraction, bases: Mapping[Base, Fraction]
    ) -> Fraction | None:
        """Its target in a scenario: as given, times the factor, else what the driven target asks for."""
        if self.given is not None:
            value = self.given.at(bases)
            return None if value is None else value * factor
        each = self.per_piece.at(bases) if self.per_piece is not None else None
        if driven is None or not each:
            return None
        return driven * self.share / each


@dataclass(frozen=True)
class Load:
    """How a plan bears on what can be done: pieces wanted, pieces possible, and the days of the unit."""

    wanted: Fraction
    possible: Fraction

    @property
    def used(self) -> Fraction | None:
        """The share of the capacity that the plan takes; None where there is none at all."""
        return self.wanted / self.possible if self.possible else None

    @property
    def is_realistic(self) -> bool:
        return self.wanted <= self.possible


def bases_in(given: Mapping[str, Given], actions: Iterable[Action]) -> frozenset[Base]:
    """The actuals of earlier periods that figures of nodes and of actions rest on."""
    figures = [*given.values()]
    for action in actions:
        figures += [figure for figure in (action.given, action.per_piece) if figure is not None]
    return frozenset(figure.base for figure in figures if figure.base is not None)


def possible_by_day(
    capacity: Capacity, start: date, due: date, calendar: BusinessCalendar, rules: CalendarRules
) -> list[Fraction]:
    """How much can be done on each day of start..due.

    Per week or longer: an equal part of it on each of its business days (of all days where it has none).
    """
    grain: Grain = _GRAINS.get(capacity.per, "day")
    open_days: dict[Period, int] = {}
    found = []
    for index, day in enumerate(days_between(start, due)):
        unit = period_of(day, grain, rules)
        if unit not in open_days:
            open_days[unit] = calendar.business_days(unit.start, unit.end)
        if capacity.per == "calendar_day":
            each = capacity.n
        elif open_days[unit]:
            each = capacity.n / open_days[unit] if calendar.is_business_day(day) else Fraction(0)
        else:
            each = Fraction(0) if grain == "day" else capacity.n / unit.days
        if index < capacity.ramp_days:
            each *= capacity.ramp_from + (1 - capacity.ramp_from) * Fraction(index, capacity.ramp_days)
        found.append(each)
    return found
