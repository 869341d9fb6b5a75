"""Dates and times as people write them: 2026-04-01, 2026/4/1, 2026年4月1日, 令和8年4月1日, R8.4.1, 20260401.

A form whose order of day, month and year can't be told (`4/1/26`, `3/1/2017`) is refused unless the column
declares it, e.g. `formats: ["%m/%d/%Y"]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dagster_project.kpi.model import SourceColumn
from dagster_project.landing.numerals import BadCell, narrow, shape

ERA = "japanese_era"


class Era(NamedTuple):
    name: str
    first: date
    last: date


_ERAS = {
    "R": Era("令和", date(2019, 5, 1), date.max),
    "H": Era("平成", date(1989, 1, 8), date(2019, 4, 30)),
    "S": Era("昭和", date(1926, 12, 25), date(1989, 1, 7)),
    "T": Era("大正", date(1912, 7, 30), date(1926, 12, 24)),
    "M": Era("明治", date(1868, 1, 25), date(1912, 7, 29)),
}
_ERA_LETTERS = {era.name: letter for letter, era in _ERAS.items()} | {
    "㋿": "R", "㍻": "H", "㍼": "S", "㍽": "T", "㍾": "M",
}  # fmt: skip
_WEEKDAY = r"(?:\s*\(?(?P<weekday>[月火水木金土日])(?:曜日?)?\)?)?"
_ERA_DATE = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[㋿㍻㍼㍽㍾]|[RHSTMrhstm])\s?(?P<year>元|[0-9]{1,2})"
    r"(?:年\s?(?P<month>[0-9]{1,2})月\s?(?P<day>[0-9]{1,2})日"
    r"|(?P<sep>[./-])(?P<month2>[0-9]{1,2})(?P=sep)(?P<day2>[0-9]{1,2}))" + _WEEKDAY
)
_PLAIN_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?P=sep)(?P<day>[0-9]{1,2})"
    r"|年\s?(?P<month2>[0-9]{1,2})月\s?(?P<day2>[0-9]{1,2})日"
    r"|(?P<month3>[0-9]{2})(?P<day3>[0-9]{2}))" + _WEEKDAY
)
_ORDER_UNKNOWN = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})(?![0-9]).*")
_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"|時(?P<minute2>[0-9]{1,2})分(?:(?P<second2>[0-9]{1,2})秒)?)"
    r"\s?(?P<offset>Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_COMPACT = re.compile(r"(?P<date>[0-9]{8})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadCell("is no day of the calendar") from error


def _checked_weekday(day: date, weekday: str | None) -> date:
    if weekday and "月火水木金土日"[day.weekday()] != weekday:
        raise BadCell("names another weekday than its date has")
    return day


def _era_date(text: str) -> date | None:
    found = _ERA_DATE.fullmatch(text)
    if not found:
        return None
    written = found["era"]
    era = _ERAS[_ERA_LETTERS.get(written, written.upper())]
    nth = 1 if found["year"] == "元" else int(found["year"])
    if nth == 0:
        raise BadCell("names year 0 of an era")
    day = _day(
        era.first.year + nth - 1, int(found["month"] or found["month2"]), int(found["day"] or found["day2"])
    )
    if not era.first <= day <= era.last:
        raise BadCell(
            f"lies outside {era.name} ({era.first} to {'today' if era.last == date.max else era.last})"
        )
    return _checked_weekday(day, found["weekday"])


def _usual_date(text: str) -> date:
    found = _PLAIN_DATE.fullmatch(text)
    if found:
        month = found["month"] or found["month2"] or found["month3"]
        day = found["day"] or found["day2"] or found["day3"]
        return _checked_weekday(_day(int(found["year"]), int(month), int(day)), found["weekday"])
    era = _era_date(text)
    if era:
        return era
    if _ORDER_UNKNOWN.fullmatch(text):
        raise BadCell(
            f'is ambiguous ({shape(text)}); declare the order of day and month, e.g. formats: ["%m/%d/%Y"]'
        )
    raise BadCell(f"is not a date ({shape(text)})")


def _by_formats(text: str, formats: tuple[str, ...]) -> datetime:
    for pattern in formats:
        if pattern == ERA:
            day = _era_date(text)
            if day:
                return datetime.combine(day, time())
            continue
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    raise BadCell(f"is in none of the declared formats {', '.join(formats)} ({shape(text)})")


def day_of(text: str, column: SourceColumn) -> date:
    """The day that `text` writes; a time of day is accepted only where it is midnight without an offset."""
    written = narrow(text)
    if column.formats:
        moment = _by_formats(written, column.formats)
        if moment.time() != time() or moment.tzinfo:
            raise BadCell("has a time of day; declare the column as timestamp")
        return moment.date()
    for mark in ("T", " "):
        head, mark_found, tail = written.partition(mark)
        if mark_found and _CLOCK.fullmatch(tail.strip()):
            if tail.strip("0:. ") or any(sign in tail for sign in "+-Zz"):
                raise BadCell("has a time of day; declare the column as timestamp")
            written = head
            break
    return _usual_date(written)


def _offset(written: str) -> tzinfo:
    if written in ("Z", "z", "UTC", "GMT"):
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise BadCell("has an offset that no zone has")
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if written[0] == "-" else shift)


def _usual_moment(text: str) -> datetime:
    compact = _COMPACT.fullmatch(text)
    if compact:
        day, clock, zone = _usual_date(compact["date"]), compact, None
        parts = (clock["hour"], clock["minute"], clock["second"], "0")
    else:
        at = re.search(r"(?<=[0-9日)])(?:T|\s)\s?(?=[0-9])|(?<=日)(?=[0-9])", text)
        if not at:
            return datetime.combine(_usual_date(text), time())
        day = _usual_date(text[: at.start()].strip())
        found = _CLOCK.fullmatch(text[at.end() :].strip())
        if not found:
            raise BadCell(f"is not a time ({shape(text)})")
        zone = _offset(found["offset"]) if found["offset"] else None
        parts = (
            found["hour"],
            found["minute"] or found["minute2"] or "0",
            found["second"] or found["second2"] or "0",
            (found["fraction"] or "0").ljust(6, "0")[:6],
        )
    try:
        hour, minute, second, fraction = (int(part) for part in parts)
        return datetime.combine(day, time(hour, minute, second, fraction), zone)
    except ValueError as error:
        raise BadCell("is no time of a day") from error


def moment_reader(column: SourceColumn, calendar_zone: str) -> Callable[[str], datetime]:
    """A parser to naive local time of the calendar's zone.

    An offset in the text is honoured; without one the text is in the column's zone, else the calendar's.
    """
    local = ZoneInfo(calendar_zone)
    written_in = ZoneInfo(column.timezone) if column.timezone else local

    def read(text: str) -> datetime:
        written = narrow(text)
        moment = _by_formats(written, column.formats) if column.formats else _usual_moment(written)
        if moment.tzinfo is None:
            if written_in.key == local.key:
                return moment
            moment = moment.replace(tzinfo=written_in)
        try:
            return moment.astimezone(local).replace(tzinfo=None)
        except OverflowError as error:
            raise BadCell("is beyond the calendar") from error

    return read
