"""The story that the data is meant to tell, over its whole span."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.project import PACKAGE
from dagster_project.sample import activities, sfa, shop
from dagster_project.sample.days import (
    END,
    START,
    days_of,
    is_business_day,
    is_golden_week,
    last_business_days,
    public_holidays,
)

YEAR = (date(2026, 4, 1), date(2027, 3, 31))
YEAR_BEFORE = (date(2025, 4, 1), date(2026, 3, 31))
SINCE_SUMMER = (date(2026, 8, 1), END)
TARGET = {"revenue": 360_000_000, "leads": 4_000, "deals": 1_000, "orders_won": 250, "calls": 10_000}


def within(day: date, span: tuple[date, date]) -> bool:
    return span[0] <= day <= span[1]


@pytest.fixture(scope="module")
def due() -> float:
    """The share of the fiscal year's business days that are over on the last day."""
    days = [day for day in days_of(*YEAR) if is_business_day(day)]
    return sum(day <= END for day in days) / len(days)


@pytest.fixture(scope="module")
def attainment(
    whole_salesforce: sfa.SalesForce,
    whole_activities: list[activities.Activity],
    whole_shop: list[shop.Order],
    due: float,
) -> dict[str, float]:
    """Actual to date over target to date, counted from the generator's own tables."""
    won = [d for d in whole_salesforce.deals if d.won and within(d.closed_on, (YEAR[0], END))]
    paid = [o for o in whole_shop if within(o.at.date(), YEAR) and o.status(END) == "支払済"]
    actual = {
        "revenue": sum(d.amount for d in won) + sum(x.net_amount for o in paid for x in o.lines_known(END)),
        "leads": sum(within(lead.created_on, YEAR) for lead in whole_salesforce.leads),
        "deals": sum(within(deal.created_on, YEAR) for deal in whole_salesforce.deals),
        "orders_won": len(won),
        "calls": sum(a.kind == "架電" and within(a.at.date(), YEAR) for a in whole_activities),
    }
    return {name: actual[name] / (TARGET[name] * due) for name in actual}


def test_the_goal_is_in_danger(attainment: dict[str, float]) -> None:
    assert 0.90 < attainment["revenue"] < 0.95


def test_leads_and_calls_stand_above_target_while_deals_and_orders_fall_behind(
    attainment: dict[str, float],
) -> None:
    assert attainment["leads"] > 1.03
    assert attainment["calls"] > 1.03
    assert attainment["deals"] < 0.95
    assert attainment["orders_won"] < 0.95


def test_the_goal_files_ask_for_what_these_tests_measure_against() -> None:
    goals = pytest.importorskip("dagster_project.goals.load")
    root = PACKAGE.parent
    found = {goal.name: goal for goal in goals.load_goals(root, load_definitions(root))}
    plan = found["revenue_fy2026"].targets["plan"]
    for name in ("revenue", "leads", "deals", "orders_won"):
        assert plan[name] == TARGET[name]
    assert found["calls_fy2026"].targets["plan"]["calls"] == TARGET["calls"]


def test_rates_sag_since_summer(whole_salesforce: sfa.SalesForce) -> None:
    def rates(span: tuple[date, date]) -> tuple[float, float]:
        leads = sum(within(lead.created_on, span) for lead in whole_salesforce.leads)
        opened = sum(within(deal.created_on, span) for deal in whole_salesforce.deals)
        closed = [deal for deal in whole_salesforce.deals if within(deal.closed_on, span)]
        return opened / leads, sum(deal.won for deal in closed) / len(closed)

    before, since = rates(YEAR_BEFORE), rates(SINCE_SUMMER)
    assert since[0] < 0.8 * before[0]
    assert since[1] < 0.9 * before[1]


def test_the_giveaway_brings_leads_and_no_deals(whole_salesforce: sfa.SalesForce) -> None:
    given = [lead for lead in whole_salesforce.leads if lead.campaign == sfa.GIVEAWAY]
    opened = sum(deal.lead.campaign == sfa.GIVEAWAY for deal in whole_salesforce.deals)
    assert len(given) > 200
    assert opened / len(given) < 0.1
    assert min(lead.created_on for lead in given) >= sfa.GIVEAWAY_FROM


