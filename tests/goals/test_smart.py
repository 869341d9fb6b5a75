"""Whether a plan's targets are SMART, answer by answer."""

import pytest

from dagster_project.cli.plan import read_goal
from dagster_project.cli.planned import plans_of
from dagster_project.goals.plan.build import build_plan
from dagster_project.goals.plan.evidence import Evidence, Standing
from dagster_project.goals.plan.smart import judge
from dagster_project.project import find_project
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def judged():
    project = find_project(REPOSITORY / "tests" / "projects" / "worked_example")
    definitions, goal = read_goal(project, "revenue_100m")
    versions, evidence = plans_of(project, definitions, goal)
    assert evidence is None
    plan = build_plan(versions, definitions)
    return lambda evidence=None: judge(plan, definitions, evidence)


def test_without_data_only_what_they_would_tell_is_open(judged):
    found = judged().smart
    leads = found["leads"]
    assert (leads.specific, leads.measurable, leads.achievable) == ("yes", "yes", "unclear")
    assert (leads.relevant, leads.time_bound) == ("yes", "yes")
    assert leads.elasticity == pytest.approx(0.4)
    assert found["repeat_revenue"].elasticity == pytest.approx(0.6)


def test_an_action_is_achievable_within_its_capacity_and_relevant_by_what_it_drives(judged):
    calls = judged().smart["cold_calls"]
    assert (calls.achievable, calls.relevant, calls.elasticity) == ("yes", "yes", None)
    assert judged().smart["webinars"].achievable == "unclear"


def test_an_assumption_is_no_target(judged):
    assert "deal_to_order_rate" not in judged().smart
    assert "churn_rate" not in judged().smart


@pytest.mark.parametrize(
    ("percentile", "answer"), [(0.95, "stretch"), (0.9, "yes"), (0.7, "yes"), (0.5, "yes"), (0.3, "too_easy")]
)
def test_history_says_whether_a_target_is_in_reach(judged, percentile, answer):
    evidence = Evidence({"leads": Standing(percentile, 24, "month", 83.3)})
    leads = judged(evidence).smart["leads"]
    assert (leads.achievable, leads.percentile) == (answer, percentile)


def test_a_source_that_is_behind_makes_its_nodes_unmeasured(judged):
    found = judged(Evidence(stale={"leads": ("leads",)}))
    assert found.smart["leads"].measurable == "no"
    assert found.smart["new_deals"].measurable == "yes"
    assert any(remark.rule == "not_fresh" for remark in found.remarks)


def test_what_no_equation_ties_is_part_of_the_plan_and_no_remark(judged):
    assert all(remark.rule != "not_tied" for remark in judged().remarks)
