"""Targets on the year before: unknown until that year is known in full, then solved like any other."""

from datetime import date
from fractions import Fraction

import pandas as pd
import pytest

from dagster_project.goals.tables import build_goal_tables, goals_in_force, slices_of
from tests.goals.test_goal_tables import NO_PERIODS, daily

GROWTH = """
goal: growth
period: {month: 2026-05}
kgi: {kpi: revenue, target: TARGET}
tree: [revenue = orders_won * average_order_value]
nodes: {average_order_value: {assume: 20}}
scenarios: {stretch: 1.5}
"""


def known(goals, definitions, frame, as_of=date(2026, 5, 10), periods=NO_PERIODS):
    args = (goals, definitions, frame, periods, as_of)
    built = build_goal_tables(*args, "run")
    assert built.goals == goals_in_force(*args)
    return built.goals, built.contradictions


def month(value, start, *, kpi="revenue", days=31, elapsed=None, segment=("total", "total")):
    row = {
        "grain": "month", "period_start": pd.Timestamp(start), "kpi": kpi, "dimension": segment[0],
        "segment": segment[1], "elapsed_days": elapsed or days, "value": value, "status_reason": None,
    }  # fmt: skip
    return pd.DataFrame([row])


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("+10%", 1_100),
        ("{times: 1.10, of: {kpi: revenue, offset_window: 1 year}}", 1_100),
        ("{times: 0.9, of: {kpi: revenue, offset_window: 1 year}}", 900),
    ],
)
def test_growth_is_measured_from_the_same_month_a_year_before(goals_of, definitions, written, wanted):
    goals = goals_of(GROWTH.replace("TARGET", written))
    assert goals[0].target("revenue") is None
    assert goals[0].node("orders_won").origin == "derived"
    frame = daily("revenue", [0] * 31, start=date(2025, 5, 1))
    (goal,), said = known(goals, definitions, frame, periods=month(1_000.0, "2025-05-01"))
    assert said == ()
    assert goal.target("revenue") == wanted
    assert goal.target("orders_won") == Fraction(wanted, 20)
    assert goal.target("orders_won", "stretch") == Fraction(wanted, 20) * Fraction(3, 2)
    assert goal.unknown_bases == frozenset()
    assert goal.goal_hash == goals[0].goal_hash


def test_what_a_growth_target_rests_on_is_said_in_both_languages(goals_of):
    (goal,) = goals_of(GROWTH.replace("TARGET", "{times: 1.1, of: {kpi: revenue, offset_window: 1 year}}"))
    text = goal.given["revenue"].text
    assert (text.ja, text.en) == ("1年前のrevenue 日本語 × 1.1", "revenue 1 year before × 1.1")
    (goal,) = goals_of(GROWTH.replace("TARGET", "+10%"))
    assert goal.given["revenue"].text.ja == "前年 +10%"


def test_another_offset_and_segment_are_read_from_there(goals_of, definitions):
    written = "{times: 2, of: {kpi: revenue, offset_window: 1 month, where: {channel: b2b}}}"
    goals = goals_of(GROWTH.replace("TARGET", written))
    assert ("revenue", "channel", "b2b") in slices_of(goals)
    frame = daily("revenue", [0] * 30, start=date(2026, 4, 1))
    periods = month(70.0, "2026-04-01", days=30, segment=("channel", "b2b"))
    (goal,), _ = known(goals, definitions, frame, periods=periods)
    assert goal.target("revenue") == 140


def test_points_are_added_to_a_rate_and_percent_multiply_it(goals_of, definitions):
    text = "goal: g\nperiod: {month: 2026-05}\nkgi: {kpi: deal_to_order_rate, target: +10TARGET}\n"
    frame = daily("deal_to_order_rate", [0] * 31, start=date(2025, 5, 1), denominators=[1.0] * 31)
    periods = month(0.2, "2025-05-01", kpi="deal_to_order_rate")
    for suffix, wanted in (("pt", Fraction(3, 10)), ("%", Fraction(22, 100))):
        (goal,), _ = known(goals_of(text.replace("TARGET", suffix)), definitions, frame, periods=periods)
        assert goal.target("deal_to_order_rate") == wanted


def test_days_of_a_period_that_is_no_month_are_summed(goals_of, definitions):
    text = GROWTH.replace("TARGET", "+10%").replace(
        "{month: 2026-05}", "{from: 2026-05-02, through: 2026-05-11}"
    )
    frame = daily("revenue", [100] * 31, start=date(2025, 5, 1))
    (goal,), _ = known(goals_of(text), definitions, frame)
    assert goal.target("revenue") == 1_100


@pytest.mark.parametrize("hole", [0, 4, 30], ids=["first day", "inside", "last day"])
def test_a_year_before_with_a_hole_is_not_known(goals_of, definitions, hole):
    values = [100] * 31
    values[hole] = None
    goals = goals_of(GROWTH.replace("TARGET", "+10%"))
    frame = daily("revenue", values, start=date(2025, 5, 1))
    (goal,), _ = known(goals, definitions, frame, periods=month(3_000.0, "2025-05-01"))
    assert goal.target("revenue") is None
    assert goal.unknown_bases == goals[0].bases


def test_a_period_before_that_still_runs_is_not_known(goals_of, definitions):
    written = "{times: 1.1, of: {kpi: revenue, offset_window: 1 month}}"
    goals = goals_of(GROWTH.replace("TARGET", written))
    frame = daily("revenue", [100] * 10, start=date(2026, 4, 1))
    periods = month(1_000.0, "2026-04-01", elapsed=10)
    (goal,), _ = known(goals, definitions, frame, as_of=date(2026, 4, 10), periods=periods)
    assert goal.target("revenue") is None


def test_growth_that_contradicts_another_target_is_told_and_stops_nothing(goals_of, definitions):
    text = GROWTH.replace("TARGET", "+10%").replace("nodes: {", "nodes: {orders_won: {target: 50}, ")
    frame = daily("revenue", [0] * 31, start=date(2025, 5, 1))
    (goal,), (said,) = known(goals_of(text), definitions, frame, periods=month(1_000.0, "2025-05-01"))
    assert goal.target("revenue") == 1_100
    assert "goal 'growth': 'revenue = orders_won * average_order_value' does not hold" in said
    assert "orders_won 55, or average_order_value 22" in said


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("{fiscal_year: 2025}", (date(2024, 4, 1), date(2025, 3, 31))),
        ("{fiscal_year: 2025, quarter: 4}", (date(2025, 1, 1), date(2025, 3, 31))),
        ("{month: 2025-02}", (date(2024, 2, 1), date(2024, 2, 29))),
        ("{from: 2024-02-10, through: 2024-02-29}", (date(2023, 2, 10), date(2023, 2, 28))),
        ("{from: 2025-03-03, through: 2025-04-15}", (date(2024, 3, 3), date(2024, 4, 15))),
    ],
)
def test_a_year_before_is_the_period_with_the_same_key(goals_of, period, before):
    (goal,) = goals_of(GROWTH.replace("TARGET", "+10%").replace("{month: 2026-05}", period))
    (base,) = goal.bases
    assert (base.period.start, base.period.end) == before