def test_both_channels_grow(whole_salesforce: sfa.SalesForce, whole_shop: list[shop.Order]) -> None:
    first_year = (date(2024, 4, 1), date(2025, 3, 31))
    for days in (
        [deal.created_on for deal in whole_salesforce.deals],
        [order.at.date() for order in whole_shop],
    ):
        assert sum(within(d, YEAR_BEFORE) for d in days) > 1.03 * sum(within(d, first_year) for d in days)


def test_deals_open_at_the_start_came_over_and_closed_ones_did_not(
    whole_salesforce: sfa.SalesForce,
) -> None:
    older = [deal for deal in whole_salesforce.deals if deal.created_on < START]
    assert older
    assert all(deal.closed_on >= START for deal in older)
    known = {lead.id for lead in whole_salesforce.leads}
    assert all(deal.lead.id in known for deal in whole_salesforce.deals)


def test_two_of_the_roster_have_no_deal(whole_salesforce: sfa.SalesForce) -> None:
    owners = {deal.lead.owner for deal in whole_salesforce.deals}
    assert {rep.id for rep in sfa.ROSTER} - owners == {"R11", "R12"}


def test_calls_are_made_on_business_days_only(whole_activities: list[activities.Activity]) -> None:
    assert all(is_business_day(done.at.date()) for done in whole_activities)


def test_leads_are_few_on_weekends_and_holidays(whole_salesforce: sfa.SalesForce) -> None:
    a_day = Counter(lead.created_on for lead in whole_salesforce.leads)

    def mean(days: list[date]) -> float:
        return sum(a_day[day] for day in days) / len(days)

    everyday = days_of(START, END)
    weekdays = [day for day in everyday if is_business_day(day)]
    weekends = [day for day in everyday if day.weekday() >= 5]
    holidays = [day for day in everyday if day in public_holidays(day.year) and day.weekday() < 5]
    assert mean(weekends) < 0.5 * mean(weekdays)
    assert mean(holidays) < 0.5 * mean(weekdays)


def test_deals_close_at_the_end_of_months(whole_salesforce: sfa.SalesForce) -> None:
    closed = [deal.closed_on for deal in whole_salesforce.deals if deal.closed_on <= END]
    at_the_end = sum(day in last_business_days(day.year, day.month, 4) for day in closed)
    assert 0.4 < at_the_end / len(closed) < 0.75  # a month has some 20 business days; evenly it were 0.2
    assert all(is_business_day(day) for day in closed)


def test_the_shop_is_quiet_in_golden_week_and_busy_in_sales(whole_shop: list[shop.Order]) -> None:
    a_day = Counter(order.at.date() for order in whole_shop)

    def mean(days: list[date]) -> float:
        return sum(a_day[day] for day in days) / len(days)

    everyday = days_of(START, END)
    ordinary = [day for day in everyday if not is_golden_week(day) and day.month in (5, 6, 9, 10)]
    golden = [day for day in everyday if is_golden_week(day)]
    thanks = [day for day in everyday if day.month == 12 and 5 <= day.day <= 20]
    assert mean(golden) < 0.8 * mean(ordinary)
    assert mean(thanks) > 1.2 * mean(ordinary)


def test_customers_come_back_and_some_stay_guests(whole_shop: list[shop.Order]) -> None:
    orders_of = Counter(order.customer_id for order in whole_shop)
    guests = orders_of.pop("")
    assert 0.02 < guests / len(whole_shop) < 0.07
    assert sum(count > 1 for count in orders_of.values()) > 0.2 * len(orders_of)


def test_deals_are_open_at_the_end(whole_salesforce: sfa.SalesForce) -> None:
    assert sum(deal.closed_on > END for deal in whole_salesforce.deals) > 80
