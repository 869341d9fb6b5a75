"""Surveys with their waves: customers (NPS), the public (who knows the brand), employees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.sample.days import START, days_of, is_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors
from dagster_project.sample.staff import Employee
from dagster_project.sample.subscriptions import Subscriptions

PART_SURVEYS = 12

_NPS_TRUST = ((date(2026, 1, 1).toordinal(), 0.0), (date(2026, 10, 1).toordinal(), 1.0))
_PROMOTERS = Weighted({"10": 20, "9": 24, "8": 24, "7": 16, "6": 7, "5": 5, "4": 2, "3": 1, "0": 1})
_DOUBTERS = Weighted({"10": 8, "9": 12, "8": 22, "7": 21, "6": 14, "5": 13, "4": 5, "3": 3, "2": 1, "0": 1})
_KNOWN = ((date(2024, 5, 1).toordinal(), 0.115), (date(2026, 11, 1).toordinal(), 0.175))
_CONTENT = ((date(2024, 6, 1).toordinal(), 0.72), (date(2026, 12, 1).toordinal(), 0.58))
_PANEL = 300  # of those who are asked whether they know the brand


@dataclass(frozen=True)
class Response:
    """One answer. `group`: company size, age group or department; empty answer: the question was skipped."""

    id: str
    day: date
    group: str
    answer: str


def recommendation(book: Subscriptions, end: date) -> list[Response]:
    """Every January, April, July and October customers are asked whether they would recommend us (0-10)."""
    found = []
    for year, month in _waves(end, (1, 4, 7, 10)):
        asked_on = date(year, month, 10)
        draws = Draws(PART_SURVEYS, asked_on.toordinal())
        for customer in book.customers:
            replies, after = draws.chance(0.42), draws.between(0, 14)
            doubts = draws.uniform() < 0.35 + 0.35 * between_anchors(_NPS_TRUST, asked_on.toordinal())
            answer, skipped = draws.weighted(_DOUBTERS if doubts else _PROMOTERS), draws.chance(0.02)
            day = asked_on + timedelta(days=after)
            if replies and customer.active(asked_on) and day <= end:
                found.append(Response("", day, customer.size, "" if skipped else answer))
    return _numbered("N", found)


def awareness(end: date) -> list[Response]:
    """In May and November a panel is asked whether it has heard of the brand."""
    found = []
    for year, month in _waves(end, (5, 11)):
        first = date(year, month, 8)
        draws = Draws(PART_SURVEYS, first.toordinal())
        for _ in range(_PANEL):
            day = first + timedelta(days=draws.between(0, 9))
            group = draws.pick(("20代", "30代", "40代", "50代", "60代以上"))
            known = draws.chance(between_anchors(_KNOWN, first.toordinal()))
            if day <= end:
                found.append(Response("", day, group, "知っている" if known else "知らない"))
    return _numbered("B", found)


def contentment(people: list[Employee], end: date) -> list[Response]:
    """In June and December employees say from 1 to 5 how content they are; nobody is named."""
    found = []
    for year, month in _waves(end, (6, 12)):
        days = [day for day in days_of(date(year, month, 5), date(year, month, 20)) if is_business_day(day)]
        draws = Draws(PART_SURVEYS, days[0].toordinal())
        for person in people:
            day, replies = draws.pick(days), draws.chance(0.88)
            share = between_anchors(_CONTENT, days[0].toordinal()) - 0.1 * (person.department == "サポート")
            points = 1 + sum(draws.chance(share) for _ in range(4))
            if replies and person.employed(day) and day <= end:
                found.append(Response("", day, person.department, str(points)))
    return _numbered("P", found)


def _waves(end: date, months: tuple[int, ...]) -> list[tuple[int, int]]:
    years = range(START.year, end.year + 1)
    return [(year, month) for year in years for month in months if START <= date(year, month, 1) <= end]


def _numbered(letter: str, found: list[Response]) -> list[Response]:
    found.sort(key=lambda response: response.day)
    return [
        Response(f"{letter}{number:05d}", response.day, response.group, response.answer)
        for number, response in enumerate(found, start=1)
    ]
