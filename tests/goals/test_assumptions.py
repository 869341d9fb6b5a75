"""assumption_review: worked figures, and what is judged by which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from dagster_project.goals.columns import ASSUMPTION_REVIEW
from dagster_project.goals.model import Goal
from dagster_project.goals.review.assumptions import build_assumption_review
from dagster_project.goals.tables import build_goal_tables, goals_in_force
from dagster_project.kpi.model import Definitions

START, AS_OF = date(2026, 4, 1), date(2027, 3, 31)
Sides = tuple[float, float | None]
PERIOD_COLUMNS = [
    "grain", "period_start", "kpi", "dimension", "segment", "elapsed_days", "numerator", "denominator",
    "value", "status_reason",
]  # fmt: skip


def days_of(kpi: str, days: list[Sides], where: tuple[str, str] = ("total", "total")) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": [START + timedelta(days=n) for n in range(len(days))],
            "kpi": kpi,
            "dimension": where[0],
            "segment": where[1],
            "numerator": [top for top, _ in days],
            "denominator": [bottom for _, bottom in days],
            "value": None,
            "data_status": "final",
        }
    )


def both(kpi: str, days: list[Sides], where: tuple[str, str] | None = None) -> pd.DataFrame:
    """In total, and at a segment where the node is read at one."""
    parts = [days_of(kpi, days)] + ([days_of(kpi, days, where)] if where else [])
    return pd.concat(parts, ignore_index=True)


def spread(top: float, bottom: float, days: int = 40) -> list[Sides]:
    """The two sides over the days, in whole numbers as even as they go."""

    def at(total: float, day: int) -> float:
        return float(int(total * (day + 1) / days) - int(total * day / days))

    return [(at(top, day), at(bottom, day)) for day in range(days)]


def reviewed(
    goal: Goal, definitions: Definitions, daily: list[pd.DataFrame], as_of: date = AS_OF
) -> Mapping[str, Mapping[str, Any]]:
    frame = pd.concat(daily, ignore_index=True)
    periods = pd.DataFrame({name: pd.Series(dtype="object") for name in PERIOD_COLUMNS})
    built = build_goal_tables([goal], definitions, frame, periods, as_of, "run")
    rows = build_assumption_review(
        [goal], frame, periods, built.goal_targets, built.kgi_attainment, as_of, "run"
    )
    assert list(rows.columns) == [name for name, _ in ASSUMPTION_REVIEW]
    return {row["node"]: row for row in rows.to_dict("records")}


@pytest.fixture
def win_rate(
    sales_goal: Goal, definitions: Definitions
) -> Callable[[float, float], Mapping[str, Mapping[str, Any]]]:
    def of(won: float, deals: float) -> Mapping[str, Mapping[str, Any]]:
        daily = both("deal_to_order_rate", spread(won, deals), ("customer_type", "new"))
        return reviewed(sales_goal, definitions, [daily])

    return of


def test_12_of_80_is_no_other_rate_than_20_percent_and_says_what_15_percent_would_need(
    win_rate,
) -> None:
    rows = win_rate(12, 80)
    rate = rows["deal_to_order_rate"]
    assert (rate["assumed"], rate["actual"]) == (0.2, 0.15)
    assert (rate["numerator"], rate["denominator"]) == (12, 80)
    assert rate["method"] == "binomial"
    assert rate["p_value"] == pytest.approx(0.3275, abs=5e-5)
    assert (rate["low"], rate["high"]) == pytest.approx((0.07998, 0.24736), abs=1e-5)
    assert not rate["significant"]
    assert rows["new_deals"]["required"] == 100
    assert rows["new_deals"]["required_if_replanned"] == pytest.approx(133.33, abs=0.005)
    assert rows["leads"]["required_if_replanned"] == pytest.approx(1_333.33, abs=0.005)


def test_120_of_800_is_another_rate_than_20_percent(win_rate) -> None:
    rate = win_rate(120, 800)["deal_to_order_rate"]
    assert rate["significant"]
    assert rate["p_value"] < 0.001


def test_an_assumption_without_data_has_a_reason_and_changes_no_target(win_rate) -> None:
    rows = win_rate(12, 80)
    assert rows["lead_to_deal_rate"]["reason"] == "no_data"
    assert pd.isna(rows["lead_to_deal_rate"]["significant"])
    assert rows["new_orders"]["required_if_replanned"] == rows["new_orders"]["required"] == 20


def test_a_rate_of_nothing_requires_what_can_not_be_told(win_rate) -> None:
    rows = win_rate(0, 80)
    assert rows["deal_to_order_rate"]["significant"]
    assert pd.isna(rows["leads"]["required_if_replanned"])


def test_more_hits_than_trials_are_judged_as_counted_events(win_rate) -> None:
    rate = win_rate(90, 80)["deal_to_order_rate"]
    assert rate["method"] == "poisson"
    assert rate["low"] < 90 / 80 < rate["high"]
    assert rate["significant"]


def test_an_average_is_judged_by_its_days(sales_goal: Goal, definitions: Definitions) -> None:
    where = ("customer_type", "new")
    days: list[Sides] = [(2_000_000.0 + 100_000 * (n % 5 - 2), 1.0) for n in range(20)]
    value = reviewed(sales_goal, definitions, [both("average_order_value", days, where)])[
        "average_order_value"
    ]
    # 20 days of deviation sqrt(2 * 20 / 19) * 100,000: error 32,444, and 2.0930 of it to either side
    assert value["method"] == "t"
    assert value["actual"] == 2_000_000
    assert value["high"] - value["actual"] == pytest.approx(2.0930 * 32_444, rel=1e-4)
    assert not value["significant"]
    few = reviewed(sales_goal, definitions, [both("average_order_value", days[:4], where)])
    assert few["average_order_value"]["reason"] == "too_few_days"


COUNTED = """
goal: counted
period: {month: 2026-04}
kgi: {kpi: revenue}
tree: [revenue = leads * repeat_revenue]
nodes: {leads: {assume: 300}, repeat_revenue: {assume: 1_000}}
"""


def test_a_count_and_a_sum_are_judged_at_their_pace(goals_of: Any, definitions: Definitions) -> None:
    (goal,) = goals_of(COUNTED)
    half = [
        days_of("leads", [(6.0, None)] * 15),
        days_of("repeat_revenue", [(30.0 + n % 3, None) for n in range(15)]),
    ]
    rows = reviewed(goal, definitions, half, date(2026, 4, 15))
    leads, money = rows["leads"], rows["repeat_revenue"]
    # 90 of the 150 that are due by half time: 180 at this pace, and Garwood's limits of 90 doubled
    assert (leads["method"], leads["actual"]) == ("poisson", pytest.approx(180))
    assert (leads["low"], leads["high"]) == pytest.approx((2 * 72.371, 2 * 110.625), abs=0.01)
    assert leads["significant"]
    assert (money["method"], money["actual"]) == ("t", pytest.approx(930))
    # off by -3.33, -2.33 or -1.33 a day: error of the sum sqrt(15 * 10 / 14), doubled; 2.1448 of it
    assert money["high"] - money["actual"] == pytest.approx(2.1448 * 2 * (15 * 10 / 14) ** 0.5, rel=1e-4)
    assert money["significant"]
    assert rows["leads"]["required_if_replanned"] == pytest.approx(180)


def test_every_row_is_assumed_or_derived_and_keys_are_whole(win_rate) -> None:
    rows = win_rate(12, 80)
    assert {row["origin"] for row in rows.values()} == {"assumed", "derived"}
    assert "revenue" not in rows
    assert all(row["goal"] == "revenue_100m" and row["as_of"] == AS_OF for row in rows.values())


REVISED = """
revisions:
  - from: 2026-10-01
    nodes: {deal_to_order_rate: {assume: 15%}}
"""


def test_of_a_revised_plan_nothing_else_is_required_where_the_revised_assumption_holds(
    goals_of: Any, sales_tree: str, definitions: Definitions
) -> None:
    (goal,) = goals_of(sales_tree.replace("phasing: business_days", "phasing: {monthly: even}") + REVISED)
    frame = both("deal_to_order_rate", spread(12, 80), ("customer_type", "new"))
    periods = pd.DataFrame({name: pd.Series(dtype="object") for name in PERIOD_COLUMNS})
    day = date(2026, 12, 31)
    (in_force,) = goals_in_force([goal], definitions, frame, periods, day)
    rows = reviewed(in_force, definitions, [frame], day)
    assert (rows["deal_to_order_rate"]["assumed"], rows["deal_to_order_rate"]["actual"]) == (0.15, 0.15)
    # half a year at 20 %, 500 leads; the other half at 15 %, 666.67
    assert rows["leads"]["required"] == pytest.approx(1_166.67, abs=0.005)
    assert rows["leads"]["required_if_replanned"] == rows["leads"]["required"]
