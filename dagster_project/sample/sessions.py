"""Visits of the company's two web sites: who came, from where, and what was done, session by session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dagster_project.sample.days import is_festive, office_demand, sale_coupon, shop_demand
from dagster_project.sample.draws import Draws, Weighted, between_anchors
from dagster_project.sample.sfa import GIVEAWAY, GIVEAWAY_FROM, Lead
from dagster_project.sample.shop import ITEMS, Item, Order

PART_WEB = 4

WWW = "https://www.michishirube.example"
SHOP = "https://shop.michishirube.example"

_WWW_A_DAY = ((date(2024, 4, 1).toordinal(), 15.0), (date(2026, 10, 31).toordinal(), 23.0))
_SHOP_A_DAY = ((date(2024, 4, 1).toordinal(), 20.0), (date(2026, 10, 31).toordinal(), 30.0))
_HOURS = Weighted(
    {
        str(hour): weight
        for hour, weight in enumerate(
            (3, 2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 9, 8, 9, 9, 9, 8, 7, 6, 6, 7, 8, 8, 6)
        )
    }
)
_SOURCES = Weighted(
    {
        "google/organic": 40,
        "/": 21,  # came directly
        "google/cpc": 15,
        "yahoo/organic": 7,
        "yahoo/cpc": 6,
        "newsletter/email": 6,
        "t.co/referral": 3,
        "partner.example/referral": 2,
    }
)
_LEAD_SOURCES = {
    "自然検索": Weighted({"google/organic": 80, "yahoo/organic": 20}),
    "広告": Weighted({"google/cpc": 1}),
    "紹介": Weighted({"partner.example/referral": 55, "/": 45}),
    "メール": Weighted({"newsletter/email": 1}),
}
_DEVICES = Weighted({"desktop": 54, "mobile": 41, "tablet": 5})
_COUNTRIES = Weighted({"Japan": 97, "United States": 2, "Singapore": 1})
_WWW_PAGES = (
    "/",
    "/products/",
    "/products/meeting-room",
    "/products/furniture",
    "/cases/",
    "/blog/",
    "/company/",
)
_WWW_LANDINGS = (
    "/",
    "/blog/hybrid-work",
    "/blog/office-moving",
    "/products/",
    "/products/furniture",
    "/lp/whitepaper",
)


@dataclass
class Visitor:
    """A browser as GA4 knows it. `came_by` is what brought it first."""

    id: str
    device: str
    country: str
    came_by: tuple[str, str, str]
    sessions: int = 0


@dataclass(frozen=True)
class Step:
    """Something done: seconds after the session's start, the event, where, and what with."""

    after: int
    name: str
    url: str
    title: str
    engaged_msec: int = 0
    items: tuple[tuple[Item, int], ...] = ()
    order_id: str = ""
    revenue: int = 0


@dataclass
class Session:
    """A visit; `began`: seconds after midnight of `day` in Tokyo; steps may run into the next day."""

    day: date
    began: int
    visitor: Visitor
    number: int
    came_by: tuple[str, str, str]  # source, medium, campaign; empty strings: came directly
    engaged: bool
    steps: list[Step] = field(default_factory=list)

    @property
    def conversions(self) -> int:
        return sum(1 for step in self.steps if step.name in ("form_submit", "purchase"))

    @property
    def revenue(self) -> int:
        return sum(step.revenue for step in self.steps)


