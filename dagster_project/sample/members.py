"""Registered users of the company's site, whether they buy or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dagster_project.sample.days import START, days_of, office_demand
from dagster_project.sample.draws import Draws, between_anchors

PART_MEMBERS = 19

_BEFORE = 2_400  # registered when the count began
_NEW_A_DAY = ((date(2024, 4, 1).toordinal(), 3.6), (date(2026, 10, 31).toordinal(), 5.6))


@dataclass(frozen=True)
class Member:
    """`deleted_on`: the first day without the registration; None: still registered."""

    id: str
    kind: str
    registered_at: datetime
    deleted_on: date | None


def simulate(end: date) -> list[Member]:
    """Everyone registered since 2019, as known on `end`."""
    before = Draws(PART_MEMBERS)
    opened = datetime(2019, 4, 1)
    moments = sorted(
        opened
        + timedelta(minutes=before.between(0, (datetime.combine(START, time()) - opened).days * 1440 - 1))
        for _ in range(_BEFORE)
    )
    found = [_member(number, at, before, end) for number, at in enumerate(moments, start=1)]
    for day in days_of(START, end):
        draws = Draws(PART_MEMBERS, day.toordinal())
        count = draws.poisson(between_anchors(_NEW_A_DAY, day.toordinal()) * office_demand(day))
        for minute in sorted(draws.between(0, 1439) for _ in range(count)):
            at = datetime.combine(day, time()) + timedelta(minutes=minute)
            found.append(_member(len(found) + 1, at, draws, end))
    return found


def _member(number: int, at: datetime, draws: Draws, end: date) -> Member:
    kind, leaves, stays = (
        "法人" if draws.chance(0.62) else "個人",
        draws.chance(0.16),
        draws.between(3, 1_800),
    )
    # who was registered when the count began is still there on that day
    deleted_on = max(at.date(), START) + timedelta(days=stays)
    return Member(f"M{number:05d}", kind, at, deleted_on if leaves and deleted_on <= end else None)
