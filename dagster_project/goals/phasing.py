"""A period's target spread over its days, exactly: the last day's cumulative target is the target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.calendar.fiscal import Period
from dagster_project.goals.model import Phasing


@dataclass(frozen=True)
class Phased:
    """The days of a period and how many weights are due up to each of them (`due[i]` of `due[-1]`)."""

    days: tuple[date, ...]
    due: tuple[int, ...]

    def share(self, through: date | None) -> Fraction:
        """The share of the target that is due through the day, in: 0 before the period, 1 after it."""
        if through is None or through < self.days[0]:
            return Fraction(0)
        if through >= self.days[-1]:
            return Fraction(1)
        return Fraction(self.due[(through - self.days[0]).days], self.due[-1])

    def cumulative(self, target: Fraction) -> list[Fraction]:
        """What is due through each day."""
        return [target * Fraction(due, self.due[-1]) for due in self.due]

    def daily(self, target: Fraction) -> list[Fraction]:
        """What each day adds."""
        before = (0, *self.due[:-1])
        return [
            target * Fraction(due - last, self.due[-1]) for due, last in zip(self.due, before, strict=True)
        ]


def phase(period: Period, phasing: Phasing, calendar: BusinessCalendar) -> Phased:
    """Equal shares for every calendar day, or for every business day and none for the others.

    A period without any business day is phased by calendar days.
    """
    days = days_between(period.start, period.end)
    weights = [1] * len(days)
    if phasing == "business_days":
        weights = [int(calendar.is_business_day(day)) for day in days]
        if not any(weights):
            weights = [1] * len(days)
    due, total = [], 0
    for weight in weights:
        total += weight
        due.append(total)
    return Phased(tuple(days), tuple(due))
