"""Targets that every month met, or none; the block of a revision; what is proposed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.business import days_between
from dagster_project.calendar.fiscal import add_months
from dagster_project.goals.model import Goal
from dagster_project.goals.review.past import Past
from dagster_project.goals.review.revision_block import Proposal, changes, revision_block
from dagster_project.goals.review.track_record import quantile, track_records
from dagster_project.goals.review.written_figure import as_written, written_figure

GOAL = """
goal: year
period: {fiscal_year: 2026}
kgi: {kpi: revenue, target: 1_200}
nodes: {churn_rate: {target: 5%}, lead_to_deal_rate: {target: 10%}, buyers: {target: 60}}
"""


def months(values: list[float], first: date = date(2025, 10, 1)) -> tuple[Past, ...]:
    starts = [add_months(first, n) for n in range(len(values))]
    return tuple(
        Past(
            start,
            add_months(start, 1).replace(day=1) - (date(2026, 1, 2) - date(2026, 1, 1)),
            value,
            None,
            None,
        )
        for start, value in zip(starts, values, strict=True)
    )


@pytest.fixture
def goal(goals_of: Callable[..., tuple[Goal, ...]]) -> Goal:
    return goals_of(GOAL)[0]


def found(goal: Goal, **values: list[float]) -> dict[str, tuple[str, float | None]]:
    past = {((name, "total", "total"), "month"): months(series) for name, series in values.items()}
    days = days_between(goal.period.start, goal.period.end)
    due = {
        "revenue": {day: 1_200 / len(days) for day in days},
        "lead_to_deal_rate": dict.fromkeys(days, 0.1),
        "buyers": dict.fromkeys(days, 60 / len(days)),
    }
    return {one.node: (one.record, one.proposed) for one in track_records(goal, past, due)}


def test_a_target_that_no_month_reached_gets_what_one_in_four_months_did(goal: Goal) -> None:
    # six months before the goal, six in it; ordered 10, 20, ..., 120 the third quartile is 92.5 a month
    values = [10.0 * n for n in (12, 11, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9)]
    assert found(goal, revenue=values) == {"revenue": ("never_met", pytest.approx(92.5 * 12))}


def test_a_target_that_every_month_met_gets_a_harder_one(goal: Goal) -> None:
    assert found(goal, lead_to_deal_rate=[0.12] * 12) == {
        "lead_to_deal_rate": ("never_missed", pytest.approx(0.12))
    }


def test_a_target_that_some_months_met_steers_and_is_left_alone(goal: Goal) -> None:
    assert found(goal, lead_to_deal_rate=[0.12] * 11 + [0.08]) == {}


def test_no_easier_target_is_proposed_for_one_that_was_met_and_none_from_a_short_history(goal: Goal) -> None:
    values = [0.01] * 6 + [0.1] * 6
    assert found(goal, lead_to_deal_rate=values) == {"lead_to_deal_rate": ("never_missed", None)}
    past = {(("lead_to_deal_rate", "total", "total"), "month"): months([0.2] * 4, date(2026, 4, 1))}
    due = {"lead_to_deal_rate": dict.fromkeys(days_between(goal.period.start, goal.period.end), 0.1)}
    (record,) = track_records(goal, past, due)
    assert (record.periods, record.history, record.proposed) == (4, 4, None)


def test_what_grows_but_does_not_add_up_has_no_target_of_a_month(goal: Goal) -> None:
    assert found(goal, buyers=[100.0] * 12) == {}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[float], share: float) -> None:
    import numpy as np

    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.15, "percent", "15%"),
        (12 / 81, "percent", "14.8%"),
        (0.0012345, "percent", "0.123%"),
        (1_040_577.2, "JPY", "1_040_000"),
        (999.6, "count", "1_000"),
        (0.01234, "rate", "0.0123"),
        (133.33, "count", "133"),
        (7.0, "days", "7"),
        (0.0, "percent", "0%"),
    ],
)
def test_a_measured_figure_is_written_to_three_digits(value: float, unit: str, written: str) -> None:
    assert written_figure(value, unit) == written
    assert float(as_written(written)) == pytest.approx(value, rel=0.005)


def test_a_revision_starts_the_day_after_and_changes_exactly_what_it_writes(sales_goal: Goal) -> None:
    proposals = (Proposal("deal_to_order_rate", 0.2, 0.1503, 'a "quoted" reason: 3 # no comment'),)
    block = revision_block(sales_goal, date(2026, 9, 30), proposals, "Q2")
    assert block == (
        "revisions:\n"
        "  - from: 2026-10-01\n"
        '    reason: "Q2: a \\"quoted\\" reason: 3 # no comment"\n'
        "    rebase: plan\n"
        "    nodes:\n"
        "      deal_to_order_rate: {assume: 15%}\n"
    )
    assert changes(sales_goal, proposals) == {"deal_to_order_rate": Fraction(15, 100)}


def test_no_revision_without_a_change_or_after_the_last_day(sales_goal: Goal) -> None:
    proposals = (Proposal("deal_to_order_rate", 0.2, 0.15, "x"),)
    assert revision_block(sales_goal, date(2026, 9, 30), (), "Q2") is None
    assert revision_block(sales_goal, date(2027, 3, 31), proposals, "Q4") is None
