"""Which KPIs come from cases that are open before they are closed, told from the definitions alone."""

from __future__ import annotations

import pytest

from dagster_project.kpi.deals import deal_flow_of
from dagster_project.kpi.load import load_definitions
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def definitions():
    return load_definitions(REPOSITORY)


def flow(definitions, kpi, dimension="total", segment="total"):
    return deal_flow_of(definitions.kpi(kpi), dimension, segment, definitions)


def test_a_count_by_the_date_on_which_a_stock_of_its_entity_ends_is_deal_based(definitions):
    found = flow(definitions, "orders_won")
    assert (found.entity, found.opened, found.closed) == ("deals", "created_on", "closed_on")
    assert (found.counts, found.amount, found.stages) == ("(stage = 'won')", None, ("stage",))
    assert found.belongs == "true"
    assert found.is_kept


def test_a_union_counts_by_the_rows_that_it_takes_from_such_an_entity(definitions):
    found = flow(definitions, "revenue")
    assert (found.table, found.closed, found.amount) == ("deals", "closed_on", "net_amount")
    assert found.counts == "(stage = 'won')"


def test_a_segment_is_told_in_the_columns_of_the_cases(definitions):
    assert flow(definitions, "orders_won", "team", "east").belongs == "cast(team as varchar) = 'east'"
    assert flow(definitions, "revenue", "channel", "b2b").belongs == "CAST(('b2b') AS TEXT) = 'b2b'"
    assert flow(definitions, "orders_won", "team", "o'brien").belongs.endswith("= 'o''brien'")
    assert flow(definitions, "orders_won", "team", "(none)") is None


@pytest.mark.parametrize(
    "kpi", ["deals", "leads", "orders", "average_order_value", "deal_to_order_rate", "open_pipeline"]
)
def test_rates_stocks_and_what_is_counted_as_it_opens_are_not(definitions, kpi):
    assert flow(definitions, kpi) is None
