"""The gap of a goal by the leaves of its tree."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.gap.gap import explain, sums_of_leaves
from dagster_project.goals.gap.standing import year_before

TREE = (
    "revenue = repeat_revenue + new_revenue",
    "new_revenue = new_orders * average_order_value",
    "new_orders = new_deals * deal_to_order_rate",
    "new_deals = leads * lead_to_deal_rate",
)
LEAVES = ("repeat_revenue", "leads", "lead_to_deal_rate", "deal_to_order_rate", "average_order_value")
PLAN = dict(zip(LEAVES, map(Fraction, ("60000000", "1000", "0.1", "0.2", "2000000")), strict=True))
ACTUAL = dict(zip(LEAVES, map(Fraction, ("57000000", "1100", "0.09", "0.15", "2200000")), strict=True))

amounts = st.fractions(min_value=0, max_value=10**6, max_denominator=100)
states = st.fixed_dictionaries(dict.fromkeys([*LEAVES, "revenue"], amounts))


def test_the_gap_of_the_sales_year_comes_out_to_the_yen():
    planned, came = {"revenue": Fraction(10**8)}, {"revenue": Fraction(89_670_000)}
    gap = explain("revenue", TREE, PLAN | planned, ACTUAL | came)
    assert gap is not None
    assert {driver.node: round(float(driver.contribution), 2) for driver in gap.drivers} == {
        "repeat_revenue": -3_000_000,
        "leads": 3_489_166.67,
        "lead_to_deal_rate": -3_844_166.67,
        "deal_to_order_rate": -10_464_166.67,
        "average_order_value": 3_489_166.67,
    }
    assert (gap.gap, gap.residual) == (-10_330_000, 0)


@given(states, states)
def test_parts_and_residual_are_exactly_the_gap_whatever_the_data_say(before, after):
    gap = explain("revenue", TREE, before, after)
    assert gap is not None
    assert sum(driver.contribution for driver in gap.drivers) + gap.residual == gap.gap
    assert gap.gap == after["revenue"] - before["revenue"]


@given(states, states, st.sets(st.sampled_from(LEAVES)))
def test_a_tree_with_figures_missing_below_is_explained_by_the_nodes_above(before, after, missing):
    inner = {"new_revenue": Fraction(5), "new_orders": Fraction(3), "new_deals": Fraction(2)}
    known = {**inner, **{name: value for name, value in after.items() if name not in missing}}
    gap = explain("revenue", TREE, before | inner, known)
    assert gap is not None
    assert sum(driver.contribution for driver in gap.drivers) + gap.residual == gap.gap
    assert not missing & {driver.node for driver in gap.drivers}
    if "leads" in missing and not missing - {"leads", "lead_to_deal_rate"}:
        assert "new_deals" in {driver.node for driver in gap.drivers}


def test_a_kgi_without_a_value_on_either_side_has_no_gap():
    assert explain("revenue", TREE, PLAN, ACTUAL | {"revenue": Fraction(1)}) is None


def test_where_a_mixture_of_both_states_divides_by_zero_the_node_itself_is_the_leaf():
    tree = ("total = base + value", "value = profit / (a - b)")
    before = {"total": 5, "base": 1, "value": 4, "profit": 8, "a": 3, "b": 1}
    after = {"total": 9, "base": 3, "value": 6, "profit": 6, "a": 2, "b": 3}  # a - b passes 3 - 3
    gap = explain("total", tree, _exact(before), _exact(after))
    assert gap is not None
    assert {driver.node: driver.contribution for driver in gap.drivers} == {"base": 2, "value": 2}


def _exact(values: dict[str, int]) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in values.items()}


def test_an_implied_rate_closes_the_tree_and_keeps_the_measured_one_beside_it():
    tree = ("orders = deals * rate",)
    before = {"orders": Fraction(20), "deals": Fraction(100), "rate": Fraction("0.2")}
    after = {"orders": Fraction("56.2"), "deals": Fraction(100), "rate": Fraction("0.568")}
    implied = {"rate": Fraction("0.562")}
    gap = explain("orders", tree, before, after, implied_after=implied)
    assert gap is not None
    rate = next(driver for driver in gap.drivers if driver.node == "rate")
    assert (rate.after, rate.measured, gap.residual) == (implied["rate"], after["rate"], 0)
    measured = explain("orders", tree, before, after)
    assert measured is not None
    assert measured.residual == Fraction("-0.6")


@given(states, states)
def test_an_inner_node_is_the_sum_of_its_leaves(sales_goal_nodes, before, after):
    gap = explain("revenue", TREE, before, after)
    assert gap is not None
    parts = {driver.node: driver.contribution for driver in gap.drivers}
    sums = sums_of_leaves(sales_goal_nodes, parts)
    assert sums["new_deals"] == parts["leads"] + parts["lead_to_deal_rate"]
    assert sums["new_orders"] == sums["new_deals"] + parts["deal_to_order_rate"]
    assert sums["revenue"] == sum(parts.values()) == gap.gap - gap.residual


@pytest.fixture(scope="module")
def sales_goal_nodes(tmp_path_factory, definitions):
    from dagster_project.goals.load import load_goals
    from tests.goals.conftest import SALES_TREE

    folder = tmp_path_factory.mktemp("goal") / "kpi_definitions" / "goals"
    folder.mkdir(parents=True)
    (folder / "goal.yml").write_text(SALES_TREE, encoding="utf-8")
    return load_goals(folder.parents[1], definitions)[0].tree


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=5000))
def test_a_double_stands_for_the_simplest_fraction_that_is_written_so(value):
    assert float(exact(float(value))) == float(value)
    if value.denominator <= 50 and abs(value) < 10**6:
        assert exact(float(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_is_written_back_as_itself(value):
    assert float(exact(value)) == value


def test_a_year_before_any_run_of_days_is_the_same_dates():
    assert year_before(Period("range", date(2024, 2, 29), date(2024, 6, 30))) == Period(
        "range", date(2023, 2, 28), date(2023, 6, 30)
    )
    may = Period("month", date(2026, 5, 1), date(2026, 5, 31))
    assert year_before(may) == Period("month", date(2025, 5, 1), date(2025, 5, 31))
