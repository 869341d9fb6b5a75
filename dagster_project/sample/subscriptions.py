"""Monthly contracts for the cloud service and for maintenance: terms, changes, cancellations, use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from dagster_project.sample.days import START, days_of, is_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_SUBSCRIPTIONS = 10
PART_USAGE = 11

USAGE_FROM = date(2025, 4, 1)  # the service writes its log since then

CLOUD, CARE = "業務改善クラウド", "保守サポート"
PLANS = {CLOUD: ("ライト", "スタンダード", "プレミアム"), CARE: ("基本", "24時間")}
FEES = {"ライト": 6_000, "スタンダード": 12_000, "プレミアム": 24_000, "基本": 4_000, "24時間": 9_000}
_FIRST_PLAN = {
    CLOUD: Weighted({"ライト": 46, "スタンダード": 42, "プレミアム": 12}),
    CARE: Weighted({"基本": 78, "24時間": 22}),
}
_SIZES = Weighted({"小規模": 58, "中規模": 32, "大規模": 10})
_NEW_A_MONTH = ((date(2024, 4, 1).toordinal(), 4.6), (date(2026, 10, 31).toordinal(), 6.4))
_CANCELS_A_MONTH = (
    (date(2026, 4, 1).toordinal(), 0.0075),
    (date(2026, 8, 1).toordinal(), 0.0125),  # a competitor undercuts prices
)
_BEFORE = 140  # customers under contract when the billing system was new
_UPGRADES, _DOWNGRADES, _ADDS, _DROPS = 0.009, 0.003, 0.006, 0.002  # a month


@dataclass
class Term:
    """A stretch of a contract with one plan and fee. `ends_on`: the first day on which it no longer holds."""

    contract_id: str
    number: int
    customer_id: str
    product: str
    plan: str
    fee: int
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True)
class Change:
    """What changed in a customer's contracts. `kind`: プラン変更(上位), プラン変更(下位), 商品追加, 解約."""

    id: str
    day: date
    customer_id: str
    contract_id: str
    kind: str


@dataclass
class Customer:
    """A company under contract. `onboarded_on`: when it was ready to work with the service; None: not yet."""

    id: str
    size: str
    started_on: date
    onboarded_on: date | None
    keen: float  # how likely it uses the service on a business day
    left_on: date | None = None  # the first day without any contract
    terms: list[Term] = field(default_factory=list)

    def active(self, day: date) -> bool:
        return self.started_on <= day and (self.left_on is None or day < self.left_on)


@dataclass
class Subscriptions:
    customers: list[Customer] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def terms(self) -> list[Term]:
        return [term for customer in self.customers for term in customer.terms]


def simulate(end: date) -> Subscriptions:
    """All contracts since 2021 that were in force in the spring of 2024 or later, as known on `end`."""
    book = Subscriptions()
    first = Draws(PART_SUBSCRIPTIONS)
    started = sorted(date(2021, 4, 1) + timedelta(days=first.between(0, 1094)) for _ in range(_BEFORE))
    for day in started:
        book.customers.append(_customer(len(book.customers) + 1, day, first))
    for day in days_of(START, end):
        draws = Draws(PART_SUBSCRIPTIONS, day.toordinal())
        for customer in book.customers:
            if customer.active(day) and customer.started_on < day:
                _live(book, customer, day, draws)
        if is_business_day(day):
            for _ in range(draws.poisson(between_anchors(_NEW_A_MONTH, day.toordinal()) / 20.5)):
                book.customers.append(_customer(len(book.customers) + 1, day, draws))
    for customer in book.customers:
        if customer.onboarded_on is not None and customer.onboarded_on > end:
            customer.onboarded_on = None
    return book


def _customer(number: int, day: date, draws: Draws) -> Customer:
    ready, takes = draws.chance(0.86), draws.between(5, 36)
    keen = 0.24 if draws.chance(0.75) else 0.03
    customer = Customer(
        id=f"K{number:04d}",
        size=draws.weighted(_SIZES),
        started_on=day,
        onboarded_on=day + timedelta(days=takes) if ready else None,
        keen=keen,
    )
    _add(customer, CLOUD, day, draws)
    if draws.chance(0.25):
        _add(customer, CARE, day, draws)
    return customer


def _add(customer: Customer, product: str, day: date, draws: Draws) -> Term:
    plan = draws.weighted(_FIRST_PLAN[product])
    letter = "C" if product == CLOUD else "M"
    term = Term(f"{customer.id}-{letter}", 1, customer.id, product, plan, FEES[plan], day)
    customer.terms.append(term)
    return term


def _live(book: Subscriptions, customer: Customer, day: date, draws: Draws) -> None:
    """At most one event a day: the customer leaves, changes its plan, adds or drops maintenance."""
    luck = draws.uniform() * 30.4
    bounds = between_anchors(_CANCELS_A_MONTH, day.toordinal())
    running = [term for term in customer.terms if term.ends_on is None]
    if luck < bounds:
        for term in running:
            term.ends_on = day
            _note(book, day, term, "解約")
        customer.left_on = day
        return
    for kind, share in (
        ("上位", _UPGRADES),
        ("下位", _DOWNGRADES),
        ("商品追加", _ADDS),
        ("一部解約", _DROPS),
    ):
        low, bounds = bounds, bounds + share
        if low <= luck < bounds:
            _change(book, customer, running, kind, day, draws)


def _change(
    book: Subscriptions, customer: Customer, running: list[Term], kind: str, day: date, draws: Draws
) -> None:
    term = running[0]
    if kind in ("上位", "下位"):
        plans = PLANS[term.product]
        at = plans.index(term.plan) + (1 if kind == "上位" else -1)
        if not 0 <= at < len(plans) or term.starts_on == day:
            return
        term.ends_on = day
        plan = plans[at]
        customer.terms.append(
            Term(term.contract_id, term.number + 1, term.customer_id, term.product, plan, FEES[plan], day)
        )
        _note(book, day, term, f"プラン変更({kind})")
    elif kind == "商品追加":
        if not any(term.product == CARE for term in customer.terms):
            _note(book, day, _add(customer, CARE, day, draws), "商品追加")
    elif len(running) > 1:
        running[-1].ends_on = day
        _note(book, day, running[-1], "一部解約")


def _note(book: Subscriptions, day: date, term: Term, kind: str) -> None:
    number = len(book.changes) + 1
    book.changes.append(Change(f"H{number:05d}", day, term.customer_id, term.contract_id, kind))


def usage(book: Subscriptions, start: date, end: date) -> Iterator[tuple[date, str, int, int]]:
    """(day, customer, logins, actions) of each day on which a customer used the service."""
    for day in days_of(max(start, USAGE_FROM), end):
        if not is_business_day(day):
            continue
        draws = Draws(PART_USAGE, day.toordinal())
        for customer in book.customers:
            came, people, busy = draws.uniform(), draws.between(1, 6), draws.between(4, 30)
            if customer.active(day) and came < customer.keen:
                yield day, customer.id, people, people * busy
