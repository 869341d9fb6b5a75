"""The Shapley value over a formula, against its definition: the mean over every order of the leaves."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import factorial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dagster_project.goals.algebra.equations import Expression, evaluate, parse
from dagster_project.goals.algebra.formula import formula_of, names_in, slope
from dagster_project.goals.gap.shapley import MOST_COUNTED, TooManyLeaves, shapley

NAMES = ("a", "b", "c", "d", "e")
figures = st.fractions(min_value=Fraction(1, 8), max_value=20, max_denominator=8)
states = st.fixed_dictionaries(dict.fromkeys(NAMES, figures))

# Sums, products and fractions over a few names, in which a name may stand more than once.
texts = st.recursive(
    st.sampled_from([*NAMES, "2", "0.5"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
    max_leaves=7,
)


def expression(text: str) -> Expression:
    return parse(f"y = {text}").right


def over_all_orders(formula: Expression, before: dict, after: dict) -> dict[str, Fraction]:
    names = sorted(set(names_in(formula)))
    total = dict.fromkeys(names, Fraction(0))
    for order in permutations(names):
        values = dict(before)
        for name in order:
            at = evaluate(formula, values)
            values[name] = after[name]
            total[name] += evaluate(formula, values) - at
    return {name: value / factorial(len(names)) for name, value in total.items()}


@settings(max_examples=150, deadline=None)
@given(texts, states, states)
def test_the_value_is_the_mean_over_every_order_of_the_leaves(text, before, after):
    formula = expression(text)
    try:
        wanted = over_all_orders(formula, before, after)
        ours = shapley(formula, before, after)
    except ZeroDivisionError:
        assume(False)
    assert ours == wanted


@settings(max_examples=150, deadline=None)
@given(texts, states, states)
def test_the_contributions_sum_exactly_to_the_change(text, before, after):
    formula = expression(text)
    try:
        parts = shapley(formula, before, after)
        change = evaluate(formula, after) - evaluate(formula, before)
    except ZeroDivisionError:
        assume(False)
    assert sum(parts.values()) == change


@settings(max_examples=100, deadline=None)
@given(texts, states, states, st.sets(st.sampled_from(NAMES)))
def test_a_leaf_that_did_not_move_contributes_nothing(text, before, after, still):
    after = {**after, **{name: before[name] for name in still}}
    try:
        parts = shapley(expression(text), before, after)
    except ZeroDivisionError:
        assume(False)
    assert all(parts[name] == 0 for name in still if name in parts)


@settings(max_examples=100, deadline=None)
@given(texts, states, states)
def test_the_way_back_contributes_the_opposite(text, before, after):
    formula = expression(text)
    try:
        there, back = shapley(formula, before, after), shapley(formula, after, before)
    except ZeroDivisionError:
        assume(False)
    assert there == {name: -value for name, value in back.items()}


@given(states, states)
def test_leaves_that_play_the_same_part_contribute_the_same(before, after):
    before, after = {**before, "b": before["a"]}, {**after, "b": after["a"]}
    for text in ("a * b * c", "(a + b) * c", "c / (a + b)", "a * b / c + d"):
        parts = shapley(expression(text), before, after)
        assert parts["a"] == parts["b"]


def test_forty_factors_take_no_longer_than_a_moment_and_still_sum():
    names = [f"x{n}" for n in range(40)]
    before = {name: Fraction(n + 1, 10) for n, name in enumerate(names)}
    after = {name: Fraction(3 * n + 2, 37) for n, name in enumerate(names)}
    formula = expression(" * ".join(names))
    parts = shapley(formula, before, after)
    assert sum(parts.values()) == evaluate(formula, after) - evaluate(formula, before)


def test_more_leaves_than_can_be_counted_are_refused_with_their_number():
    names = [f"x{n}" for n in range(MOST_COUNTED + 1)]
    formula = expression(f"1 / ({' + '.join(names)})")
    before, after = dict.fromkeys(names, Fraction(1)), dict.fromkeys(names, Fraction(2))
    with pytest.raises(TooManyLeaves, match=f"{MOST_COUNTED + 1} nodes"):
        shapley(formula, before, after)
    still = {**after, "x0": Fraction(1)}  # what did not move need not be counted
    assert sum(shapley(formula, before, still).values()) == evaluate(formula, still) - evaluate(
        formula, before
    )


TREE = ("y = a + z", "z = b * w", "w = c * d")


def test_a_tree_is_written_out_down_to_its_leaves():
    formula = formula_of("y", TREE)
    assert formula is not None
    assert formula.leaves == ("a", "b", "c", "d")
    values = {"a": Fraction(1), "b": Fraction(2), "c": Fraction(3), "d": Fraction(4)}
    assert formula.evaluate(values) == 25


def test_a_tree_goes_as_deep_as_the_figures_reach():
    known = formula_of("y", TREE, {"y", "a", "z", "b", "w", "c"})  # d has no figure, w has
    assert known is not None
    assert known.leaves == ("a", "b", "w")
    assert set(known.equations) == {"y", "z"}
    only_root = formula_of("y", TREE, {"y", "b", "w"})
    assert only_root is not None
    assert only_root.leaves == ("y",)
    assert formula_of("y", TREE, {"a", "b"}) is None


@given(states)
def test_a_slope_is_the_limit_of_the_quotient(values):
    formula = expression("a * b / (c + d) - e * a")
    step = Fraction(1, 10**9)
    for name in NAMES:
        moved = {**values, name: values[name] + step}
        quotient = (evaluate(formula, moved) - evaluate(formula, values)) / step
        assert abs(slope(formula, name, values) - quotient) < Fraction(1, 10**3)
