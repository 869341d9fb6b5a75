"""What the sales force and marketing do: calls, appointments, visits, webinars, articles, e-mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dagster_project.sample.days import days_of, is_business_day, next_business_day
from dagster_project.sample.draws import Draws, between_anchors
from dagster_project.sample.sfa import ROSTER, SLIPS_FROM, SLIPS_UNTIL, SalesForce

PART_ACTIVITIES = 2

_CALLS_A_DAY = (
    (date(2024, 4, 1).toordinal(), 31.0),
    (date(2026, 3, 31).toordinal(), 37.0),
    (date(2026, 6, 1).toordinal(), 43.0),
    (date(2026, 8, 1).toordinal(), 46.0),
)
_CALL_YIELD = ((SLIPS_FROM, 0.036), (SLIPS_UNTIL, 0.029))


@dataclass(frozen=True)
class Activity:
    """Something done once. `origin`: what an appointment came from (架電, 問い合わせ, 紹介), else empty."""

    at: datetime
    kind: str
    origin: str
    owner: str
    account_id: str = ""
    lead_id: str = ""


def simulate(force: SalesForce, start: date) -> list[Activity]:
    """What was done from `start` to the end of the span, ordered by time."""
    found: list[Activity] = []
    callers = [rep for rep in ROSTER if rep.team != "EC"]
    for day in days_of(start, force.end):
        draws = Draws(PART_ACTIVITIES, day.toordinal())
        if not is_business_day(day):
            continue
        at_work = [rep.id for rep in callers if rep.joined_on <= day]
        for _ in range(draws.poisson(between_anchors(_CALLS_A_DAY, day.toordinal()))):
            owner = draws.pick(at_work)
            found.append(Activity(_moment(day, draws), "架電", "", owner))
            reached, wait = draws.uniform(), draws.between(1, 7)
            if reached < between_anchors(_CALL_YIELD, day.toordinal()):
                met_on = next_business_day(day + timedelta(days=wait))
                found.append(Activity(_moment(met_on, draws), "アポイント", "架電", owner))
        found += _marketing_of(day, draws)
    draws = Draws(PART_ACTIVITIES)
    for lead in force.leads:
        met, met_on = draws.chance(0.45), lead.created_on + timedelta(days=draws.between(1, 10))
        moment = _moment(next_business_day(met_on), draws)
        if met and lead.kind == "問い合わせ":
            origin = "紹介" if lead.source == "紹介" else "問い合わせ"
            found.append(Activity(moment, "アポイント", origin, lead.owner, lead.account_id, lead.id))
    for deal in force.deals:
        for _ in range(draws.between(1, 3)):
            within = draws.between(1, max(1, (deal.closed_on - deal.created_on).days - 1))
            visited_on = next_business_day(deal.created_on + timedelta(days=within))
            owner, account = deal.lead.owner, deal.account.id
            found.append(Activity(_moment(visited_on, draws), "訪問", "", owner, account, deal.lead.id))
    done = [activity for activity in found if start <= activity.at.date() <= force.end]
    return sorted(done, key=lambda activity: activity.at)


def _marketing_of(day: date, draws: Draws) -> list[Activity]:
    """Webinars, articles, e-mails and white papers: a row each time one is held, published or sent."""
    planned = []
    week = (day.day - 1) // 7
    if day.weekday() == 3 and (week == 2 or (week == 0 and day >= date(2026, 6, 1))):
        planned.append("ウェビナー")
    if day.weekday() == 1 and week < 4:
        planned.append("記事公開")
    if day.weekday() in (1, 3):
        planned.append("メール配信")
    if day.weekday() == 2 and week == 1 and day.month in (2, 6, 10):
        planned.append("ホワイトペーパー公開")
    return [Activity(_moment(day, draws), kind, "", "") for kind in planned]


def _moment(day: date, draws: Draws) -> datetime:
    """A minute of the working day."""
    return datetime.combine(day, time(9 + draws.between(0, 8), draws.between(0, 59)))
