"""The sales force: its roster, leads, and the deals and accounts that leads become."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from dagster_project.sample import names
from dagster_project.sample.days import (
    days_of,
    is_business_day,
    last_business_days,
    next_business_day,
    office_demand,
)
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_LEADS = 1

_OLD_SYSTEM = timedelta(days=200)  # long enough for every deal that was open when the new one began

GIVEAWAY = "wp_giveaway_2026"
GIVEAWAY_FROM = date(2026, 6, 8)

SLIPS_FROM, SLIPS_UNTIL = date(2026, 6, 15).toordinal(), date(2026, 8, 1).toordinal()
_LEADS_A_MONTH = (  # budgets and sales areas grow with the fiscal year
    (date(2024, 4, 1).toordinal(), 275.0),
    (date(2025, 3, 31).toordinal(), 285.0),
    (date(2025, 4, 1).toordinal(), 300.0),
    (date(2026, 3, 31).toordinal(), 305.0),
    (date(2026, 4, 1).toordinal(), 345.0),
)
_GIVEAWAYS_A_MONTH = 60.0
_QUALITY = ((SLIPS_FROM, 0.98), (SLIPS_UNTIL, 0.82))  # of leads: times the share that becomes a deal
_STRENGTH = ((SLIPS_FROM, 1.0), (SLIPS_UNTIL, 0.82))  # in closing: times the share that is won

_KINDS = Weighted({"問い合わせ": 27, "資料請求": 22, "ウェビナー": 18, "展示会": 13, "架電": 20})
_KINDS_AT_REST = Weighted({"問い合わせ": 50, "資料請求": 50})
_BECOMES_DEAL = {"問い合わせ": 0.40, "資料請求": 0.16, "ウェビナー": 0.22, "展示会": 0.20, "架電": 0.30}
_SOURCES = {
    "問い合わせ": Weighted({"自然検索": 45, "広告": 25, "紹介": 20, "メール": 10}),
    "資料請求": Weighted({"自然検索": 48, "広告": 32, "メール": 20}),
    "ウェビナー": Weighted({"メール": 60, "イベント": 40}),
    "展示会": Weighted({"イベント": 1}),
    "架電": Weighted({"アウトバウンド": 1}),
}
_LEAD_CAMPAIGNS = ("lead_whitepaper", "brand_search", "lead_whitepaper", "yahoo_brand", "lead_whitepaper")
_PRODUCTS = Weighted(
    {
        "オフィス家具一式": 26,
        "会議室システム": 22,
        "受付・入退室システム": 16,
        "ネットワーク構築": 14,
        "業務改善クラウド": 14,
        "保守サポート": 8,
    }
)
# yen of an ordinary deal in 2024, share of the amount that is cost
_PRICES = {
    "オフィス家具一式": (1_060_000, 0.66),
    "会議室システム": (840_000, 0.60),
    "受付・入退室システム": (700_000, 0.58),
    "ネットワーク構築": (950_000, 0.63),
    "業務改善クラウド": (590_000, 0.38),
    "保守サポート": (360_000, 0.45),
}
_SIZES = (0.6, 0.8, 1.0, 1.0, 1.2, 1.2, 1.5, 1.5, 1.8, 2.2)
OPEN_STAGES = ("ヒアリング", "提案", "見積提出", "交渉中")


@dataclass(frozen=True)
class Rep:
    """One of the sales roster. Dates say from when leads are given to them; None: never."""

    id: str
    name: str
    team: str
    joined_on: date
    sells: bool = True


ROSTER = (
    Rep("R01", "青木 一郎", "東日本", date(2015, 4, 1)),
    Rep("R02", "石井 由美", "東日本", date(2017, 4, 1)),
    Rep("R03", "上野 拓也", "東日本", date(2018, 10, 1)),
    Rep("R04", "遠藤 さやか", "東日本", date(2020, 4, 1)),
    Rep("R05", "大久保 亮", "東日本", date(2021, 4, 1)),
    Rep("R06", "髙木 舞", "東日本", date(2023, 4, 1)),
    Rep("R07", "川端 修", "西日本", date(2014, 4, 1)),
    Rep("R08", "木村 奈々", "西日本", date(2019, 4, 1)),
    Rep("R09", "工藤 翼", "西日本", date(2021, 10, 1)),
    Rep("R10", "近藤 葵", "西日本", date(2022, 4, 1)),
    Rep("R11", "斎藤 蓮", "西日本", date(2026, 10, 1), sells=False),  # joined a month ago: calls, no deal yet
    Rep("R12", "清水 香織", "EC", date(2020, 10, 1), sells=False),  # looks after the shop
)
_EAST = tuple(rep.id for rep in ROSTER if rep.sells and rep.team == "東日本")
_WEST = tuple(rep.id for rep in ROSTER if rep.sells and rep.team == "西日本")


@dataclass(frozen=True)
class Account:
    id: str
    name: str
    industry: str
    prefecture: str
    registered_on: date
    contact: str
    owner: str


@dataclass
class Lead:
    id: str
    created_on: date
    kind: str
    source: str
    campaign: str
    owner: str
    company: str
    contact: str
    account_id: str = ""


@dataclass(frozen=True)
class Deal:
    """A deal as it will end: `closed_on` may lie after the span's end, and then the deal is still open."""

    id: str
    lead: Lead
    account: Account
    product: str
    created_on: date
    closed_on: date
    won: bool
    amount: int
    cost: int


