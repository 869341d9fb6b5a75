"""What a sound set of KPIs looks like, with figures: remarks of the definitions, and those that data make."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pandas as pd
import pytest

from dagster_project.goals.plan.evidence import read_evidence
from dagster_project.goals.plan.lints import lints
from dagster_project.goals.whatif.elasticity import elasticities
from dagster_project.kpi.model import Definitions, Entity, LintLimits, Place
from tests.conftest import kpi
from tests.goals.conftest import KPIS, SALES_TREE

LIMITS = LintLimits()


def of(rule, remarks):
    return [remark for remark in remarks if remark.rule == rule]


@pytest.fixture
def owned(goals_of):
    """The sales tree, its new-business nodes all with one owner."""

    def goal(count: int):
        names = ["new_orders", "average_order_value", "new_deals", "deal_to_order_rate", "lead_to_deal_rate"]
        text = SALES_TREE
        for name in [*names, "leads"][:count]:
            if name == "leads":
                text = text.replace("nodes:\n", "nodes:\n  leads: {owner: sales}\n")
            else:
                text = text.replace(f"  {name}: {{", f"  {name}: {{owner: sales, ")
        return goals_of(text)[0]

    return goal


@pytest.mark.parametrize(("count", "level"), [(3, None), (4, "note"), (5, "note"), (6, "warning")])
def test_a_team_has_three_kpis_a_note_above_and_a_warning_above_five(owned, count, level):
    found = [item for item in of("many_kpis", lints(owned(count), LIMITS)) if "'sales'" in item.en]
    assert [item.level for item in found] == ([level] if level else [])
    if found:
        assert found[0].figures["kpis"] == count
        assert f"「sales」のKPIが{count}個" in found[0].ja


def test_the_limits_are_the_company_s_own(owned):
    assert not of("many_kpis", lints(owned(6), LintLimits(kpis_note=6, kpis_warning=8)))


def test_influence_is_by_how_much_the_kgi_moves(sales_goal):
    """New business is 40 of the 100 million: each of its factors moves 40 %, repeat revenue 60 %."""
    moves = elasticities(sales_goal)
    assert moves["repeat_revenue"] == pytest.approx(0.6)
    for name in (
        "new_revenue",
        "new_orders",
        "average_order_value",
        "new_deals",
        "leads",
        "lead_to_deal_rate",
    ):
        assert moves[name] == pytest.approx(0.4)
    assert "churn_rate" not in moves
    assert "revenue" not in moves


def test_the_ones_with_the_least_influence_are_named_with_what_one_per_cent_of_them_moves(goals_of):
    goal = goals_of(
        """
        goal: g
        period: {month: 2026-05}
        kgi: {kpi: revenue}
        tree: [revenue = repeat_revenue + new_revenue + operating_profit + deals]
        nodes:
          repeat_revenue: {target: 60, owner: a}
          new_revenue: {target: 30, level: kpi, owner: a}
          operating_profit: {target: 9, owner: a}
          deals: {target: 1, owner: a}
        """
    )[0]
    remark = of("many_kpis", lints(goal, LIMITS))[0]
    assert "for 1 %): deals 0.01 %" in remark.en
    assert "(1%あたり)が小さいもの: deals 0.01 %" in remark.ja


def test_what_no_formula_ties_to_the_kgi_is_named(sales_goal):
    named = {remark.node for remark in of("not_tied", lints(sales_goal, LIMITS))}
    assert "churn_rate" in named
    assert not named & {"leads", "new_revenue", "deal_to_order_rate"}


def test_a_quantity_stands_beside_a_quality(goals_of, sales_goal):
    assert not of("quantity_alone", lints(sales_goal, LIMITS))
    alone = goals_of("goal: g\nperiod: {month: 2026-05}\nkgi: {kpi: leads, target: 100}\n")[0]
    remark = of("quantity_alone", lints(alone, LIMITS))[0]
    assert (remark.node, remark.level) == ("leads", "note")
    summed = goals_of(
        """
        goal: g
        period: {month: 2026-05}
        kgi: {kpi: leads, target: 100}
        tree: [leads = deals + orders_won]
        nodes: {deals: {target: 60}}
        """
    )[0]
    assert {item.node for item in of("quantity_alone", lints(summed, LIMITS))} == {
        "leads",
        "deals",
        "orders_won",
    }


def test_a_kpi_without_owner_or_label_is_not_specific(sales_goal, owned):
    assert "leads" in {item.node for item in of("not_specific", lints(sales_goal, LIMITS))}
    assert "leads" not in {item.node for item in of("not_specific", lints(owned(6), LIMITS))}


def periods(values, kpi="leads", grain="month", **columns):
    starts = pd.date_range("2024-04-01", periods=len(values), freq="MS")
    row = {"kpi": kpi, "dimension": "total", "segment": "total", "grain": grain, "is_complete": True}
    return pd.DataFrame({**row, **columns, "period_start": starts, "value": values})


FRESH = pd.DataFrame({"source": ["crm"], "status": ["fresh"]})


@pytest.mark.parametrize(
    ("monthly", "rule", "share"),
    [
        ([83.0] * 10 + [84.0] * 10, None, 0.5),  # 1,000 leads a year are 83.33 a month
        ([10.0] * 19 + [200.0], "stretch", 0.95),
        ([10.0] * 18 + [200.0] * 2, None, 0.9),  # the 90th percentile itself is no stretch
        ([10.0] * 9 + [200.0] * 11, "no_target", 0.45),
    ],
)
def test_a_target_is_held_against_the_months_before_its_period(sales_goal, definitions, monthly, rule, share):
    evidence = read_evidence(sales_goal, definitions, periods(monthly), FRESH)
    standing = evidence.standings["leads"]
    assert (standing.percentile, standing.periods, standing.grain) == (share, 20, "month")
    assert standing.wanted == pytest.approx(1000 / 12)
    found = [item for item in lints(sales_goal, LIMITS, evidence) if item.node == "leads"]
    assert [item.rule for item in found if item.rule in ("stretch", "no_target")] == ([rule] if rule else [])
    if rule:
        assert f"{share * 100:.3g} % of 20 past months" in found[-1].en
        assert found[-1].level == "warning"


def test_a_rate_is_held_against_months_as_it_is_and_down_is_the_other_way_round(goals_of, definitions):
    goal = goals_of("goal: g\nperiod: {fiscal_year: 2026}\nkgi: {kpi: churn_rate, target: 5%}\n")[0]
    rows = periods([0.04] * 5 + [0.06] * 5, kpi="churn_rate")
    goal = replace(goal, nodes=(replace(goal.kgi, kpi=replace(goal.kgi.kpi, accumulates=False)),))
    standing = read_evidence(goal, definitions, rows, FRESH).standings["churn_rate"]
    assert (standing.percentile, standing.wanted) == (0.5, 0.05)


def test_half_a_year_of_months_is_the_least_and_months_of_the_period_do_not_count(sales_goal, definitions):
    assert "leads" not in read_evidence(sales_goal, definitions, periods([1.0] * 5), FRESH).standings
    within = periods([1.0] * 30)  # April 2024 to September 2026; the goal's year began in April 2026
    assert read_evidence(sales_goal, definitions, within, FRESH).standings["leads"].periods == 24


def test_like_periods_come_first_where_there_are_enough(goals_of, definitions):
    goal = goals_of("goal: g\nperiod: {month: 2026-05}\nkgi: {kpi: revenue, target: 15}\n")[0]
    rows = periods(list(range(20)), kpi="revenue")
    standing = read_evidence(goal, definitions, rows, FRESH).standings["revenue"]
    assert (standing.percentile, standing.wanted) == (pytest.approx(15.5 / 20), 15)


def test_a_source_that_is_behind_is_named(sales_goal):
    place = (Place("deals", "closed_on"),)
    entity = Entity("deals", (), ("id",), (), (), ("crm",))
    goal = replace(
        sales_goal,
        nodes=tuple(replace(n, kpi=replace(n.kpi, places=place)) if n.kpi else n for n in sales_goal.nodes),
    )
    known = Definitions(None, None, (), (entity,), KPIS)
    stale = pd.DataFrame({"source": ["crm", "ads"], "status": ["stale", "fresh"]})
    found = of("not_fresh", lints(goal, LIMITS, read_evidence(goal, known, periods([]), stale)))
    assert found[0].en == "'revenue' is not measured now: crm is behind"
    assert not read_evidence(goal, known, periods([]), FRESH).stale


COMPANY = {
    "entities.yml": """\
        sources:
          - {source: crm, files: a.csv, load: full, key: [id], columns: {id: text, called_on: date}}
        entities:
          - {entity: calls, from: crm, key: id}
        """,
    "kpis/sales.yml": """\
        department: sales
        kpis:
          - {name: dials, label: 架電, type: simple, entity: calls, agg: count, unit: count, direction: up}
        """,
    "goals/g.yml": """\
        goal: g
        period: {fiscal_year: 2026}
        kgi: {kpi: dials, target: 100}
        """,
}


def test_kpi_check_prints_remarks_and_does_not_fail_for_them(tmp_path):
    for name, text in COMPANY.items():
        path = tmp_path / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    done = kpi("check", "--project", tmp_path)
    assert done.returncode == 0
    assert "goals/g.yml:1:1: note: goal 'g': 'dials' is a quantity without a quality beside it" in done.stdout
