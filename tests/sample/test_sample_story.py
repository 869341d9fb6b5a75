"""The story that the data is meant to tell, over its whole span."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.project import PACKAGE
from dagster_project.sample import (
    activities,
    factory,
    recruiting,
    sfa,
    shop,
    software,
    staff,
    subscriptions,
    support,
    surveys,
)
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


# --- what the other departments feel of it -------------------------------------------------------------


@pytest.fixture(scope="module")
def tickets() -> list[support.Ticket]:
    return support.simulate(START, END)


@pytest.fixture(scope="module")
def contracts() -> subscriptions.Subscriptions:
    return subscriptions.simulate(END)


def test_support_has_more_to_do_and_answers_less_of_it(tickets: list[support.Ticket]) -> None:
    def seen(span: tuple[date, date]) -> tuple[float, float, float]:
        found = [ticket for ticket in tickets if within(ticket.received_at.date(), span)]
        calls = [ticket for ticket in found if ticket.channel == "電話"]
        answered = sum(ticket.answered_at is not None for ticket in found)
        days = sum(is_business_day(day) for day in days_of(*span))
        return len(found) / days, answered / len(found), sum(t.given_up for t in calls) / len(calls)

    before, since = seen(YEAR_BEFORE), seen(SINCE_SUMMER)
    assert since[0] > 1.25 * before[0]
    assert 0.9 < since[1] < before[1] - 0.02
    assert since[2] > 1.7 * before[2]


def test_times_of_a_ticket_follow_each_other(tickets: list[support.Ticket]) -> None:
    for ticket in tickets:
        assert not (ticket.given_up and ticket.answered_at)
        assert (ticket.answered_at is None) == (ticket.closed_at is None)
        if ticket.answered_at is not None and ticket.closed_at is not None:
            assert ticket.received_at <= ticket.answered_at <= ticket.closed_at
            assert is_business_day(ticket.closed_at.date())


def test_loose_legs_bring_complaints_and_sour_answers(tickets: list[support.Ticket]) -> None:
    defect = (support.DEFECT_FROM, support.DEFECT_UNTIL)
    inside = [ticket for ticket in tickets if within(ticket.received_at.date(), defect)]
    outside = [ticket for ticket in tickets if not within(ticket.received_at.date(), defect)]

    def share(found: list[support.Ticket]) -> float:
        return sum(ticket.kind == "クレーム" for ticket in found) / len(found)

    assert share(inside) > 1.8 * share(outside)


def test_more_customers_cancel_since_summer_than_a_year_before(
    contracts: subscriptions.Subscriptions,
) -> None:
    def left(span: tuple[date, date]) -> float:
        opening = sum(customer.active(span[0]) for customer in contracts.customers)
        return sum(c.left_on is not None and within(c.left_on, span) for c in contracts.customers) / opening

    assert 0.04 < left(YEAR_BEFORE) < 0.15
    assert left(SINCE_SUMMER) * 4 > 1.2 * left(YEAR_BEFORE)  # three months against twelve
    growth = [
        sum(customer.active(date(year, 4, 1)) for customer in contracts.customers) for year in (2024, 2026)
    ]
    assert growth[1] > 1.3 * growth[0]


def test_contract_terms_follow_each_other_without_a_gap(contracts: subscriptions.Subscriptions) -> None:
    for customer in contracts.customers:
        by_contract: dict[str, list[subscriptions.Term]] = {}
        for term in customer.terms:
            by_contract.setdefault(term.contract_id, []).append(term)
        for terms in by_contract.values():
            assert [term.number for term in terms] == list(range(1, len(terms) + 1))
            for earlier, later in zip(terms, terms[1:], strict=False):
                assert earlier.ends_on == later.starts_on > earlier.starts_on
        if customer.left_on is not None:
            assert {term.ends_on for term in customer.terms if term.ends_on} >= {customer.left_on}
            assert all(term.ends_on is not None for term in customer.terms)


def test_recruiting_falls_behind() -> None:
    applications = recruiting.simulate(END)

    def half(year: int) -> tuple[int, int]:
        span = (date(year, 4, 1), date(year, 10, 31))
        applied = sum(within(done.applied_on, span) for done in applications)
        accepted = sum(
            done.accepted_on is not None and within(done.accepted_on, span) for done in applications
        )
        return applied, accepted

    assert half(2026)[0] < 0.8 * half(2025)[0]
    assert half(2026)[1] < half(2025)[1]


def test_everyone_who_joined_is_employed_from_that_day() -> None:
    applications = recruiting.simulate(END)
    people = staff.simulate(END, applications)
    joined = Counter(done.joined_on for done in applications if done.joined_on and done.joined_on <= END)
    assert Counter(person.hired_on for person in people if person.hired_on >= START) == joined
    names = {person.name for person in people if person.department in ("営業", "EC")}
    assert names >= {rep.name for rep in sfa.ROSTER}
    assert all(person.left_on is None or person.left_on >= person.hired_on for person in people)


def test_screws_of_a_new_supplier_spoil_desks_in_september() -> None:
    runs = factory.runs(date(2026, 4, 1), END)

    def share(span: tuple[date, date]) -> float:
        found = [run for run in runs if run.line == "第2ライン" and within(run.day, span)]
        return sum(run.defects for run in found) / sum(run.units for run in found)

    assert share(factory.BAD_PARTS) > 4 * share((date(2026, 4, 1), date(2026, 8, 31)))


def test_a_shift_runs_within_its_plan_and_never_faster_than_it_can() -> None:
    for run in factory.runs(START, END):
        assert 0 < run.running <= run.planned - run.stops
        assert run.units * run.ideal_seconds <= run.running * 60
        assert 0 <= run.defects <= run.units


def test_a_bad_release_brings_bugs() -> None:
    found = [item.created_on for item in software.items(END) if item.found_in == "リリース後"]
    days = (software.BAD_RELEASE[1] - software.BAD_RELEASE[0]).days + 1
    inside = sum(within(day, software.BAD_RELEASE) for day in found) / days
    outside = sum(not within(day, software.BAD_RELEASE) for day in found) / len(days_of(START, END))
    assert inside > 3 * outside


def test_customers_recommend_the_company_less_than_a_year_ago(
    contracts: subscriptions.Subscriptions,
) -> None:
    responses = surveys.recommendation(contracts, END)

    def score(span: tuple[date, date]) -> float:
        points = [int(reply.answer) for reply in responses if reply.answer and within(reply.day, span)]
        return 100 * (sum(p >= 9 for p in points) - sum(p <= 6 for p in points)) / len(points)

    assert score((date(2026, 4, 1), END)) < score(YEAR_BEFORE) - 5