@dataclass
class SalesForce:
    """Everything the SFA knows at the end of the span."""

    end: date
    accounts: list[Account] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)


def simulate(start: date, end: date) -> SalesForce:
    """The sales force from `start`, when its SFA was new, to `end`.

    What was open on that day came over from the old system: deals, with their leads and accounts.
    """
    force = SalesForce(end)
    customers: list[Account] = []
    wins: list[tuple[date, Account]] = []
    for day in days_of(start - _OLD_SYSTEM, end):
        draws = Draws(PART_LEADS, day.toordinal())
        customers += [account for won_on, account in wins if won_on < day]
        wins = [win for win in wins if win[0] >= day]
        for lead in _leads_of(day, draws, force, customers):
            deal = _deal_of(lead, draws, force, customers)
            if deal is not None and deal.won:
                wins.append((deal.closed_on, deal.account))
    force.deals = [deal for deal in force.deals if deal.closed_on >= start]
    force.deals.sort(key=lambda deal: (deal.created_on, deal.id))
    leads = {deal.lead.id for deal in force.deals}
    accounts = {deal.account.id for deal in force.deals}
    force.leads = [lead for lead in force.leads if lead.created_on >= start or lead.id in leads]
    force.accounts = [account for account in force.accounts if account.id in accounts]
    return force


def _leads_of(day: date, draws: Draws, force: SalesForce, customers: list[Account]) -> list[Lead]:
    a_month = between_anchors(_LEADS_A_MONTH, day.toordinal())
    core = draws.poisson(a_month / 30.4 * office_demand(day))
    given_away = draws.poisson(_GIVEAWAYS_A_MONTH / 30.4) if day >= GIVEAWAY_FROM else 0
    found = []
    for number in range(core + given_away):
        giveaway = number >= core
        kind = "資料請求" if giveaway else draws.weighted(_KINDS if is_business_day(day) else _KINDS_AT_REST)
        source = "広告" if giveaway else draws.weighted(_SOURCES[kind])
        campaign = ""
        if source == "広告":
            campaign = GIVEAWAY if giveaway else _LEAD_CAMPAIGNS[len(force.leads) % len(_LEAD_CAMPAIGNS)]
        east = draws.chance(0.6)
        lead = Lead(
            id=f"L{len(force.leads) + 1:06d}",
            created_on=day,
            kind=kind,
            source=source,
            campaign=campaign,
            owner=draws.pick(_EAST if east else _WEST),
            company=names.company(draws),
            contact=names.person(draws),
        )
        force.leads.append(lead)
        found.append(lead)
    return found


def _deal_of(lead: Lead, draws: Draws, force: SalesForce, customers: list[Account]) -> Deal | None:
    # Every lead draws the same number of times, whatever comes of it: the day's other leads stay as they are.
    day = lead.created_on.toordinal()
    share = 0.05 if lead.campaign == GIVEAWAY else _BECOMES_DEAL[lead.kind]
    becomes = draws.chance(share * between_anchors(_QUALITY, day))
    created_on = next_business_day(lead.created_on + timedelta(days=draws.between(1, 24)))
    known, whose = draws.chance(0.42), draws.uniform()
    industry, prefecture = draws.weighted(names.INDUSTRIES), draws.weighted(_region(lead.owner))
    product, size, discount = draws.weighted(_PRODUCTS), draws.pick(_SIZES), draws.between(0, 15)
    planned = created_on + timedelta(days=14 + draws.between(0, 40) + draws.between(0, 40))
    closed_on = _closing_day(created_on, planned, draws)
    luck = draws.uniform()
    if not becomes or created_on > force.end:
        return None

    if known and customers and lead.campaign != GIVEAWAY:
        account = customers[int(whose * len(customers))]
        lead.owner, lead.company, lead.contact = account.owner, account.name, account.contact
        strength = 0.33
    else:
        account = Account(
            id=f"A{len(force.accounts) + 1:05d}",
            name=lead.company,
            industry=industry,
            prefecture=prefecture,
            registered_on=created_on,
            contact=lead.contact,
            owner=lead.owner,
        )
        force.accounts.append(account)
        strength = 0.245
    lead.account_id = account.id
    price, cost_share = _PRICES[product]
    fiscal_year = created_on.year - (created_on.month < 4)
    rise = 106 + 7 * (fiscal_year - 2024)  # the price list is revised every April
    amount = int(price * size * rise * (100 - discount) / 10_000_000) * 1000
    deal = Deal(
        id=f"D{len(force.deals) + 1:06d}",
        lead=lead,
        account=account,
        product=product,
        created_on=created_on,
        closed_on=closed_on,
        won=luck < strength * between_anchors(_STRENGTH, closed_on.toordinal()),
        amount=amount,
        cost=int(amount * cost_share / 1000) * 1000,
    )
    force.deals.append(deal)
    return deal


def _region(owner: str) -> Weighted:
    return names.EAST if owner in _EAST else names.WEST


def _closing_day(created_on: date, planned: date, draws: Draws) -> date:
    """Deals are closed at the end of months, and brought forward into the end of a half year."""
    earlier, month_end, which = draws.chance(0.2), draws.chance(0.5), draws.between(0, 3)
    if earlier and planned.month in (4, 10):
        forward = last_business_days(planned.year, planned.month - 1, 4)[which]
        if (forward - created_on).days >= 7:
            return forward
    if month_end:
        last = last_business_days(planned.year, planned.month, 4)[which]
        if (last - created_on).days >= 7:
            return last
    return next_business_day(planned)
