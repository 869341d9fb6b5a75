"""Where the nodes of a tree stand: every figure cut at one day, last year's after as many days."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from dagster_project.goals.gap.funnel import bottleneck, funnel_of
from dagster_project.goals.gap.standing import read_standings
from dagster_project.goals.gap.tables import build_gap_tables
from dagster_project.goals.tables import build_goal_tables
from tests.goals.test_goal_tables import NO_PERIODS, daily

AS_OF = date(2026, 5, 20)
ORDERS = """
goal: may
period: {month: 2026-05}
kgi: {kpi: orders_won, target: 62}
tree: [orders_won = deals * deal_to_order_rate]
nodes: {deal_to_order_rate: {assume: 20%}}
"""


def days(kpi, value, through, start=date(2026, 5, 1), below=None):
    count = (through - start).days + 1
    return daily(kpi, [value] * count, start=start, denominators=[below] * count if below else None)


def facts(deals_through=AS_OF, orders_through=AS_OF):
    return pd.concat(
        [
            days("orders_won", 1, orders_through),
            days("deals", 10, deals_through),
            days("deal_to_order_rate", 1, AS_OF, below=10.0),
            days("orders_won", 3, date(2025, 5, 31), start=date(2025, 5, 1)),
            days("deals", 12, date(2025, 5, 31), start=date(2025, 5, 1)),
            days("deal_to_order_rate", 3, date(2025, 5, 31), start=date(2025, 5, 1), below=12.0),
        ]
    ).sort_values(["kpi", "date"], ignore_index=True)


@pytest.fixture
def standing_of(goals_of, definitions):
    def make(frame, text=ORDERS, as_of=AS_OF):
        goals = goals_of(text)
        periods = NO_PERIODS.assign(previous_year_value=None)
        built = build_goal_tables(goals, definitions, frame, periods, as_of, "run")
        return read_standings(goals, built.kgi_attainment, built.goal_targets, frame, periods)[goals[0].name]

    return make


def test_all_is_cut_where_everything_is_known_and_last_year_after_as_many_days(standing_of):
    standing = standing_of(facts())
    assert standing.through == AS_OF
    assert standing.actual == {"orders_won": 20, "deals": 200, "deal_to_order_rate": Fraction(1, 10)}
    assert standing.plan == {"orders_won": 40, "deals": 200, "deal_to_order_rate": Fraction(1, 5)}
    assert standing.last_year == {"orders_won": 60, "deals": 240, "deal_to_order_rate": Fraction(1, 4)}


def test_a_source_some_days_behind_cuts_every_figure_at_its_day(standing_of):
    standing = standing_of(facts(deals_through=AS_OF - timedelta(days=3)))
    assert standing.through == date(2026, 5, 17)
    assert standing.actual == {"orders_won": 17, "deals": 170, "deal_to_order_rate": Fraction(1, 10)}
    assert standing.plan["orders_won"] == 34
    assert standing.last_year["deals"] == 204


def test_a_source_more_than_a_week_behind_is_not_waited_for(standing_of):
    standing = standing_of(facts(deals_through=AS_OF - timedelta(days=8)))
    assert standing.through == AS_OF
    assert "deals" not in standing.actual
    assert standing.actual["orders_won"] == 20


def test_last_year_that_is_not_known_from_its_first_day_is_no_last_year(standing_of):
    frame = facts()
    frame = frame[frame["date"] != pd.Timestamp(2025, 5, 1)]
    assert standing_of(frame).last_year == {}


def test_before_the_period_nothing_stands_anywhere(standing_of):
    standing = standing_of(facts(), as_of=date(2026, 4, 30))
    assert (standing.through, standing.actual, standing.plan) == (None, {}, {})


def test_a_goal_whose_kpis_have_no_stage_has_no_funnel(standing_of):
    steps = funnel_of(standing_of(facts()), None)
    assert steps == ()
    assert bottleneck(steps) is None


def test_tables_without_rows_have_the_columns_of_tables_with_rows(goals_of, definitions):
    goals, frame = goals_of(ORDERS), facts()
    periods = NO_PERIODS.assign(previous_year_value=None, sums_over_days=True)
    built = build_goal_tables(goals, definitions, frame, periods, AS_OF, "run")
    given = (built.kgi_attainment, built.goal_targets, frame, periods, periods, AS_OF, "run")
    full, empty = build_gap_tables(goals, *given), build_gap_tables([], *given)
    for name in ("tree_checks", "gap_drivers", "goal_funnel"):
        assert list(getattr(full, name).columns) == list(getattr(empty, name).columns)
        assert getattr(full, name).dtypes.equals(getattr(empty, name).dtypes)
    assert set(full.gap_drivers["versus"]) == {"plan", "last_year"}
    assert full.tree_checks["status"].tolist() == ["holds"]
