"""Dates and amounts in the forms that Japanese systems and their users write."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_REIWA, _HEISEI = date(2019, 5, 1), date(1989, 1, 8)


def slashed(day: date | None) -> str:
    """2026/04/01; empty for None."""
    return f"{day:%Y/%m/%d}" if day else ""


def plain(day: date | None) -> str:
    """2026/4/1, as a spreadsheet shows it; empty for None."""
    return f"{day.year}/{day.month}/{day.day}" if day else ""


def era(day: date | None) -> str:
    """令和8年4月1日, 平成31年4月1日; empty for None."""
    if day is None:
        return ""
    name, first = ("令和", _REIWA) if day >= _REIWA else ("平成", _HEISEI)
    year = day.year - first.year + 1
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def minute(moment: datetime | None) -> str:
    """2026/04/01 09:05; empty for None."""
    return f"{moment:%Y/%m/%d %H:%M}" if moment else ""


def known(day: date | None, end: date) -> date | None:
    """`day`, or None where it lies after the span's end: nobody knows it yet."""
    return day if day is not None and day <= end else None


def yen(amount: int) -> str:
    """1,234円, ▲1,234円."""
    return f"▲{-amount:,}円" if amount < 0 else f"{amount:,}円"


def months_of(start: date, end: date) -> list[tuple[date, date, date]]:
    """A span's monthly exports as (written on, first day, last day), each written the day after its last."""
    found = []
    first = start
    while first <= end:
        next_month = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        last = min(next_month - timedelta(days=1), end)
        found.append((last + timedelta(days=1), first, last))
        first = last + timedelta(days=1)
    return found
