"""Periods: weeks, months, and quarters, halves and years of a fiscal year that may start in any month.

A fiscal year is named by the calendar year of its first day: FY2026 that starts in April is
2026-04-01..2027-03-31. Quarters and halves are fiscal. A week belongs to the year that holds its fourth
day; with weeks that start on Monday this is ISO 8601.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dagster_project.kpi.model import CalendarRules, Grain

PeriodGrain = Grain | Literal["range"]

EVER = date(1, 1, 1)  # the start that keys a period of grain `all`

MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "fiscal_year": 12}


@dataclass(frozen=True, order=True)
class Period:
    """Days from `start` to `end`, both in. The key of a period is its grain and start.

    Grain `range` is any run of days that is not one of the natural periods.
    """

    grain: PeriodGrain
    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def previous(self) -> Period | None:
        """The period of the same grain just before; None for `all`, `range`, and before the year 1."""
        try:
            if self.grain == "day":
                return _day(self.start - timedelta(days=1))
            if self.grain == "week":
                return _week(self.start - timedelta(days=7))
            if self.grain in MONTHS:
                return _months(self.grain, add_months(self.start, -MONTHS[self.grain]))
        except (OverflowError, ValueError):
            return None
        return None

    @property
    def previous_year(self) -> Period | None:
        """The period with the same key a year before; None where that year has no such period (29 February,
        week 53), and for `all` and `range`."""
        try:
            if self.grain == "day":
                return _day(self.start.replace(year=self.start.year - 1))
            if self.grain == "week":
                year, number = week_key(self.start)
                return _numbered_week(year - 1, number, self.start.weekday())
            if self.grain in MONTHS:
                return _months(self.grain, add_months(self.start, -12))
        except (OverflowError, ValueError):
            return None
        return None


def period_of(day: date, grain: Grain, rules: CalendarRules) -> Period:
    """The period of that grain which holds the day."""
    if grain == "day":
        return _day(day)
    if grain == "week":
        first_weekday = 0 if rules.week_start == "monday" else 6
        return _week(day - timedelta(days=(day.weekday() - first_weekday) % 7))
    if grain == "all":
        return Period("all", EVER, date.max)
    months_in = (day.month - rules.fiscal_start_month) % 12 % MONTHS[grain]
    return _months(grain, add_months(day.replace(day=1), -months_in))


def fiscal_year_of(day: date, rules: CalendarRules) -> int:
    """The name of the fiscal year that holds the day: the calendar year it starts in."""
    return day.year if day.month >= rules.fiscal_start_month else day.year - 1


def fiscal_period(
    rules: CalendarRules, fiscal_year: int, quarter: int | None = None, half: int | None = None
) -> Period:
    """A fiscal year, or its quarter 1-4, or its half 1-2. Raises ValueError for any other number."""
    start = date(fiscal_year, rules.fiscal_start_month, 1)
    if quarter is not None and half is not None:
        raise ValueError("a quarter or a half, not both")
    if quarter is not None:
        if quarter not in (1, 2, 3, 4):
            raise ValueError(f"quarter {quarter}: a fiscal year has quarters 1 to 4")
        return _months("quarter", add_months(start, 3 * (quarter - 1)))
    if half is not None:
        if half not in (1, 2):
            raise ValueError(f"half {half}: a fiscal year has halves 1 and 2")
        return _months("half", add_months(start, 6 * (half - 1)))
    return _months("fiscal_year", start)


def natural_period(start: date, end: date, rules: CalendarRules) -> Period:
    """start..end as the longest natural period with exactly these days, else as grain `range`."""
    for grain in ("fiscal_year", "half", "quarter", "month", "week", "day"):
        period = period_of(start, grain, rules)
        if (period.start, period.end) == (start, end):
            return period
    return Period("range", start, end)


def week_key(start: date) -> tuple[int, int]:
    """(year, number) of the week that starts on this day."""
    middle = start + timedelta(days=3)
    return middle.year, (middle.timetuple().tm_yday - 1) // 7 + 1


def add_months(first_of_month: date, months: int) -> date:
    """The first day of the month so many months later. Raises ValueError outside the years 1-9999."""
    index = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _day(day: date) -> Period:
    return Period("day", day, day)


def _week(start: date) -> Period:
    return Period("week", start, start + timedelta(days=6))


def _numbered_week(year: int, number: int, first_weekday: int) -> Period | None:
    fourth = date(year, 1, 4)  # always in week 1
    first = fourth - timedelta(days=(fourth.weekday() - first_weekday) % 7)
    week = _week(first + timedelta(weeks=number - 1))
    return week if week_key(week.start) == (year, number) else None


def _months(grain: PeriodGrain, start: date) -> Period:
    return Period(grain, start, add_months(start, MONTHS[grain]) - timedelta(days=1))