class Visitors:
    """Everyone who came so far; sessions are to be asked for day by day."""

    def __init__(self) -> None:
        self._recent: list[Visitor] = []
        self._buyers: dict[str, Visitor] = {}

    def sessions_of(self, day: date, orders: Iterable[Order], leads: Iterable[Lead]) -> list[Session]:
        """The day's visits: those that ended in an order or a form of the day, and all that did not."""
        draws = Draws(PART_WEB, day.toordinal())
        found = [self._purchase(day, order, draws) for order in orders if draws.chance(0.86)]
        for lead in leads:
            if (
                lead.source in _LEAD_SOURCES
                and lead.kind in ("問い合わせ", "資料請求")
                and draws.chance(0.75)
            ):
                found.append(self._form(day, lead, draws))
        ordinal = day.toordinal()
        for _ in range(draws.poisson(between_anchors(_WWW_A_DAY, ordinal) * office_demand(day))):
            found.append(self._browse_www(day, draws))
        for _ in range(draws.poisson(between_anchors(_SHOP_A_DAY, ordinal) * shop_demand(day))):
            found.append(self._browse_shop(day, draws))
        return sorted(found, key=lambda session: (session.began, session.visitor.id))

    def _visitor(self, day: date, draws: Draws, came_by: tuple[str, str, str]) -> Visitor:
        again, which = draws.chance(0.34), draws.uniform()
        number, device, country = (
            draws.between(10**8, 2 * 10**9),
            draws.weighted(_DEVICES),
            draws.weighted(_COUNTRIES),
        )
        if again and self._recent:
            return self._recent[int(which * len(self._recent))]
        first_seen = (day.toordinal() - date(1970, 1, 1).toordinal()) * 86_400 + number % 86_400
        visitor = Visitor(f"{number}.{first_seen}", device, country, came_by)
        self._recent.append(visitor)
        if len(self._recent) > 1500:
            del self._recent[:500]
        return visitor

    def _begin(
        self, day: date, began: int, came_by: tuple[str, str, str], visitor: Visitor, engaged: bool
    ) -> Session:
        visitor.sessions += 1
        return Session(day, began, visitor, visitor.sessions, came_by, engaged)

    def _purchase(self, day: date, order: Order, draws: Draws) -> Session:
        came_by = _way(draws.weighted(_SOURCES), day, shop=True)
        visitor = self._visitor(day, draws, came_by)
        if order.customer_id and draws.chance(0.8):
            visitor = self._buyers.setdefault(order.customer_id, visitor)
        bought_at = (order.at.hour * 60 + order.at.minute) * 60 + draws.between(0, 59)
        began = max(0, bought_at - draws.between(150, 900))
        session = self._begin(day, began, came_by, visitor, engaged=True)
        lines = [line for line in order.lines if line.quantity > 0]
        items = tuple((line.item, line.quantity) for line in lines)
        landing = ITEMS[lines[0].item.sku]
        steps = _land(session, _item_url(landing), landing.name)
        steps.append(Step(9, "view_item", _item_url(landing), landing.name, 0, ((landing, 1),)))
        steps.append(Step(40, "add_to_cart", _item_url(landing), landing.name, 21_000, items))
        steps.append(Step(65, "page_view", f"{SHOP}/cart", "カート", 4_000))
        steps.append(Step(90, "begin_checkout", f"{SHOP}/checkout", "ご注文手続き", 12_000, items))
        paid = sum(line.net_amount for line in lines)
        done_after = max(bought_at - began, 120)
        steps.append(
            Step(done_after, "purchase", f"{SHOP}/thanks", "ご注文完了", 9_000, items, order.id, paid)
        )
        session.steps = steps
        return session

    def _form(self, day: date, lead: Lead, draws: Draws) -> Session:
        came_by = _way(draws.weighted(_LEAD_SOURCES[lead.source]), day, shop=False)
        if lead.campaign:
            came_by = ("yahoo" if lead.campaign.startswith("yahoo") else "google", "cpc", lead.campaign)
        visitor = self._visitor(day, draws, came_by)
        session = self._begin(day, _moment(draws), came_by, visitor, engaged=True)
        document = lead.kind == "資料請求"
        page, title = ("/download/", "資料ダウンロード") if document else ("/contact/", "お問い合わせ")
        session.steps = _land(session, WWW + draws.pick(_WWW_LANDINGS), "みちしるべ商事（架空）")
        session.steps.append(Step(50, "page_view", WWW + page, title, 26_000))
        session.steps.append(Step(70, "form_start", WWW + page, title, 11_000))
        session.steps.append(Step(draws.between(110, 420), "form_submit", WWW + page, title, 48_000))
        if document:
            session.steps.append(Step(session.steps[-1].after + 8, "file_download", WWW + page, title, 3_000))
        return session

    def _browse_www(self, day: date, draws: Draws) -> Session:
        came_by = _way(draws.weighted(_SOURCES), day, shop=False)
        visitor = self._visitor(day, draws, came_by)
        session = self._begin(day, _moment(draws), came_by, visitor, engaged=draws.chance(0.57))
        session.steps = _land(session, WWW + draws.pick(_WWW_LANDINGS), "みちしるべ商事（架空）")
        after = 0
        if not session.engaged:
            return session
        for _ in range(draws.between(0, 4)):
            after += draws.between(12, 190)
            session.steps.append(
                Step(after, "page_view", WWW + draws.pick(_WWW_PAGES), "みちしるべ商事（架空）", 14_000)
            )
        what = draws.uniform()
        if what < 0.2:  # a form begun and left
            session.steps.append(Step(after + 20, "form_start", f"{WWW}/contact/", "お問い合わせ", 7_000))
        elif what < 0.3:
            session.steps.append(Step(after + 15, "file_download", f"{WWW}/cases/", "導入事例", 5_000))
        else:
            last = session.steps[-1]
            what_else = "scroll" if what < 0.65 else "user_engagement"
            session.steps.append(Step(after + 25, what_else, last.url, last.title, 18_000))
        return session

    def _browse_shop(self, day: date, draws: Draws) -> Session:
        came_by = _way(draws.weighted(_SOURCES), day, shop=True)
        visitor = self._visitor(day, draws, came_by)
        session = self._begin(day, _moment(draws), came_by, visitor, engaged=draws.chance(0.6))
        session.steps = _land(session, f"{SHOP}/", "みちしるべオフィスショップ（架空）")
        if not session.engaged:
            return session
        after = 0
        looked_at = [draws.pick(tuple(ITEMS.values())) for _ in range(draws.between(1, 3))]
        for item in looked_at:
            after += draws.between(10, 120)
            session.steps.append(Step(after, "page_view", _item_url(item), item.name, 11_000))
            session.steps.append(Step(after + 1, "view_item", _item_url(item), item.name, 0, ((item, 1),)))
        if draws.chance(0.3):  # a cart filled and left
            item = looked_at[-1]
            session.steps.append(
                Step(after + 30, "add_to_cart", _item_url(item), item.name, 9_000, ((item, 1),))
            )
            if draws.chance(0.35):
                session.steps.append(
                    Step(
                        after + 70, "begin_checkout", f"{SHOP}/checkout", "ご注文手続き", 15_000, ((item, 1),)
                    )
                )
        else:
            session.steps.append(
                Step(after + 20, "user_engagement", _item_url(looked_at[-1]), looked_at[-1].name, 16_000)
            )
        return session


