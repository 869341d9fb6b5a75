"""A period's target spread over its days, exactly: the last day's cumulative target is the target."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.calendar.fiscal import Period
from dagster_project.goals.model import DayWeights, Phasing

ONE = Fraction(1)


@dataclass(frozen=True)
class Phased:
    """The days of a period and the weight of each, not all of them 0; what is due goes by weight."""

    days: tuple[date, ...]
    weights: tuple[Fraction, ...]

    @cached_property
    def due(self) -> tuple[Fraction, ...]:
        """The share of the whole that is due through each day; the last one is 1."""
        whole = sum(self.weights)
        return tuple(Fraction(weight, whole) for weight in accumulate(self.weights))

    def share(self, through: date | None) -> Fraction:
        """The share of the target that is due through the day, in: 0 before the period, 1 after it."""
        if through is None or through < self.days[0]:
            return Fraction(0)
        return self.due[min((through - self.days[0]).days, len(self.days) - 1)]

    def cumulative(self, target: Fraction) -> list[Fraction]:
        """What is due through each day."""
        return [target * due for due in self.due]

    def daily(self, target: Fraction) -> list[Fraction]:
        """What each day adds."""
        return differences(self.cumulative(target))


def differences(cumulative: Sequence[Fraction], before: Fraction = Fraction(0)) -> list[Fraction]:
    """What each day adds, from what is due through each."""
    return [due - last for due, last in zip(cumulative, (before, *cumulative[:-1]), strict=True)]


def phase(
    period: Period,
    phasing: Phasing,
    calendar: BusinessCalendar,
    year_before: Mapping[date, Fraction] | None = None,
) -> Phased:
    """The period's days with their weights.

    calendar_days: each the same · business_days: each of them the same, other days nothing; a period without
    any is phased by calendar days · months: a month's share over its calendar or business days likewise,
    where no shares are written a whole month's is that of any other, a part of one so much less · last_year:
    what the KPI came to on the same day of the year before, a negative day counting as nothing.

    `year_before`: the KPI's days, those of the period a year before among them. Where one of them is not
    known, or all are nothing, last_year gives way to its `days` (see Phasing).
    """
    days = days_between(period.start, period.end)
    if phasing.by == "last_year":
        found = _like_year_before(days, year_before or {})
        return found or Phased(tuple(days), tuple(_weights(days, phasing.days, calendar)))
    if phasing.by == "months":
        return _by_month(days, phasing, calendar)
    return Phased(tuple(days), tuple(_weights(days, phasing.days, calendar)))


def months_of(period: Period) -> list[tuple[int, int]]:
    """(year, month) of every month that the period touches."""
    return [key for key, _ in groupby(days_between(period.start, period.end), _month)]


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _weights(days: Sequence[date], by: DayWeights, calendar: BusinessCalendar) -> list[Fraction]:
    if by == "business_days":
        weights = [Fraction(calendar.is_business_day(day)) for day in days]
        if any(weights):
            return weights
    return [ONE] * len(days)


def _by_month(days: Sequence[date], phasing: Phasing, calendar: BusinessCalendar) -> Phased:
    weights: list[Fraction] = []
    for index, (month, inside) in enumerate(groupby(days, _month)):
        own = list(inside)
        inner = _weights(own, phasing.days, calendar)
        whole = phasing.shares[index] if phasing.shares else Fraction(len(own), monthrange(*month)[1])
        weights += [whole * weight / sum(inner) for weight in inner]
    return Phased(tuple(days), tuple(weights))


def _like_year_before(days: Sequence[date], known: Mapping[date, Fraction]) -> Phased | None:
    def value(day: date) -> Fraction | None:
        found = known.get(day)
        return None if found is None else max(found, Fraction(0))

    weights = [_year_before(day, value) for day in days]
    found = [weight for weight in weights if weight is not None]
    if len(found) < len(days) or not any(found):
        return None
    return Phased(tuple(days), tuple(found))


def _year_before(day: date, value: Callable[[date], Fraction | None]) -> Fraction | None:
    """The weight of the same day a year before. 29 February stands between its neighbours in a year that has
    none, and goes to the 28th where only the year before has one."""
    year = day.year - 1
    if (day.month, day.day) == (2, 29):
        before, after = value(date(year, 2, 28)), value(date(year, 3, 1))
        return None if before is None or after is None else (before + after) / 2
    own = value(day.replace(year=year))
    if (day.month, day.day) == (2, 28) and monthrange(year, 2)[1] == 29 and monthrange(day.year, 2)[1] == 28:
        leap = value(date(year, 2, 29))
        return None if own is None or leap is None else own + leap
    return own
