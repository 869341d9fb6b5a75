"""Why a goal is missed, through the command line: the sales year's gap to the yen, its funnel, its marks."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from tests.goals.sales_year import GOAL, SalesYear, write_sales_year


@pytest.fixture(scope="module")
def sales_year(tmp_path_factory: pytest.TempPathFactory) -> SalesYear:
    company = write_sales_year(tmp_path_factory.mktemp("sales_year"))
    answer = company.kpi("run", "--as-of", "2027-03-31")
    assert answer.code == 0, answer.out + answer.err
    return company


def explained(company: SalesYear, *options: str) -> dict[str, Any]:
    answer = company.kpi("explain-gap", GOAL, "--json", *options)
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def published(company: SalesYear, table: str) -> pd.DataFrame:
    return pd.read_parquet(company.root / "outputs" / "current" / f"{table}.parquet")


def test_the_gap_to_the_plan_is_told_apart_to_the_yen(sales_year):
    found = explained(sales_year)
    assert (found["before"], found["after"], found["gap"]) == (100_000_000, 89_670_000, -10_330_000)
    parts = {driver["driver"]: driver["contribution"] for driver in found["drivers"]}
    assert {name: round(value, 2) for name, value in parts.items()} == {
        "repeat_revenue": -3_000_000,
        "leads": 3_489_166.67,
        "lead_to_deal_rate": -3_844_166.67,
        "deal_to_order_rate": -10_464_166.67,
        "average_order_value": 3_489_166.67,
        "_residual": 0,
    }
    assert sum(parts.values()) == pytest.approx(found["gap"], abs=1e-6)
    assert not any(driver["measured"] for driver in found["drivers"])


def test_an_inner_node_is_the_sum_of_the_leaves_under_it(sales_year):
    nodes = {node["node"]: node for node in explained(sales_year)["nodes"]}
    leaves = ("leads", "lead_to_deal_rate", "deal_to_order_rate", "average_order_value")
    new = sum(nodes[name]["contribution"] for name in leaves)
    assert nodes["new_revenue"]["contribution"] == pytest.approx(new) == pytest.approx(-7_330_000)
    assert nodes["revenue"]["contribution"] == pytest.approx(-10_330_000)
    assert [name for name, node in nodes.items() if not node["is_leaf"]] == [
        "revenue", "new_revenue", "new_orders", "new_deals",
    ]  # fmt: skip


def test_the_gap_to_last_year_is_told_apart_and_each_segment_by_its_own_leaves(sales_year):
    found = explained(sales_year, "--versus", "last_year", "--by", "area")
    assert (found["before"], found["gap"]) == (86_000_000, 3_670_000)
    areas = {part["segment"]: part for part in found["segments"]}
    assert {name: part["gap"] for name, part in areas.items()} == {"east": 2_000_000, "west": 1_670_000}
    for part in areas.values():
        assert sum(driver["contribution"] for driver in part["drivers"]) == pytest.approx(part["gap"])
    east = {driver["driver"]: driver for driver in areas["east"]["drivers"]}
    assert (east["leads"]["before"], east["leads"]["after"]) == (550, 600)
    assert east["repeat_revenue"]["contribution"] == 2_000_000


def test_the_gap_to_a_plan_that_is_divided_is_told_apart_in_each_segment(sales_year):
    areas = {part["segment"]: part for part in explained(sales_year, "--by", "area")["segments"]}
    assert {name: (part["before"], part["after"]) for name, part in areas.items()} == {
        "east": (60_000_000, 50_000_000),
        "west": (40_000_000, 39_670_000),
    }
    east = {driver["driver"]: driver for driver in areas["east"]["drivers"]}
    # 36 million of repeat revenue and 600 leads were planned in the east; 30 million and 600 came
    assert east["repeat_revenue"]["contribution"] == -6_000_000
    assert (east["leads"]["before"], east["leads"]["contribution"]) == (600, 0)
    assert sum(driver["contribution"] for driver in east.values()) == pytest.approx(-10_000_000)


def test_an_unknown_dimension_is_refused_with_the_nearest_name(sales_year):
    unknown = sales_year.kpi("explain-gap", GOAL, "--versus", "last_year", "--by", "aria")
    assert unknown.code == 2
    assert "did you mean 'area'?" in unknown.err


def test_an_unknown_goal_is_refused_with_the_nearest_name(sales_year):
    answer = sales_year.kpi("explain-gap", "revenue_100")
    assert answer.code == 2
    assert "did you mean 'revenue_100m'?" in answer.err


def test_before_the_first_publication_there_is_nothing_to_explain(tmp_path):
    answer = write_sales_year(tmp_path).kpi("explain-gap", GOAL)
    assert answer.code == 1
    assert "kpi run" in answer.err


def test_the_funnel_has_its_stages_with_volumes_and_step_rates_against_plan_and_last_year(sales_year):
    funnel = explained(sales_year)["funnel"]
    assert {stage: [step["node"] for step in steps] for stage, steps in funnel.items()} == {
        "top": ["impressions", "reach", "sessions", "new_visitors"],
        "middle": ["form_rate", "downloads", "leads", "lead_to_deal_rate"],
        "bottom": ["purchase_rate", "new_deals", "deal_to_order_rate", "new_orders", "revenue"],
    }
    steps = {step["node"]: step for stage in funnel.values() for step in stage}
    assert (steps["leads"]["actual"], steps["leads"]["plan"], steps["leads"]["last_year"]) == (
        1100,
        1000,
        1000,
    )
    deals = steps["new_deals"]
    assert deals["previous_node"] == "leads"
    assert (deals["step_rate"], deals["step_rate_plan"], deals["step_rate_last_year"]) == (0.09, 0.1, 0.11)
    assert steps["leads"]["previous_node"] == "new_visitors"
    assert steps["leads"]["step_rate"] == 1100 / 16_000
    assert steps["impressions"]["previous_node"] is None
    assert steps["form_rate"]["step_rate"] is None  # a rate is no volume
    assert (steps["form_rate"]["actual"], steps["purchase_rate"]["last_year"]) == (0.02, 0.005)


def test_one_sentence_names_the_bottleneck_in_both_languages(sales_year):
    found = explained(sales_year)
    assert found["bottleneck"] == "new_orders"
    assert found["bottleneck_sentence"] == {
        "ja": "ボトルネックは「商談 → 受注」です。"
        "移行率15.0%は計画の20.0%に届かず、売上への影響は-1,046万円です。",
        "en": "The bottleneck is Deals → Orders: 15.0% go on against 20.0% planned, "
        "an effect of -¥10.5M on Revenue.",
    }
    people = sales_year.kpi("explain-gap", GOAL).out
    assert found["bottleneck_sentence"]["ja"] in people.replace("\n", "")
    assert (
        "売上は計画を1,033万円下回っています。主な要因は受注率（-1,046万円）、商談化率（-384万円）です。"
        in people
    )


def test_the_report_says_why_with_the_gap_drawn_and_the_bottleneck(sales_year):
    page = (sales_year.root / "outputs" / "current" / "report.html").read_text(encoding="utf-8")
    assert "売上は計画を1,033万円下回っています。" in page
    assert "ボトルネックは「商談 → 受注」です。" in page
    drawn = page.partition('<svg class="waterfall"')[2].partition("</svg>")[0]
    order = ["計画", "受注率", "商談化率", "既存売上", "リード", "平均受注単価", "実績"]
    places = [drawn.index(f">{label}<") for label in order]
    assert places == sorted(places)
    assert "-1,046万円" in drawn
    assert "<script" not in page


def test_trees_that_hold_leave_no_mark(sales_year):
    checks = published(sales_year, "tree_checks")
    assert checks["status"].tolist() == ["holds"] * 4
    assert json.loads(sales_year.kpi("status", "--json").out)["marks"] == []


BROKEN_TREE = """\
goal: revenue_100m
label: {ja: 売上1億円, en: Revenue of 100 million yen}
period: {fiscal_year: 2026}
kgi: {kpi: revenue, target: 100_000_000}
tree: [revenue = repeat_revenue + web_revenue]
nodes:
  repeat_revenue: {target: 60_000_000}
  web_revenue: {kpi: new_revenue, where: {area: east}}
