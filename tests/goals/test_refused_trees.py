"""Trees that are no plan: refused with their place and the equation, or told."""

import pytest

from tests.goals.plans import Command, amount, count, ratio, write_project

KPIS = [
    amount("revenue"), count("orders"), count("leads"), ratio("order_value", "revenue", "orders", "JPY"),
    ratio("order_rate", "orders", "leads"), amount("cost"),
]  # fmt: skip
GOAL = """
goal: g
period: {month: 2026-05}
kgi: {kpi: revenue, target: 1_000_000}
tree:
  - EQUATION
  - orders = leads * order_rate
nodes: {NODES}
"""


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def refused(kpi, tmp_path):
    def run(equation="revenue = orders * order_value", nodes="order_value: {assume: 50_000}", **changes):
        text = GOAL.replace("EQUATION", equation).replace("NODES", nodes)
        for old, new in changes.items():
            text = text.replace(old, new)
        return kpi("check", "--project", write_project(tmp_path, KPIS, text))

    return run


def test_a_tree_that_fixes_too_little_is_refused_with_what_would_do(refused):
    answer = refused(nodes="order_value: {assume: 50_000}")
    assert answer.code == 2
    assert "goals/goal_0.yml:6:5: goal 'g': 'orders = leads * order_rate' leaves 'leads' and " in answer.err
    assert "(give one of these a target or an assumption: leads, order_rate)" in answer.err


def test_a_tree_that_lacks_more_than_one_figure_says_so_for_each_equation(refused):
    answer = refused(nodes="cost: {assume: 1}")
    assert ":5:5: goal 'g': 'revenue = orders * order_value' leaves 'orders' and 'order_value'" in answer.err
    assert ":6:5: goal 'g': 'orders = leads * order_rate' leaves 'orders', 'leads' and" in answer.err
    assert "more than one of them needs a target or an assumption" in answer.err


def test_unlike_units_are_refused_with_the_equation(refused):
    answer = refused("revenue = orders + cost", "cost: {target: 1}, order_rate: {assume: 10%}")
    assert answer.code == 2
    assert ":5:5: goal 'g': the units of 'revenue = orders + cost': adds count and JPY" in answer.err
    answer = refused("revenue = orders * order_rate", "order_rate: {assume: 10%}")
    assert "the units of 'revenue = orders * order_rate': 'revenue' is JPY" in answer.err
    assert "but the formula gives count" in answer.err


def test_a_circle_is_refused_with_its_path(refused):
    other = {"orders = leads * order_rate": "cost = revenue / 2"}
    answer = refused("revenue = cost * 2", "order_rate: {assume: 10%}", **other)
    assert ":6:5: goal 'g': a circle in 'cost = revenue / 2': revenue → cost → revenue" in answer.err


def test_an_unknown_kpi_is_refused_with_the_nearest(refused):
    answer = refused("revenue = ordrs * order_value")
    assert (
        ":5:5: goal 'g': 'ordrs' is neither a node nor a KPI, in 'revenue = ordrs * order_value'"
        in answer.err
    )


def test_a_figure_that_follows_outside_the_bounds_of_its_node_is_refused(refused):
    nodes = "order_value: {assume: 50_000}, order_rate: {target: {within: [20%, 30%]}}, leads: {target: 50}"
    answer = refused(nodes=nodes)
    assert answer.code == 2
    assert (
        "'orders = leads * order_rate' asks for order_rate 0.4, outside its bounds 0.2 to 0.3" in answer.err
    )
    assert refused(nodes=nodes.replace("50}", "80}")).code == 0


def test_bounds_may_stand_beside_the_figure_that_is_planned_with(refused):
    nodes = "order_value: {assume: 50_000}, order_rate: {target: {within: [20%, 30%]}, assume: 25%}"
    assert refused(nodes=nodes).code == 0
    assert refused(nodes=nodes.replace("{within: [20%, 30%]}", "20%")).code == 2


def test_a_count_below_zero_is_refused(refused):
    nodes = "cost: {target: 2_000_000}, order_value: {assume: 50_000}, order_rate: {assume: 10%}"
    answer = refused("revenue = orders * order_value + cost", nodes)
    assert answer.code == 2
    assert "asks for orders -20, and a count is never below 0" in answer.err


def test_a_rate_above_100_percent_is_told_and_refused_by_nobody(refused):
    answer = refused(nodes="order_value: {assume: 50_000}, leads: {target: 10}")
    assert answer.code == 0
    assert "warning: goal 'g': 'orders = leads * order_rate' asks for order_rate 2, above 100 %" in answer.out


def test_other_goals_do_not_keep_a_plan_from_being_shown(kpi, tmp_path):
    good = GOAL.replace("EQUATION", "revenue = orders * order_value").replace(
        "NODES", "order_value: {assume: 50_000}, order_rate: {assume: 10%}"
    )
    bad = good.replace("goal: g", "goal: other").replace("revenue,", "revenu,")
    project = write_project(tmp_path, KPIS, good, bad)
    assert kpi("plan", "g", "--json", "--project", project).targets["leads"] == 200
    assert kpi("plan", "other", "--project", project).code == 2
    answer = kpi("plan", "gg", "--project", project)
    assert (answer.code, answer.err.strip()) == (2, "no goal 'gg'; did you mean 'g'?")
