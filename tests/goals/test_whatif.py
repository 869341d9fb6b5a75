"""Other figures for a tree: the new KGI, what is required, elasticities, the smallest change."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.errors import UsageError
from dagster_project.goals.whatif.sensitivity import elasticities, is_reached, single_changes
from dagster_project.goals.whatif.whatif import actual_base, plan_base, read_changes, what_if
from dagster_project.publish.contract import empty
from tests.goals.sales_year import GOAL, SalesYear, write_sales_year
from tests.publish.frames import rows


def tried(goal, *changes, base=None):
    return what_if(goal, base or plan_base(goal), read_changes(goal, changes))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> SalesYear:
    """Its definitions; nothing was ever run."""
    return write_sales_year(tmp_path_factory.mktemp("what_if"))


def answer(company: SalesYear, *arguments: str) -> dict[str, Any]:
    found = company.kpi("whatif", GOAL, "--json", *arguments)
    assert found.code == 0, found.err
    plain: dict[str, Any] = json.loads(found.out)
    return plain


def test_a_better_rate_and_more_leads_raise_the_kgi_and_lower_what_is_required(company):
    found = answer(company, "deal_to_order_rate=22%", "leads=+10%")
    assert (found["from"], found["before"], found["after"]) == ("plan", 100_000_000, 108_400_000)
    nodes = {node["node"]: node for node in found["nodes"]}
    assert (nodes["leads"]["after"], nodes["new_deals"]["after"]) == (1100, 110)
    assert nodes["new_orders"]["after"] == pytest.approx(24.2)
    # at 22 % 20 orders take 90.91 deals, and those 909.09 leads
    assert nodes["new_deals"]["required"] == pytest.approx(20 / 0.22)
    assert nodes["leads"]["required"] == pytest.approx(20 / 0.22 / 0.1)
    assert found["reached"]
    assert found["least_effort"] is None


def test_a_worse_rate_misses_the_target_and_the_smallest_way_back_is_named(company):
    found = answer(company, "deal_to_order_rate=15%")
    assert (found["after"], found["reached"]) == (90_000_000, False)
    nodes = {node["node"]: node for node in found["nodes"]}
    assert nodes["new_deals"]["required"] == pytest.approx(133.3333, abs=1e-4)
    assert nodes["leads"]["required"] == pytest.approx(1333.3333, abs=1e-4)
    singles = {single["node"]: single for single in found["single_changes"]}
    # 10 million more: a sixth of 60 million, or a third of any factor of the 30 million
    assert found["least_effort"]["node"] == "repeat_revenue"
    assert found["least_effort"]["relative"] == pytest.approx(1 / 6)
    assert singles["leads"]["relative"] == pytest.approx(1 / 3)
    assert singles["deal_to_order_rate"]["after"] == pytest.approx(0.2)
    assert "既存売上を6,000万円から7,000万円にすること（+16.7%）" in found["sentence"]["ja"]
    assert "Repeat revenue from ¥60M to ¥70M (+16.7%)" in found["sentence"]["en"]


def test_without_changes_every_leaf_has_its_elasticity(company):
    nodes = {node["node"]: node["elasticity"] for node in answer(company)["nodes"]}
    assert nodes["repeat_revenue"] == pytest.approx(0.6)
    assert {nodes[name] for name in ("leads", "lead_to_deal_rate", "average_order_value")} == {0.4}
    assert nodes["new_revenue"] is None


def test_a_figure_for_a_node_in_the_middle_stands_for_all_below_it(company):
    found = answer(company, "new_deals=120")
    assert found["after"] == 108_000_000
    nodes = {node["node"]: node for node in found["nodes"]}
    assert nodes["leads"]["after"] is None
    assert nodes["leads"]["required"] == 1000


def test_a_figure_for_the_kgi_is_another_target(company):
    found = answer(company, "revenue=+20%")
    assert (found["target"], found["after"], found["reached"]) == (120_000_000, 100_000_000, False)
    nodes = {node["node"]: node for node in found["nodes"]}
    assert nodes["leads"]["required"] == 1500


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("laeds=+10%", "did you mean 'leads'?"),
        ("leads", "as in leads=+10%"),
        ("leads=ten", "'ten' is not a figure"),
        ("leads=22%", "'leads' is in count; write a figure, or +22% for a change"),
        ("leads=+2pt", "has no points"),
        ("leads=+100", "write what it is to be"),
        ("deal_to_order_rate=22", "write 22%"),
        ("deal_to_order_rate=150%", "is a share of its denominator, which 150% puts above 100 %"),
        ("sessions=+10%", "is no node that equations tie to 'revenue'"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused_with_a_way_out(company, change, said):
    found = company.kpi("whatif", GOAL, change)
    assert found.code == 2
    assert said in found.err


def test_two_changes_of_one_thing_are_refused(company):
    for changes, said in (
        (("leads=1", "leads=2"), "changed twice"),
        (("new_deals=90", "leads=+10%"), "'new_deals' is made of 'leads'"),
    ):
        found = company.kpi("whatif", GOAL, *changes)
        assert (found.code, said in found.err) == (2, True), found.err


def publish(
    company: SalesYear,
    actual: dict[str, float],
    pace: dict[str, float],
    target: dict[str, float] | None = None,
) -> None:
    """A publication that knows the goal at half-year."""
    folder = company.root / "outputs" / "current"
    folder.mkdir(parents=True)
    given = [
        {"as_of": "2026-09-30", "goal": GOAL, "node": node, "scenario": "plan", "dimension": "total",
         "segment": "total", "actual": actual[node], "pace": pace[node], "target": (target or {}).get(node)}
        for node in actual
    ]  # fmt: skip
    schema = [field for field in empty("kgi_attainment").schema if not field.nullable]
    required = {field.name: "" if field.type == pa.string() else 0 for field in schema}
    dates = {"as_of": date(2026, 9, 30), "period_start": date(2026, 4, 1), "period_end": date(2027, 3, 31)}
    table = rows("kgi_attainment", [required | row | dates for row in given])
    pq.write_table(table, folder / "kgi_attainment.parquet")


def test_from_the_actuals_only_what_is_still_to_come_can_be_changed(tmp_path):
    company = write_sales_year(tmp_path)
    grown = {
        "revenue": 44e6,
        "repeat_revenue": 28e6,
        "new_revenue": 16e6,
        "new_orders": 8,
        "new_deals": 50,
        "leads": 500,
    }
    rates = {"average_order_value": 2e6, "deal_to_order_rate": 0.16, "lead_to_deal_rate": 0.1}
    publish(company, grown | rates, {name: 2 * value for name, value in grown.items()} | rates)
    found = answer(company, "deal_to_order_rate=20%")
    assert (found["from"], found["as_of"], found["before"]) == ("actual", "2026-09-30", 88_000_000)
    # the second half: 28 million and 500 x 10 % x 20 % x 2 million, on top of 44 million
    assert found["after"] == 92_000_000
    nodes = {node["node"]: node for node in found["nodes"]}
    assert nodes["new_orders"]["after"] == 18
    # 28 million of new revenue are wanted: 14 orders, 70 deals, 700 leads, on top of 500
    assert nodes["leads"]["required"] == 1200
    assert found["least_effort"]["node"] == "repeat_revenue"
    assert found["least_effort"]["relative"] == pytest.approx(8 / 28)
    whole = answer(company, "leads=1200")
    assert whole["after"] == 44e6 + 28e6 + 700 * 0.1 * 0.16 * 2e6
    low = company.kpi("whatif", GOAL, "leads=400")
    assert low.code == 2
    assert "stands at 500 already" in low.err
    assert answer(company, "--from", "plan")["before"] == 100_000_000


def test_a_target_that_rests_on_the_year_before_is_taken_from_the_publication(tmp_path):
    growing = write_sales_year(tmp_path)
    path = growing.root / "kpi_definitions" / "goals" / f"{GOAL}.yml"
    text = path.read_text(encoding="utf-8").replace("target: 100_000_000", "target: +10%")
    path.write_text(text, encoding="utf-8")
    refused = growing.kpi("whatif", GOAL, "--from", "plan")
    assert refused.code == 2
    assert "no target for its KGI" in refused.err
    publish(growing, {"revenue": 44e6}, {"revenue": 88e6}, {"revenue": 94.6e6})
    assert answer(growing, "--from", "plan")["target"] == 94_600_000


def test_a_revised_plan_is_tried_as_its_last_revision_has_it(tmp_path):
    revised = write_sales_year(tmp_path)
    path = revised.root / "kpi_definitions" / "goals" / f"{GOAL}.yml"
    text = path.read_text(encoding="utf-8")
    change = "revisions:\n  - {from: 2026-10-01, reason: Q2, nodes: {deal_to_order_rate: {assume: 15%}}}\n"
    path.write_text(text + change, encoding="utf-8")
    nodes = {node["node"]: node["before"] for node in answer(revised)["nodes"]}
    assert nodes["deal_to_order_rate"] == 0.15
    assert nodes["leads"] > 1000


def test_a_period_that_is_over_is_tried_from_its_plan_unless_the_actuals_are_asked_for(sales_goal):
    values = {name: Fraction(1) for name in (node.name for node in sales_goal.nodes)}
    with pytest.raises(UsageError, match="the period is over"):
        actual_base(sales_goal, values, values, None)


tenths = st.integers(1, 999).map(lambda n: f"{n / 10:.1f}")


@given(tenths, tenths)
def test_every_single_change_brings_the_kgi_exactly_to_its_target(made_goal, rate, leads):
    outcome = tried(made_goal, f"deal_to_order_rate={rate}%", f"leads={leads}")
    for single in single_changes(made_goal, outcome):
        moved = {**outcome.moving, single.node: single.after}
        assert outcome.settled + outcome.formula.evaluate(moved) == outcome.target
    assert bool(single_changes(made_goal, outcome)) != is_reached(made_goal, outcome)


@given(tenths)
def test_elasticities_are_the_share_of_the_kgi_that_a_leaf_makes(made_goal, leads):
    outcome = tried(made_goal, f"leads={leads}")
    found = elasticities(outcome)
    new = outcome.kgi - outcome.moving["repeat_revenue"]
    assert found["repeat_revenue"] == 1 - new / outcome.kgi
    assert found["leads"] == found["average_order_value"] == new / outcome.kgi


@pytest.fixture(scope="module")
def made_goal(tmp_path_factory, definitions):
    from dagster_project.goals.load import load_goals
    from tests.goals.conftest import SALES_TREE

    folder = tmp_path_factory.mktemp("goal") / "kpi_definitions" / "goals"
    folder.mkdir(parents=True)
    (folder / "goal.yml").write_text(SALES_TREE, encoding="utf-8")
    return load_goals(folder.parents[1], definitions)[0]