"""


def test_an_equation_that_does_not_hold_is_a_mark_with_its_amount_and_reason_and_publishes(tmp_path):
    company = write_sales_year(tmp_path, **{f"goals/{GOAL}.yml": BROKEN_TREE})
    strict = company.kpi("run", "--as-of", "2027-03-31", "--strict", "--json")
    assert strict.code == 3, strict.out + strict.err
    (mark,) = json.loads(strict.out)["marks"]
    assert mark["kind"] == "tree_check"
    assert "8,967万円 ≠ 7,700万円（差 1,267万円、考えられる原因: 対象セグメントの違い）" in mark["reason"]
    (check,) = published(company, "tree_checks").to_dict("records")
    assert (check["difference"], check["likely_reason"]) == (12_670_000, "segment")
    undivided = company.kpi("explain-gap", GOAL, "--by", "area")
    assert undivided.code == 2
    assert "--versus last_year" in undivided.err
    found = explained(company)
    parts = {driver["driver"]: driver["contribution"] for driver in found["drivers"]}
    assert parts["_residual"] == 12_670_000
    assert sum(parts.values()) == found["gap"] == -10_330_000
    assert "式が実データと合っていません。" in company.kpi("status").out.replace("\n", "")
    report = (company.root / "outputs" / "current" / "report.html").read_text(encoding="utf-8")
    assert "対象セグメントの違い" in report
