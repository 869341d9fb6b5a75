"""What the ad platforms report by campaign and day, in keeping with the sessions that the ads brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dagster_project.sample.draws import Draws
from dagster_project.sample.sessions import Session
from dagster_project.sample.sfa import GIVEAWAY

PART_ADS = 5

# campaign: platform, yen a click, impressions a click
CAMPAIGNS = {
    "brand_search": ("google", 240, 16),
    "lead_whitepaper": ("google", 1_900, 62),
    GIVEAWAY: ("google", 380, 85),
    "shop_search": ("google", 620, 40),
    "shop_season_sale": ("google", 700, 48),
    "yahoo_brand": ("yahoo", 220, 20),
    "yahoo_shop": ("yahoo", 540, 55),
}


@dataclass(frozen=True)
class AdDay:
    """A campaign's day. `cost` in yen without tax; `value` is the revenue of the orders it led to."""

    day: date
    platform: str
    campaign: str
    impressions: int
    clicks: int
    cost: int
    conversions: int
    value: int


def report(day: date, sessions: Iterable[Session]) -> list[AdDay]:
    """A row for each campaign that was on that day; a click that GA4 did not see is a click all the same."""
    draws = Draws(PART_ADS, day.toordinal())
    by_campaign: dict[str, list[Session]] = {}
    for session in sessions:
        source, medium, campaign = session.came_by
        # a visitor who comes back through an old link is in GA4, and in no platform's report
        if medium == "cpc" and CAMPAIGNS[campaign][0] == source:
            by_campaign.setdefault(campaign, []).append(session)
    rows = []
    for campaign, (platform, price, views) in CAMPAIGNS.items():
        came = by_campaign.get(campaign, [])
        unseen, haggling, crowd = draws.chance(0.45), draws.between(85, 115), draws.between(80, 120)
        if not came and campaign in (GIVEAWAY, "shop_season_sale"):
            continue
        clicks = len(came) + unseen
        rows.append(
            AdDay(
                day=day,
                platform=platform,
                campaign=campaign,
                impressions=max(clicks, 1) * views * crowd // 100,
                clicks=clicks,
                cost=clicks * price * haggling // 100,
                conversions=sum(session.conversions for session in came),
                value=sum(session.revenue for session in came),
            )
        )
    return rows
