"""Business days: weekdays that are neither public holidays nor days the company declares closed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from typing import Any

from dagster_project.errors import UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import CalendarRules

ONE_DAY = timedelta(days=1)


def known_countries() -> tuple[str, ...]:
    """Country codes whose public holidays are known, sorted ("JP", "US", ...)."""
    import holidays

    return tuple(sorted(holidays.list_supported_countries()))


class BusinessCalendar:
    """Business days of one company.

    `rules.holidays` is a country code, or country and region ("DE-BY"); None knows no public holidays.
    A day in `rules.open_dates` is a business day whatever else is said of it.
    Raises UsageError for a country or region that is not known.
    """

    def __init__(self, rules: CalendarRules) -> None:
        self._rules = rules
        self._public = _public_holidays(rules.holidays)
        self._open = frozenset(rules.open_dates)
        self._closed = dict(rules.closed_dates)
        self._yearly = tuple(
            (_month_day(first), _month_day(last), name) for first, last, name in rules.closed_yearly
        )

    @property
    def closed_weekdays(self) -> tuple[int, ...]:
        """The weekdays that are usually closed; Monday is 0."""
        return self._rules.closed_weekdays

    def holiday_name(self, day: date) -> str | None:
        """Why the day is closed, by name: company day or public holiday. None for open days and plain
        weekends; the company's own name wins, for it is the more telling one."""
        if day in self._open:
            return None
        own = self._company_day(day)
        if own is not None:
            return own
        return self._public.get(day) if self._public is not None else None

    def is_business_day(self, day: date) -> bool:
        if day in self._open:
            return True
        if day.weekday() in self._rules.closed_weekdays or self._company_day(day) is not None:
            return False
        return self._public is None or day not in self._public

    def business_days(self, start: date, end: date) -> int:
        """How many business days lie in start..end, both ends in; 0 where end is before start."""
        return sum(self.is_business_day(day) for day in days_between(start, end))

    def days(self, start: date, end: date) -> list[tuple[date, bool, str | None]]:
        """(day, is a business day, holiday name) for every day in start..end, both ends in."""
        return [(day, self.is_business_day(day), self.holiday_name(day)) for day in days_between(start, end)]

    def _company_day(self, day: date) -> str | None:
        if day in self._closed:
            return self._closed[day]
        at = (day.month, day.day)
        for first, last, name in self._yearly:
            # A range such as 12-29..01-03 runs over the turn of the year.
            inside = first <= at <= last if first <= last else at >= first or at <= last
            if inside:
                return name
        return None


def days_between(start: date, end: date) -> list[date]:
    """Every day in start..end, both ends in; empty where end is before start."""
    return [start + timedelta(days=offset) for offset in range((end - start).days + 1)]


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


@cache  # every goal has a calendar, and a year of holidays takes milliseconds to work out
def _public_holidays(code: str | None) -> Any:
    if code is None:
        return None
    import holidays

    country, _, region = code.partition("-")
    if len(country) == 2:  # three letters are stock exchanges there, too
        with suppress(NotImplementedError):
            return holidays.country_holidays(country, subdiv=region or None)
    # Only now: the list of all countries loads each of them.
    regions = holidays.list_supported_countries().get(country)
    if regions is None:
        hint = suggest(country, known_countries()) or "write an ISO country code such as JP"
    else:
        hint = suggest(region, regions) or f"write '{country}' alone"
    raise UsageError(f"calendar.yml: 'holidays: {code}': no public holidays of that name are known; {hint}")
