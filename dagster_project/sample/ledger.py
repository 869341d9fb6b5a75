"""The books: what departments cost, month by month; and the plans that figures are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.sample.ads import AdDay
from dagster_project.sample.days import START
from dagster_project.sample.draws import Draws, between_anchors
from dagster_project.sample.recruiting import RecruitingCost
from dagster_project.sample.sfa import ROSTER
from dagster_project.sample.staff import Employee

PART_LEDGER = 20

# yen a head and month; people of the factory are part of what goods cost, and not booked here
_PAY = {
    "経営管理": 360_000,
    "営業": 250_000,
    "マーケティング": 250_000,
    "EC": 240_000,
    "サポート": 215_000,
    "人事": 240_000,
    "開発": 285_000,
}
_CONTRACTORS = ((date(2024, 4, 1).toordinal(), 690_000.0), (date(2026, 10, 1).toordinal(), 240_000.0))
_MARKET = {2024: 1_890, 2025: 1_950, 2026: 2_030}  # millions of yen
_SALES_PLAN = {2024: 214_000, 2025: 258_000, 2026: 300_000}  # thousands of yen a year, all reps together
_SHOP_PLAN = {2024: 46_000, 2025: 53_000, 2026: 60_000}
_SEASON = {3: 13, 9: 11, 12: 9, 8: 6}  # months' shares of a year's plan; 7 or so else


@dataclass(frozen=True)
class Entry:
    """An entry in the books, in yen; negative: what was booked is taken back."""

    day: date
    department: str
    account: str
    text: str
    amount: int


@dataclass(frozen=True)
class SalesTarget:
    """What a rep is to sell in a month, in thousands of yen; both days in."""

    owner: str
    team: str
    first: date
    last: date
    thousands: int


@dataclass(frozen=True)
class MarketSize:
    first: date
    last: date
    millions: int


def month_ends(start: date, end: date) -> list[date]:
    """The last days of the months that are over on `end`, from that of `start` on."""
    found, day = [], start
    while (last := (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)) <= end:
        found.append(last)
        day = last + timedelta(days=1)
    return found


def entries(
    people: list[Employee],
    recruiting: list[RecruitingCost],
    ad_days: Iterable[AdDay],
    end: date,
) -> list[Entry]:
    """What departments cost, booked on the last day of each month that is over on `end`.

    Advertising is booked in the months of `ad_days` only.
    """
    ads: Counter[tuple[int, int]] = Counter()
    for row in ad_days:
        ads[row.day.year, row.day.month] += row.cost
    found = []
    for last in month_ends(START, end):
        draws = Draws(PART_LEDGER, last.toordinal())
        raise_since = 1 + 0.02 * (last.year - 2024 - (last.month < 4))
        heads = Counter(person.department for person in people if person.employed(last))
        for department, pay in _PAY.items():
            amount = int(heads[department] * pay * raise_since) * (100 + draws.between(0, 4)) // 100
            found.append(Entry(last, department, "給与手当", "給与・社会保険料", amount))
        contractors = int(between_anchors(_CONTRACTORS, last.toordinal())) * draws.between(88, 112) // 100
        found.append(Entry(last, "開発", "外注費", "開発委託", contractors))
        found.append(Entry(last, "開発", "通信費", "クラウド利用料", 60_000 + draws.between(0, 18_000)))
        spent_on_ads = ads[last.year, last.month]
        if spent_on_ads:
            found.append(Entry(last, "マーケティング", "広告宣伝費", "ネット広告", spent_on_ads))
        found.append(Entry(last, "営業", "旅費交通費", "出張・訪問", draws.between(190_000, 320_000)))
        found.append(Entry(last, "経営管理", "地代家賃", "本社・支社", 520_000))
        found.append(Entry(last, "経営管理", "雑費", "消耗品ほか", draws.between(40_000, 130_000)))
        spent = sum(cost.thousands for cost in recruiting if cost.day == last) * 1_000
        found.append(Entry(last, "人事", "採用費", "求人広告・紹介料", spent))
        if draws.chance(0.3):
            back = draws.between(8, 60) * 1_000
            found.append(Entry(last, "営業", "旅費交通費", "仮払精算の戻し", -back))
    return found


def sales_targets(end: date) -> list[SalesTarget]:
    """Monthly targets of every rep and of the shop, to the end of the fiscal year that `end` lies in."""
    sellers = [rep for rep in ROSTER if rep.sells]
    shop = next(rep for rep in ROSTER if rep.team == "EC")
    found = []
    last_year = min(max(_fiscal_year(end), START.year), max(_SALES_PLAN))
    for year in range(START.year, last_year + 1):
        months = [date(year + (month < 4), month, 1) for month in (*range(4, 13), 1, 2, 3)]
        weights = [_SEASON.get(month.month, 7.6) for month in months]
        for first, weight in zip(months, weights, strict=True):
            last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            share = weight / sum(weights)
            for rep in sellers:
                each = round(_SALES_PLAN[year] * share / len(sellers) / 10) * 10
                found.append(SalesTarget(rep.id, rep.team, first, last, each))
            found.append(
                SalesTarget(shop.id, shop.team, first, last, round(_SHOP_PLAN[year] * share / 10) * 10)
            )
    return found


def market_sizes(end: date) -> list[MarketSize]:
    """What the market is worth in a fiscal year, as the trade association estimates it."""
    return [
        MarketSize(date(year, 4, 1), date(year + 1, 3, 31), millions)
        for year, millions in _MARKET.items()
        if year <= max(_fiscal_year(end), START.year)
    ]


def _fiscal_year(day: date) -> int:
    return day.year - (day.month < 4)
