"""The Japanese year as the company feels it: which days it works, and how busy a day is."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

START = date(2024, 4, 1)
END = date(2026, 10, 31)

_CLOSED = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3), (8, 13), (8, 14), (8, 15)}
_ONE_DAY = timedelta(days=1)


@cache
def public_holidays(year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("JP", years=year))


@cache
def is_business_day(day: date) -> bool:
    """Neither weekend, public holiday, year-end (29 Dec - 3 Jan) nor Obon (13 - 15 Aug)."""
    return day.weekday() < 5 and not is_festive(day) and day not in public_holidays(day.year)


def is_festive(day: date) -> bool:
    """Days on which the whole company rests: the turn of the year and Obon."""
    return (day.month, day.day) in _CLOSED


def is_golden_week(day: date) -> bool:
    return (4, 29) <= (day.month, day.day) <= (5, 6)


def next_business_day(day: date) -> date:
    """`day` itself where it is one."""
    while not is_business_day(day):
        day += _ONE_DAY
    return day


def last_business_days(year: int, month: int, count: int) -> list[date]:
    """The last `count` business days of a month, in order."""
    day = (date(year, month, 28) + 4 * _ONE_DAY).replace(day=1) - _ONE_DAY
    found: list[date] = []
    while len(found) < count:
        if is_business_day(day):
            found.append(day)
        day -= _ONE_DAY
    return found[::-1]


def days_of(start: date, end: date) -> list[date]:
    """Every day from start to end, both in."""
    return [start + timedelta(days=offset) for offset in range((end - start).days + 1)]


@cache
def office_demand(day: date) -> float:
    """How busy a day is for those who serve companies; an ordinary weekday is a little over 1."""
    if is_festive(day):
        return 0.2
    if day in public_holidays(day.year):
        return 0.3
    quiet = 0.75 if is_golden_week(day) or day.month == 8 else 1.0
    return (1.25, 1.3, 1.25, 1.2, 1.1, 0.5, 0.4)[day.weekday()] * quiet


@cache
def shop_demand(day: date) -> float:
    """How busy the shop is: small firms buy on weekdays, sales lift it, holidays quieten it."""
    demand = (1.15, 1.05, 1.05, 1.0, 0.95, 0.85, 0.95)[day.weekday()]
    if is_festive(day) or is_golden_week(day):
        demand *= 0.6
    elif day in public_holidays(day.year):
        demand *= 0.85
    return demand * (1.75 if sale_coupon(day) else 1.0)


def sale_coupon(day: date) -> str | None:
    """The coupon of the sale that runs on the day, if one does."""
    for first, last, coupon in (
        ((3, 10), (4, 7), "NEWLIFE10"),
        ((7, 1), (7, 14), "SUMMER10"),
        ((11, 21), (11, 30), "BLACK15"),
        ((12, 5), (12, 20), "THANKS10"),
    ):
        if first <= (day.month, day.day) <= last:
            return coupon
    return None
