"""Units: JPY / count is JPY per count; what does not go together is refused, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.kpi.unit_formulas import check_equation, unit_of
from dagster_project.kpi.units import (
    COUNT,
    ONE,
    PLAIN,
    Unit,
    UnitError,
    declared,
    disagreement,
    money,
    settled,
)

UNITS = {
    "revenue": money("JPY", "excluded"),
    "repeat_revenue": money("JPY", "excluded"),
    "gross": money("JPY", "included"),
    "dollars": money("USD"),
    "cost": money("JPY"),
    "orders": COUNT,
    "leads": COUNT,
    "rate": ONE,
    "order_value": Unit((("JPY", 1), ("count", -1)), "excluded"),
    "hours": declared("hours"),
    "days": declared("days"),
    "figure": PLAIN,
}


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("revenue / orders", "JPY per count, tax excluded"),
        ("leads * rate", "count"),
        ("leads * rate * order_value", "JPY, tax excluded"),
        ("leads * 20% * order_value", "JPY"),  # a fraction may be a tax rate, so nothing is said of tax
        ("orders / 20%", "count"),
        ("orders * order_value * 12", "JPY, tax excluded"),
        ("revenue - repeat_revenue", "JPY, tax excluded"),
        ("revenue * 1.1", "JPY"),
        ("revenue - cost", "JPY"),
        ("revenue / cost - 1", "a plain ratio"),
        ("1 - rate", "a plain ratio"),
        ("hours / orders", "hours per count"),
        ("hours / 24", "a plain number"),  # a constant may turn hours into days
        ("figure / orders", "1 per count"),
        ("order_value / rate", "JPY per count, tax excluded"),
        ("coalesce(cost, 0) + greatest(revenue, 1)", "JPY"),
        ("case when cost > 100 then orders else 0 end", "count"),
    ],
)
def test_a_formula_has_the_unit_of_its_arithmetic(formula, unit):
    assert str(unit_of(formula, UNITS)) == unit


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("revenue + dollars", "adds JPY, tax excluded and USD"),
        ("revenue + orders", "adds JPY, tax excluded and count"),
        ("revenue - order_value", "subtracts JPY, tax excluded and JPY per count, tax excluded"),
        ("orders + rate", "adds count and a plain ratio"),
        ("hours + days", "adds hours and days"),
        ("gross - revenue", "subtracts an amount with tax included and one with tax excluded"),
        ("revenue / gross", "divides an amount with tax excluded and one with tax included"),
        ("case when rate > 0 then revenue else dollars end", "chooses between JPY, tax excluded and USD"),
        ("case when dollars > revenue then 1 else 0 end", "compares USD and JPY, tax excluded"),
        ("coalesce(hours, days)", "chooses between hours and days"),
        ("(revenue + dollars) / orders", "adds"),
    ],
)
def test_figures_that_do_not_go_together_are_refused(formula, message):
    with pytest.raises(UnitError, match=message.replace("(", r"\(")):
        unit_of(formula, UNITS)


def test_an_equation_has_one_unit_on_both_sides():
    assert check_equation("revenue", "orders * order_value", UNITS) == UNITS["revenue"]
    assert check_equation("orders", "leads * rate", UNITS) == COUNT
    with pytest.raises(UnitError, match="'revenue' is JPY, tax excluded, but the formula gives count"):
        check_equation("revenue", "leads * rate", UNITS)
    with pytest.raises(UnitError, match="'orders' is count, but the formula gives JPY per count"):
        check_equation("orders", "order_value", UNITS)


def test_a_plain_number_fits_anywhere_but_hides_no_currency():
    assert check_equation("revenue", "figure", UNITS).currencies
    with pytest.raises(UnitError):
        check_equation("dollars", "revenue * figure", UNITS)


@pytest.mark.parametrize(
    ("text", "formula", "fits"),
    [
        ("JPY", "revenue", True),
        ("JPY", "revenue / orders", True),  # goes by the unit above
        ("JPY", "revenue / figure", True),
        ("JPY", "figure", True),
        ("JPY", "orders", False),
        ("JPY", "dollars", False),
        ("JPY", "revenue / cost", False),
        ("JPY", "orders / revenue", False),
        ("percent", "revenue / cost", True),
        ("percent", "figure / figure", True),
        ("percent", "revenue / figure", False),
        ("percent", "revenue / orders", False),
        ("percent", "orders", False),
        ("percent", "hours / days", False),
        ("count", "orders", True),
        ("count", "orders / leads", True),  # items an order
        ("count", "figure", True),
        ("count", "revenue", False),
        ("count", "days / orders", False),
        ("days", "days / orders", True),
        ("days", "hours / 24", True),
        ("days", "hours / orders", False),
        ("hours", "figure / orders", True),
        ("score", "figure", True),
        ("score", "orders", False),
        ("score", "rate * 100", True),
        ("rate", "orders / hours", True),
        ("rate", "revenue", False),
    ],
)
def test_a_declared_unit_is_held_against_the_formula(text, formula, fits):
    problem = disagreement(text, unit_of(formula, UNITS))
    assert (problem == "") is fits, problem


def test_a_plain_sum_is_counted_as_its_kpi_declares():
    assert settled("count", PLAIN, sure=True) == COUNT
    mean = settled("minutes", PLAIN.over(COUNT), sure=True)
    assert COUNT.times(mean) == declared("minutes")
    per_something = settled("minutes", PLAIN, sure=False)  # running minutes a unit, declared as minutes
    assert not per_something.known
    assert COUNT.times(per_something).plus(declared("minutes"))


UNIT = st.sampled_from([unit for name, unit in UNITS.items() if name != "gross"])


@given(UNIT, UNIT)
def test_what_is_multiplied_and_divided_again_comes_back(one, other):
    assert one.times(other).over(other).powers == one.powers


@given(UNIT, UNIT)
def test_the_order_of_factors_and_of_terms_does_not_matter(one, other):
    assert one.times(other).powers == other.times(one).powers
    outcomes = []
    for first, second in ((one, other), (other, one)):
        try:
            outcomes.append(first.plus(second).currencies)
        except UnitError:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]
