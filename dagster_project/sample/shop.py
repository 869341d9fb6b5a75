"""The web shop: orders, their lines, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dagster_project.sample.days import days_of, sale_coupon, shop_demand
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_SHOP = 3

_ORDERS_A_DAY = (
    (date(2024, 4, 1).toordinal(), 2.45),
    (date(2025, 4, 1).toordinal(), 2.75),
    (date(2026, 4, 1).toordinal(), 3.05),
    (date(2026, 10, 31).toordinal(), 3.20),
)


@dataclass(frozen=True)
class Item:
    """Something the shop sells. `price` is without tax."""

    sku: str
    name: str
    category: str
    price: int


CATALOGUE = (
    Item("CH-100", "ワークチェア スタンダード", "椅子", 19_800),
    Item("CH-200", "ワークチェア メッシュ", "椅子", 29_800),
    Item("CH-300", "ワークチェア プロ①", "椅子", 54_800),
    Item("DK-100", "デスク 1200", "机", 24_800),
    Item("DK-200", "昇降デスク 1400", "机", 59_800),
    Item("DK-300", "会議テーブル 1800", "机", 46_800),
    Item("ST-100", "書庫 3段", "収納", 17_800),
    Item("ST-200", "ロッカー 4人用", "収納", 34_800),
    Item("LT-100", "デスクライト", "照明", 6_980),
    Item("LT-200", "フロアライト", "照明", 12_800),
    Item("SP-100", "コピー用紙 A4 10冊", "事務用品", 4_480),
    Item("SP-200", "ホワイトボード 1200～1800", "事務用品", 15_800),
    Item("SP-300", "電動シュレッダー", "事務用品", 21_800),
)
ITEMS = {item.sku: item for item in CATALOGUE}
_DEMAND = Weighted(
    dict(zip(ITEMS, (12, 13, 7, 9, 7, 5, 8, 6, 10, 5, 12, 5, 5), strict=True))  # in the catalogue's order
)
_LINES = Weighted({"1": 58, "2": 28, "3": 14})
_QUANTITY = Weighted({"1": 78, "2": 16, "4": 5, "6": 1})
_HOURS = Weighted(
    {
        str(hour): weight
        for hour, weight in enumerate(
            (2, 1, 1, 1, 1, 1, 2, 4, 6, 9, 10, 9, 10, 8, 8, 8, 8, 7, 6, 7, 8, 9, 7, 4)
        )
    }
)


@dataclass(frozen=True)
class Line:
    """A line of an order; `known_on` is the day from which exports hold it (a return comes later)."""

    number: int
    item: Item
    quantity: int
    net_amount: int
    cost: int
    known_on: date


@dataclass(frozen=True)
class Order:
    """An order and its fate: from `changed_on` on (None: never) its status is `changed_to`."""

    id: str
    at: datetime
    customer_id: str  # empty: bought as a guest
    lines: tuple[Line, ...]
    coupon: str
    changed_to: str
    changed_on: date | None

    def status(self, known_on: date) -> str:
        changed = self.changed_on is not None and self.changed_on <= known_on
        return self.changed_to if changed else "支払済"

    def lines_known(self, known_on: date) -> list[Line]:
        return [line for line in self.lines if line.known_on <= known_on]

    def touched(self, first: date, last: date) -> bool:
        """Placed or changed within these days."""
        days = [line.known_on for line in self.lines]
        if self.changed_on is not None:
            days.append(self.changed_on)
        return any(first <= day <= last for day in days)


def simulate(start: date, end: date) -> list[Order]:
    """Every order placed from `start`, when the shop opened its new system, to `end`; ordered by time."""
    orders: list[Order] = []
    members: list[str] = []
    for day in days_of(start, end):
        draws = Draws(PART_SHOP, day.toordinal())
        count = draws.poisson(between_anchors(_ORDERS_A_DAY, day.toordinal()) * shop_demand(day))
        moments = sorted(_moment(day, draws) for _ in range(count))
        for number, moment in enumerate(moments, start=1):
            orders.append(_order(f"O{day:%y%m%d}{number:03d}", moment, draws, members))
    return orders


def _moment(day: date, draws: Draws) -> datetime:
    return datetime.combine(day, time(int(draws.weighted(_HOURS)), draws.between(0, 59)))


def _order(order_id: str, at: datetime, draws: Draws, members: list[str]) -> Order:
    day = at.date()
    who, again = draws.uniform(), draws.uniform()
    if who < 0.04:
        customer = ""
    elif who < 0.46 and members:
        # the later a customer joined, the likelier to buy again
        customer = members[int(len(members) * (1 - again * again)) - 1 if again else -1]
    else:
        customer = f"C{len(members) + 1:05d}"
        members.append(customer)
    sale = sale_coupon(day)
    coupon = sale if sale and draws.chance(0.55) else ""
    off = int(coupon[-2:]) if coupon else 0
    lines = []
    for number in range(1, int(draws.weighted(_LINES)) + 1):
        item, quantity = ITEMS[draws.weighted(_DEMAND)], int(draws.weighted(_QUANTITY))
        net = item.price * quantity * (100 - off) // 100
        lines.append(Line(number, item, quantity, net, item.price * 62 // 100 * quantity, day))
    fate, after = draws.uniform(), draws.between(3, 40)
    changed_to, changed_on = "支払済", None
    if fate < 0.035:
        changed_to, changed_on = "キャンセル", day + timedelta(days=after % 3)
    elif fate < 0.055:
        changed_to, changed_on = "返金済", day + timedelta(days=after)
    elif fate < 0.075:
        bought = lines[0]
        net, cost = bought.net_amount // bought.quantity, bought.cost // bought.quantity
        returned_on = day + timedelta(days=after)
        lines.append(Line(len(lines) + 1, bought.item, -1, -net, -cost, returned_on))
    return Order(order_id, at, customer, tuple(lines), coupon, changed_to, changed_on)
