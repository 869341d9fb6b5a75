"""The people of the company: who is employed, and the hours they work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dagster_project.sample import names
from dagster_project.sample.days import START, days_of, is_business_day, is_festive, last_business_days
from dagster_project.sample.draws import Draws, between_anchors
from dagster_project.sample.recruiting import Application
from dagster_project.sample.sfa import ROSTER

PART_STAFF = 6
PART_HOURS = 7
PART_LEAVING = 22

DEPARTMENTS = ("経営管理", "営業", "マーケティング", "EC", "サポート", "人事", "開発", "製造")
_FOUNDERS = {
    "経営管理": 2,
    "マーケティング": 2,
    "EC": 1,
    "サポート": 3,
    "人事": 1,
    "開発": 5,
    "製造": 13,
}  # besides the sales roster
_LEAVES_A_YEAR = ((date(2025, 4, 1).toordinal(), 0.10), (date(2026, 8, 1).toordinal(), 0.15))

# share of the available hours that is worked; development is stretched since the spring of 2026
_WORKED = {"開発": 0.82, "製造": 0.92, "サポート": 0.88, "営業": 0.93}
_STRETCHED = ((date(2026, 3, 1).toordinal(), 0.0), (date(2026, 7, 1).toordinal(), 0.09))


@dataclass(frozen=True)
class Employee:
    """`left_on`: the last day of employment; None: still there."""

    id: str
    name: str
    department: str
    hired_on: date
    left_on: date | None = None

    def employed(self, day: date) -> bool:
        return self.hired_on <= day and (self.left_on is None or day <= self.left_on)


@dataclass(frozen=True)
class Hours:
    """A person's day."""

    day: date
    person_id: str
    department: str
    available: float
    worked: float


def simulate(end: date, applications: list[Application]) -> list[Employee]:
    """Everyone employed from the spring of 2024 to `end`; those who joined came through `applications`."""
    draws = Draws(PART_STAFF)
    people = [
        Employee("", rep.name, "EC" if rep.team == "EC" else "営業", rep.joined_on)
        for rep in ROSTER
        if rep.joined_on < START
    ]
    for department, count in _FOUNDERS.items():
        for _ in range(count):
            hired_on = date(draws.between(2012, 2023), draws.pick((4, 4, 4, 7, 10)), 1)
            people.append(Employee("", names.person(draws), department, hired_on))
    people.sort(key=lambda person: person.hired_on)
    joined = [done for done in applications if done.joined_on is not None and done.joined_on <= end]
    for done in sorted(joined, key=lambda done: (done.joined_on, done.id)):
        assert done.joined_on is not None
        people.append(Employee("", done.name, done.department, done.joined_on))
    return [
        replace(person, id=f"E{number:04d}", left_on=_leaves(person, number, end))
        for number, person in enumerate(people, start=1)
    ]


def _leaves(person: Employee, number: int, end: date) -> date | None:
    """The end of the month in which somebody leaves. The sales roster stays: its leads are given out."""
    draws = Draws(PART_LEAVING, number)
    month = max(person.hired_on, START).replace(day=1)
    while month <= end:
        last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        new = 1.6 if (last - person.hired_on).days < 365 else 1.0
        share = between_anchors(_LEAVES_A_YEAR, month.toordinal()) / 12 * new
        if draws.chance(share) and last <= end and person.department not in ("営業", "EC", "経営管理"):
            return last if draws.chance(0.7) else last_business_days(last.year, last.month, 6)[0]
        month = last + timedelta(days=1)
    return None


def hours(people: list[Employee], start: date, end: date) -> Iterator[Hours]:
    """The timesheets of every business day, and of the few Saturdays on which the factory catches up."""
    for day in days_of(start, end):
        saturday = day.weekday() == 5 and day.day > 24 and day.month in (3, 6, 9, 12) and not is_festive(day)
        if not is_business_day(day) and not saturday:
            continue
        draws = Draws(PART_HOURS, day.toordinal())
        away_share = 0.12 if day.month == 8 else 0.04
        for person in people:
            away, wobble = draws.chance(away_share), draws.between(-5, 5)
            if not person.employed(day) or (saturday and person.department != "製造"):
                continue
            share = _WORKED.get(person.department, 0.86)
            if person.department == "開発":
                share += between_anchors(_STRETCHED, day.toordinal())
            quarters = 0 if away else round(32 * share + wobble / 2)
            yield Hours(day, person.id, person.department, 8.0, quarters / 4)
