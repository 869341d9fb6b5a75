"""The support desk: what customers ask by telephone, mail and chat, and what they say of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dagster_project.sample.days import days_of, is_business_day, next_business_day, office_demand
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_SUPPORT = 9

_TICKETS_A_DAY = (
    (date(2024, 4, 1).toordinal(), 6.5),
    (date(2026, 3, 31).toordinal(), 8.2),
    (date(2026, 7, 1).toordinal(), 11.0),  # more customers, and no more people to answer them
    (date(2026, 10, 31).toordinal(), 12.0),
)
_LOAD = ((date(2026, 4, 1).toordinal(), 0.0), (date(2026, 9, 1).toordinal(), 1.0))
DEFECT_FROM, DEFECT_UNTIL = date(2026, 9, 14), date(2026, 10, 16)  # desks with loose legs: see factory

_CHANNELS = Weighted({"電話": 48, "メール": 34, "チャット": 18})
_CHANNELS_AT_REST = Weighted({"メール": 70, "チャット": 30})  # nobody to ring up
_KINDS = Weighted({"使い方": 46, "不具合": 22, "要望": 14, "請求・契約": 13, "クレーム": 5})
_KINDS_DEFECT = Weighted({"使い方": 32, "不具合": 38, "要望": 8, "請求・契約": 9, "クレーム": 13})
ANSWERS = ("非常に満足", "満足", "どちらともいえない", "不満", "非常に不満")
_ANSWERS = Weighted(dict(zip(ANSWERS, (34, 46, 12, 6, 2), strict=True)))
_ANSWERS_LATE = Weighted(dict(zip(ANSWERS, (20, 40, 18, 15, 7), strict=True)))


@dataclass(frozen=True)
class Ticket:
    """A contact. `given_up`: a call that ended before anybody answered. Times after the span are unknown."""

    id: str
    channel: str
    kind: str
    received_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    minutes: int  # spent on it in all
    given_up: bool


@dataclass(frozen=True)
class Satisfaction:
    """An answer to the question that follows a closed ticket; empty: the question was skipped."""

    id: str
    ticket: Ticket
    answered_on: date
    answer: str


def simulate(start: date, end: date) -> list[Ticket]:
    """Every contact from `start` to `end`, ordered by time."""
    found: list[Ticket] = []
    for day in days_of(start, end):
        draws = Draws(PART_SUPPORT, day.toordinal())
        ordinal = day.toordinal()
        defect = DEFECT_FROM <= day <= DEFECT_UNTIL
        mean = between_anchors(_TICKETS_A_DAY, ordinal) * office_demand(day) * (1.25 if defect else 1.0)
        moments = sorted(draws.between(0, 539) for _ in range(draws.poisson(mean)))
        for number, minute in enumerate(moments, start=1):
            received_at = datetime.combine(day, time(9)) + timedelta(minutes=minute)
            load = between_anchors(_LOAD, ordinal)
            ticket = _ticket(f"T{day:%y%m%d}-{number:03d}", received_at, load, defect, draws)
            found.append(ticket)
    return found


def _ticket(ticket_id: str, received_at: datetime, load: float, defect: bool, draws: Draws) -> Ticket:
    open_day = is_business_day(received_at.date())
    channel = draws.weighted(_CHANNELS if open_day else _CHANNELS_AT_REST)
    kind = draws.weighted(_KINDS_DEFECT if defect else _KINDS)
    luck, waits, works, closes = draws.uniform(), draws.uniform(), draws.between(2, 9), draws.uniform()
    if channel == "電話":
        if luck < 0.045 + 0.055 * load:  # nobody free
            return Ticket(ticket_id, channel, kind, received_at, None, None, 0, True)
        answered_at = received_at + timedelta(minutes=int(1 + 5 * waits * (1 + load)))
    elif luck < 0.015 + 0.02 * load:
        return Ticket(ticket_id, channel, kind, received_at, None, None, 0, False)
    else:
        hours = (1.2 if channel == "チャット" else 7.0) * (0.3 + waits) * (1 + 0.8 * load)
        answered_at = _in_office_hours(received_at, int(hours * 60))
    minutes = works if kind in ("使い方", "請求・契約") else works * 2
    closed_at = _in_office_hours(answered_at, minutes + (0 if closes < 0.6 else int(closes * 900)))
    return Ticket(ticket_id, channel, kind, received_at, answered_at, closed_at, minutes, False)


def _in_office_hours(moment: datetime, minutes: int) -> datetime:
    """`minutes` of office time (9 to 18 on business days) after `moment`."""
    opens, closes = time(9), time(18)
    if not is_business_day(moment.date()) or moment.time() >= closes:
        day = next_business_day(moment.date() + timedelta(days=moment.time() >= closes))
        moment = datetime.combine(day, opens)
    while True:
        left = int((datetime.combine(moment.date(), closes) - moment).total_seconds()) // 60
        if minutes <= left:
            return moment + timedelta(minutes=minutes)
        minutes -= left
        moment = datetime.combine(next_business_day(moment.date() + timedelta(days=1)), opens)


def satisfaction(tickets: list[Ticket], end: date) -> list[Satisfaction]:
    """What those say who answer the mail that follows a closed ticket."""
    draws = Draws(PART_SUPPORT)
    found = []
    for ticket in tickets:
        replies, after, skipped = draws.chance(0.24), draws.between(1, 5), draws.chance(0.03)
        sour = draws.uniform() < 0.15 + 0.3 * between_anchors(_LOAD, ticket.received_at.toordinal())
        upset = ticket.kind == "クレーム" or sour
        answer = draws.weighted(_ANSWERS_LATE if upset else _ANSWERS)
        if ticket.closed_at is None or not replies:
            continue
        answered_on = ticket.closed_at.date() + timedelta(days=after)
        if answered_on <= end:
            found.append(Satisfaction("", ticket, answered_on, "" if skipped else answer))
    found.sort(key=lambda reply: (reply.answered_on, reply.ticket.id))
    return [
        Satisfaction(f"S{number:05d}", reply.ticket, reply.answered_on, reply.answer)
        for number, reply in enumerate(found, start=1)
    ]
