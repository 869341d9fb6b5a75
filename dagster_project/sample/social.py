"""Posts on social networks, and how many people the ads reached as the platform counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dagster_project.sample.ads import AdDay
from dagster_project.sample.days import days_of, is_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_POSTS = 17
PART_REACH = 18

_NETWORKS = Weighted({"X": 48, "Instagram": 32, "Facebook": 20})
_SHOWN = ((date(2024, 4, 1).toordinal(), 620.0), (date(2026, 10, 31).toordinal(), 1_450.0))
_LIKES = {"X": 14, "Instagram": 38, "Facebook": 20}  # of a thousand times shown


@dataclass(frozen=True)
class Post:
    id: str
    at: datetime
    network: str
    impressions: int
    likes: int
    shares: int
    comments: int


@dataclass(frozen=True)
class Reach:
    """People reached in a day, a week from Monday or a month; a person counts once in each."""

    span: str
    first: date
    people: int


def posts(start: date, end: date) -> list[Post]:
    """Every post from `start` to `end`."""
    found = []
    for day in days_of(start, end):
        if not is_business_day(day):
            continue
        draws = Draws(PART_POSTS, day.toordinal())
        for number in range(1, draws.poisson(1.1) + 1):
            network, crowd = draws.weighted(_NETWORKS), draws.between(40, 190)
            shown = int(between_anchors(_SHOWN, day.toordinal()) * crowd / 100)
            likes = shown * _LIKES[network] * draws.between(50, 150) // 100_000
            at = datetime.combine(day, time(draws.between(8, 20), draws.between(0, 59)))
            shares, comments = likes * draws.between(5, 30) // 100, likes * draws.between(0, 18) // 100
            found.append(Post(f"{day:%Y%m%d}{number:02d}", at, network, shown, likes, shares, comments))
    return sorted(found, key=lambda post: (post.at, post.id))


def reach(rows: Iterable[AdDay], start: date, end: date) -> list[Reach]:
    """The platform's own counts of the days, and of the weeks and months that are over."""
    shown: Counter[date] = Counter()
    for row in rows:
        shown[row.day] += row.impressions
    found, people = [], {}
    for day in days_of(start, end):
        draws = Draws(PART_REACH, day.toordinal())
        people[day] = shown[day] * draws.between(58, 64) // 100
        found.append(Reach("日", day, people[day]))
        last_of_month = (day + timedelta(days=1)).day == 1
        week, month = day - timedelta(days=6), day.replace(day=1)
        share_of_week, share_of_month = draws.between(56, 61), draws.between(29, 33)
        if day.weekday() == 6 and week >= start:
            total = sum(people[one] for one in days_of(week, day))
            found.append(Reach("週", week, total * share_of_week // 100))
        if last_of_month and month >= start:
            total = sum(people[one] for one in days_of(month, day))
            found.append(Reach("月", month, total * share_of_month // 100))
    return found
