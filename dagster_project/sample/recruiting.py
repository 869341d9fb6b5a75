"""Recruiting: applications, the stages they pass, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from dagster_project.sample import names
from dagster_project.sample.days import START, days_of, is_business_day, next_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors
from dagster_project.sample.sfa import ROSTER

PART_RECRUITING = 8
PART_RECRUITING_COSTS = 21

_APPLICATIONS_A_WEEK = (
    (date(2024, 4, 1).toordinal(), 3.2),
    (date(2026, 3, 1).toordinal(), 3.4),
    (date(2026, 6, 1).toordinal(), 2.3),  # other employers pay more: applicants stay away
)
_ACCEPTS = ((date(2026, 3, 1).toordinal(), 0.72), (date(2026, 6, 1).toordinal(), 0.45))
STAGES = (("書類選考", 0.40), ("一次面接", 0.38), ("最終面接", 0.45))
_SOURCES = Weighted({"求人媒体": 46, "エージェント": 26, "自社サイト": 18, "社員紹介": 10})
_DEPARTMENTS = Weighted(
    {"製造": 34, "開発": 27, "サポート": 17, "マーケティング": 12, "人事": 5, "経営管理": 5}
)


@dataclass
class Application:
    """`joined_on` may lie after the span's end, and is then only planned."""

    id: str
    name: str
    applied_on: date
    kind: str
    source: str
    department: str
    stages: list[tuple[str, date, bool]] = field(default_factory=list)  # stage, judged on, passed
    offered_on: date | None = None
    accepted_on: date | None = None
    declined_on: date | None = None
    joined_on: date | None = None


@dataclass(frozen=True)
class RecruitingCost:
    """An amount in thousands of yen, booked at the end of a month."""

    day: date
    source: str
    purpose: str
    thousands: int


def simulate(end: date) -> list[Application]:
    """Every application since the spring of 2024, when the applicant system was new."""
    found = []
    for day in days_of(START, end):
        draws = Draws(PART_RECRUITING, day.toordinal())
        if not is_business_day(day):
            continue
        season = 2.0 if day.month in (4, 5) else 0.8 if day.month in (8, 12) else 0.9
        for _ in range(draws.poisson(between_anchors(_APPLICATIONS_A_WEEK, day.toordinal()) / 5 * season)):
            graduate = draws.chance(0.75 if day.month in (4, 5) else 0.12)
            found.append(_application(day, "新卒" if graduate else "中途", draws))
    joined = next(rep for rep in ROSTER if rep.id == "R11")
    if end >= date(2026, 7, 6):
        found.append(_colleague(joined.name, joined.joined_on))
    found.sort(key=lambda application: application.applied_on)
    for number, application in enumerate(found, start=1):
        application.id = f"AP{number:05d}"
    return found


def _application(day: date, kind: str, draws: Draws) -> Application:
    application = Application(
        "", names.person(draws), day, kind, draws.weighted(_SOURCES), draws.weighted(_DEPARTMENTS)
    )
    judged_on = day
    for stage, share in STAGES:
        judged_on = next_business_day(judged_on + timedelta(days=draws.between(4, 12)))
        passed = draws.chance(share)
        application.stages.append((stage, judged_on, passed))
        if not passed:
            return application
    offered_on = next_business_day(judged_on + timedelta(days=draws.between(1, 6)))
    answered_on = next_business_day(offered_on + timedelta(days=draws.between(3, 14)))
    application.offered_on = offered_on
    if not draws.chance(between_anchors(_ACCEPTS, offered_on.toordinal())):
        application.declined_on = answered_on
        return application
    application.accepted_on = answered_on
    if kind == "新卒":  # a graduate joins on the next 1 April but at least three months later
        spring = answered_on + timedelta(days=90)
        application.joined_on = date(spring.year + (spring > date(spring.year, 4, 1)), 4, 1)
    else:
        later = answered_on + timedelta(days=draws.between(20, 60))
        application.joined_on = (later.replace(day=28) + timedelta(days=4)).replace(day=1)
    return application


def _colleague(name: str, joined_on: date) -> Application:
    """The one who joins the sales force in October 2026, named by a colleague."""
    return Application(
        id="",
        name=name,
        applied_on=date(2026, 7, 6),
        kind="中途",
        source="社員紹介",
        department="営業",
        stages=[
            ("書類選考", date(2026, 7, 10), True),
            ("一次面接", date(2026, 7, 22), True),
            ("最終面接", date(2026, 8, 4), True),
        ],
        offered_on=date(2026, 8, 7),
        accepted_on=date(2026, 8, 19),
        joined_on=joined_on,
    )


def costs(applications: list[Application], month_ends: list[date]) -> list[RecruitingCost]:
    """Advertisements every month, an agent's fee for each who joins, fairs in the season."""
    found = []
    for last in month_ends:
        draws = Draws(PART_RECRUITING_COSTS, last.toordinal())
        advertised = 110 if last < date(2026, 6, 1) else 160  # more is spent for fewer applicants
        found.append(RecruitingCost(last, "求人媒体", "求人広告費", advertised + draws.between(-15, 25)))
        found.append(RecruitingCost(last, "自社サイト", "採用サイト費", 30))
        if last.month in (3, 4, 5):
            found.append(RecruitingCost(last, "求人媒体", "会社説明会費", 180 + draws.between(0, 60)))
        for done in applications:
            if done.joined_on is None or (done.joined_on.year, done.joined_on.month) != (
                last.year,
                last.month,
            ):
                continue
            if done.source == "エージェント" and done.joined_on <= last:
                found.append(RecruitingCost(last, "エージェント", "紹介手数料", draws.between(950, 1350)))
            if done.source == "社員紹介" and done.joined_on <= last:
                found.append(RecruitingCost(last, "社員紹介", "紹介報奨金", 100))
    return found
