"""Why a goal stands where it does, as the report and the sentences have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dagster_project.report.html import render
from dagster_project.report.summary import summarize
from dagster_project.report.waterfall import WIDTH, waterfall
from dagster_project.report.why import Driver, Gap, Step, Why
from dagster_project.report.why_sentences import bottleneck_sentence, gap_sentence, signed, why_sentences
from tests.report.conftest import write
from tests.report.frames import AS_OF, GOAL, RUN, rows, tables

PARTS = {"leads": 4e6, "lead_to_deal_rate": -6e6, "deal_to_order_rate": -9e6, "_residual": 1e6}


def driver(name: str, contribution: float) -> Driver:
    return Driver(name, name.replace("_", " "), "revenue", "count", 1.0, 2.0, None, contribution)


def gap(parts: dict[str, float] = PARTS, before: float = 100e6) -> Gap:
    drivers = tuple(driver(name, value) for name, value in parts.items())
    whole = sum(parts.values())
    return Gap("plan", "total", "total", "total", "JPY", AS_OF, before, before + whole, whole, drivers, {})


def step(node: str, **about: Any) -> Step:
    nothing = dict.fromkeys(name for name in Step.__dataclass_fields__ if name != "node")
    given = {"stage": "bottom", "label": node, "unit": "count", "is_volume": True, "is_bottleneck": False}
    return Step(node=node, **(nothing | given | about))


def why(found: Gap | None = None, funnel: tuple[Step, ...] = (), less_is_better: bool = False) -> Why:
    gaps = {"plan": found} if found else {}
    return Why("g", "Goal", "revenue", "売上", less_is_better, gaps, {}, funnel, ())


def test_the_gap_is_drawn_from_the_plan_to_the_actual_the_worst_first_without_a_break():
    drawn = waterfall(gap(), "en")
    assert drawn is not None
    assert [bar.label for bar in drawn.bars] == [
        "Plan", "deal to order rate", "lead to deal rate", "leads", " residual", "Actual",
    ]  # fmt: skip
    assert [bar.kind for bar in drawn.bars] == ["level", "worse", "worse", "better", "better", "level"]
    assert drawn.bars[-2].reached == pytest.approx(drawn.bars[-1].reached, abs=0.2)
    for before, bar in zip(drawn.bars, drawn.bars[1:-1], strict=False):
        ends = (bar.x, bar.x + bar.width)
        assert any(abs(before.reached - end) <= 0.2 for end in ends)
        assert any(abs(bar.reached - end) <= 0.2 for end in ends)
    assert all(0 <= bar.x <= bar.x + bar.width <= WIDTH for bar in drawn.bars)


def test_widths_are_in_proportion_to_what_they_stand_for():
    drawn = waterfall(gap(), "en")
    assert drawn is not None
    widths = {bar.label: bar.width for bar in drawn.bars}
    assert widths["deal to order rate"] / widths["lead to deal rate"] == pytest.approx(1.5, abs=0.01)


def test_of_costs_a_rise_is_drawn_as_worse():
    drawn = waterfall(gap(), "en", less_is_better=True)
    assert drawn is not None
    assert {bar.label: bar.kind for bar in drawn.bars}["leads"] == "worse"


def test_a_goal_that_no_tree_explains_has_no_drawing_and_no_sentence_of_causes():
    alone = gap({"revenue": -4e6, "_residual": 0.0})
    assert waterfall(alone, "ja") is None
    assert why_sentences(why(alone), "ja") == ()
    assert gap_sentence(why(alone), alone, "ja") == "売上は計画を400万円下回っています。"


def test_the_sentence_names_the_causes_that_pull_the_way_the_gap_goes():
    found = gap()
    assert gap_sentence(why(found), found, "ja") == (
        "売上は計画を1,000万円下回っています。"
        "主な要因はdeal to order rate（-900万円）、lead to deal rate（-600万円）です。"
    )
    risen = replace(gap({"leads": 4e6, "rate": 0.0}), versus="last_year")
    assert gap_sentence(why(risen), risen, "en") == "売上 is ¥4M above last year. Main cause: leads (+¥4M)."
    even = gap({"leads": 0.0, "rate": 0.0})
    assert gap_sentence(why(even), even, "en") == "売上 is as planned."


def test_the_bottleneck_is_a_step_the_entrance_or_none():
    deals = step("deals", actual=90.0, plan=100.0)
    orders = step(
        "orders", actual=9.0, plan=20.0, previous_node="deals", step_rate=0.1, step_rate_plan=0.2,
        is_bottleneck=True, bottleneck_versus="plan", kgi_effect=-5e6,
    )  # fmt: skip
    said = bottleneck_sentence(why(gap(), (deals, orders)), "en")
    assert (
        said
        == "The bottleneck is deals → orders: 10.0% go on against 20.0% planned, an effect of -¥5M on 売上."
    )
    narrow = replace(deals, is_bottleneck=True, bottleneck_versus="last_year", last_year=120.0)
    entrance = bottleneck_sentence(why(gap(), (narrow,)), "ja")
    assert entrance == "ボトルネックは入口の「deals」です。90件は前年の120件に届いていません。"
    fine = bottleneck_sentence(why(gap(), (deals, replace(orders, is_bottleneck=False))), "en")
    assert fine == "No step of the funnel falls short of the plan."
    assert bottleneck_sentence(why(gap()), "ja") == ""


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (3.49e6, "JPY", "+349万円"),
        (-3.0, "count", "-3件"),
        (-2.6, "count", "-2.6件"),
        (0.012, "percent", "+1.2pt"),
        (0.0, "JPY", "0円"),
        (1234.5, "count", "+1,234件"),
    ],
)
def test_a_difference_has_its_sign(value, unit, shown):
    assert signed(value, unit, "ja") == shown


def gap_rows(label: str) -> list[dict[str, Any]]:
    about = {
        "as_of": AS_OF, "goal": GOAL, "versus": "plan", "dimension": "total", "segment": "total",
        "parent": "revenue", "kgi_before": 105e6, "kgi_after": 95e6, "gap": -10e6, "kgi_unit": "JPY",
        "through": AS_OF, "goal_hash": "g1", "computed_run_id": RUN,
    }  # fmt: skip
    return [
        about | {"driver": name, "contribution": value, "label_ja": label, "label_en": label, "sort": sort}
        for sort, (name, value) in enumerate(PARTS.items(), start=1)
    ]


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"]
)
def test_a_label_of_the_data_stays_text_in_the_drawing_and_the_sentences(tmp_path, evil):
    made = tables() | {"gap_drivers": rows("gap_drivers", gap_rows(evil))}
    page = render(write(tmp_path, made))
    assert "売上高は計画を1,000万円下回っています。" in page
    assert '<svg class="waterfall"' in page
    assert "<script" not in page
    assert "<img" not in page
    assert "aaaaaaaaa" not in page


def test_an_equation_that_does_not_hold_is_a_mark_with_its_reason_in_words(tmp_path):
    check = {
        "as_of": date(2026, 10, 31), "goal": GOAL, "equation": "orders_won = deals * deal_to_order_rate",
        "node": "orders_won", "label_ja": "受注件数", "label_en": "Orders", "unit": "count",
        "status": "mismatch",
        "left_value": 562.0, "right_value": 568.0, "difference": -6.0, "likely_reason": "timing",
        "implied_node": "deal_to_order_rate", "measured": 0.568, "implied": 0.562, "goal_hash": "g1",
        "computed_run_id": RUN,
    }  # fmt: skip
    folder = write(tmp_path, tables() | {"tree_checks": rows("tree_checks", [check])})
    mark = next(mark for mark in summarize(folder).marks if mark.kind == "tree_check")
    assert mark.reason == (
        "orders_won = deals * deal_to_order_rate: 562件 ≠ 568件（差 -6件、考えられる原因: 計上日の違い）"
        " 受注率は実測56.8%、式からは56.2%"
    )
    english = next(mark for mark in summarize(folder, "en").marks if mark.kind == "tree_check")
    assert english.reason is not None
    assert "562 ≠ 568 (off by -6; likely: timing, other dates of record)" in english.reason
