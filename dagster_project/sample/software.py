"""Software development: work items with their bugs, and projects with their delivery dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.sample.days import START, days_of, is_business_day, next_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_ITEMS = 13
PART_PROJECTS = 14

SYSTEMS = Weighted({"業務改善クラウド": 55, "ECサイト": 30, "社内システム": 15})
_ITEMS_A_DAY = ((date(2024, 4, 1).toordinal(), 2.3), (date(2026, 10, 31).toordinal(), 3.0))
_LATE = ((date(2026, 3, 1).toordinal(), 0.24), (date(2026, 8, 1).toordinal(), 0.42))
_PROJECT_LATE = ((date(2026, 3, 1).toordinal(), 0.18), (date(2026, 8, 1).toordinal(), 0.38))
BAD_RELEASE = (date(2026, 9, 16), date(2026, 10, 2))  # a release that broke the cloud's invoices


@dataclass(frozen=True)
class WorkItem:
    """A feature, an improvement or a bug. Dates after the span's end are not known yet.

    `found_in`: of a bug, whether it was found リリース前 or リリース後; else empty.
    """

    id: str
    system: str
    kind: str
    hours: float
    created_on: date
    due_on: date
    done_on: date
    released_on: date
    found_in: str


@dataclass(frozen=True)
class Project:
    id: str
    system: str
    started_on: date
    due_on: date
    delivered_on: date


def items(end: date) -> list[WorkItem]:
    """Every work item since the spring of 2024."""
    found: list[WorkItem] = []
    for day in days_of(START, end):
        draws = Draws(PART_ITEMS, day.toordinal())
        if not is_business_day(day):
            continue
        broken = BAD_RELEASE[0] <= day <= BAD_RELEASE[1]
        for _ in range(draws.poisson(between_anchors(_ITEMS_A_DAY, day.toordinal()))):
            found.append(_item(len(found) + 1, day, draws.chance(0.17), draws))
        for _ in range(draws.poisson(0.9) if broken else 0):
            found.append(_item(len(found) + 1, day, True, draws, "業務改善クラウド"))
    return found


def _item(number: int, day: date, bug: bool, draws: Draws, broken_system: str = "") -> WorkItem:
    system = broken_system or draws.weighted(SYSTEMS)
    planned, slack = draws.between(4, 22), draws.between(2, 14)
    due_on = next_business_day(day + timedelta(days=planned))
    late = draws.chance(between_anchors(_LATE, due_on.toordinal()))
    done_on = next_business_day(due_on + timedelta(days=slack if late else -min(slack, planned) // 2))
    done_on = max(done_on, day)
    after_release = draws.chance(0.16) or bool(broken_system)
    return WorkItem(
        id=f"DEV-{number}",
        system=system,
        kind="バグ" if bug else "機能追加" if draws.chance(0.55) else "改善",
        hours=draws.pick((1, 2, 2, 3, 4, 4, 6, 8, 12, 16)),
        created_on=day,
        due_on=due_on,
        done_on=done_on,
        released_on=_next_release(done_on),
        found_in=("リリース後" if after_release else "リリース前") if bug else "",
    )


def _next_release(day: date) -> date:
    """Releases are on every second Wednesday, or the business day after it."""
    since = (day - date(2024, 4, 3)).days
    return next_business_day(day + timedelta(days=-since % 14))


def projects(end: date) -> list[Project]:
    """A project every other week or so, each for some weeks; those delivered later are not over yet."""
    draws = Draws(PART_PROJECTS)
    found: list[Project] = []
    day = START - timedelta(days=60)
    while day <= end:
        length = draws.between(25, 95)
        due_on = next_business_day(day + timedelta(days=length))
        late = draws.chance(between_anchors(_PROJECT_LATE, due_on.toordinal()))
        moved = draws.between(3, 25) if late else -draws.between(0, 6)
        delivered_on = next_business_day(due_on + timedelta(days=moved))
        delivered_on = delivered_on if late else min(delivered_on, due_on)
        found.append(Project(f"PJ{len(found) + 1:03d}", draws.weighted(SYSTEMS), day, due_on, delivered_on))
        day = next_business_day(day + timedelta(days=draws.between(5, 17)))
    return [project for project in found if project.delivered_on >= START]
