"""The second number: drivers forecast and pushed through the equations of the tree."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast.outcomes import PastErrors
from dagster_project.forecast.tree import evaluate, relation
from dagster_project.goals.algebra.equations import parse
from tests.forecast.conftest import AS_OF, START, days_through, goal

TREE = """\
tree:
  - revenue = orders * price
nodes:
  orders: {target: 900}
"""
SIZE = days_through(AS_OF)


@pytest.fixture
def company(night, make_daily):
    """A night over orders, their price, and the revenue that they bring; `extra` is added to revenue."""

    def run(orders, price, extra=0.0, text=None, **options):
        orders, price = np.asarray(orders, dtype=float), np.broadcast_to(price, len(orders))
        sold = orders * price
        prices = make_daily("price", sold, START)
        prices["denominator"] = orders
        prices["value"] = price
        daily = pd.concat(
            [make_daily("revenue", sold + extra, START), make_daily("orders", orders, START), prices]
        )
        tables = night(text or goal(target=9000, extra=TREE), daily=daily, **options)
        return tables.kgi_forecast.set_index("node")

    return run


def orders(level=30.0, seed=1):
    return np.random.default_rng(seed).poisson(level, SIZE)


def test_drivers_that_go_on_as_they_did_agree_with_the_direct_forecast(company):
    row = company(orders(), 10.0).loc["revenue"]
    assert row["tree_reason"] == "agree"
    assert row["tree_p10"] < row["tree_p50"] < row["tree_p90"]
    assert row["tree_p50"] == pytest.approx(row["p50"], rel=0.03)
    assert row["tree_difference"] == row["tree_p50"] - row["p50"]
    # the direct forecast is never replaced by it
    assert row["method"] == "mixture_conformal"


def test_a_node_without_an_equation_has_no_second_number(company):
    rows = company(orders(), 10.0)
    assert (
        rows.loc["orders", ["tree_p10", "tree_p50", "tree_p90", "tree_difference", "tree_reason"]]
        .isna()
        .all()
    )


def test_an_equation_that_leaves_something_out_is_named_as_the_reason(company):
    """A third of the revenue comes from elsewhere: orders times price can't bring it."""
    row = company(orders(), 10.0, extra=150.0).loc["revenue"]
    assert row["tree_reason"] == "equation"
    assert row["tree_difference"] == pytest.approx(-150 * 31, rel=0.1)


def test_a_driver_that_leaves_its_pace_is_named_as_the_reason(company):
    """Orders stopped a week ago, revenue goes on: what they brought is still being paid."""
    counts = orders().astype(float)
    counts[-8:] = 0.0
    extra = np.zeros(SIZE)
    extra[-8:] = 300.0
    row = company(counts, 10.0, extra=extra).loc["revenue"]
    assert row["tree_reason"] in ("driver:orders", "equation")
    assert row["tree_difference"] < 0


def test_a_driver_without_a_forecast_is_named(company, night, make_daily):
    """No order has ever been counted."""
    daily = make_daily("revenue", orders() * 10.0, START)
    row = night(goal(target=9000, extra=TREE), daily=daily).kgi_forecast.set_index("node").loc["revenue"]
    assert row["tree_reason"] in ("no_forecast:orders", "no_forecast:price")
    assert pd.isna(row["tree_p50"])
    assert row["p50"] > 0


def test_another_driver_is_another_issue_of_the_node_above(company):
    counts = orders()
    first = company(counts, 10.0)
    log = first.reset_index()[["as_of", "goal", "node", "scenario", "issue", "inputs_hash"]]
    again = company(counts, 10.0, before=log)
    assert again.empty
    # The same revenue a day from fewer and dearer orders.
    changed = counts.astype(float)
    price = np.full(SIZE, 10.0)
    price[-3:] *= 2
    changed[-3:] /= 2
    rows = company(changed, price, before=log)
    assert rows.loc["revenue", "issue"] == 2


def test_errors_that_go_together_are_drawn_together():
    days = np.random.default_rng(0).normal(size=400)
    noise = np.random.default_rng(1).normal(size=400)
    one = PastErrors(date(2025, 1, 1), days)
    same = PastErrors(date(2025, 1, 11), days[10:])  # the same origins, though it began later
    assert relation(one, same, 1) > 0.9
    assert relation(one, PastErrors(date(2025, 1, 1), -days), 1) < -0.9
    assert abs(relation(one, PastErrors(date(2025, 1, 1), noise), 1)) < 0.15
    assert 0 < relation(one, same, 100) < 0.5  # four windows prove little
    assert relation(one, None, 1) == relation(one, PastErrors(date(2030, 1, 1), days), 1) == 0.0


def test_arrays_go_through_an_equation_as_figures_do():
    equation = parse("a = (b + 2) * c / (d - 1)")
    values = {"b": np.array([1.0, 2.0]), "c": np.array([4.0, 5.0]), "d": np.array([3.0, 1.0])}
    found = evaluate(equation.right, values)
    assert found[0] == 3 * 4 / 2
    assert not np.isfinite(found[1])