def _land(session: Session, url: str, title: str) -> list[Step]:
    """The events that open every session."""
    steps = [Step(0, "first_visit", url, title)] if session.number == 1 else []
    return [*steps, Step(0, "session_start", url, title), Step(0, "page_view", url, title)]


def _item_url(item: Item) -> str:
    return f"{SHOP}/items/{item.sku.lower()}"


def _moment(draws: Draws) -> int:
    """Seconds after midnight; some start so late that they run into the next day."""
    second = (int(draws.weighted(_HOURS)) * 60 + draws.between(0, 59)) * 60 + draws.between(0, 59)
    late, left = draws.chance(0.015), draws.between(5, 240)
    return 86_400 - left if late else second


def _way(way: str, day: date, *, shop: bool) -> tuple[str, str, str]:
    source, medium = way.split("/")
    return source, medium, _campaign(source, medium, day, shop=shop)


def _campaign(source: str, medium: str, day: date, *, shop: bool) -> str:
    if medium == "email":
        return "newsletter_shop" if shop else "newsletter_office"
    if medium != "cpc":
        return ""
    if source == "yahoo":
        return "yahoo_shop" if shop else "yahoo_brand"
    if shop:
        return "shop_season_sale" if sale_coupon(day) else "shop_search"
    if day >= GIVEAWAY_FROM and not is_festive(day) and day.day % 3 != 0:
        return GIVEAWAY
    return "lead_whitepaper" if day.day % 2 else "brand_search"
