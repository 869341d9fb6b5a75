"""Do the equations of a tree hold in the data: each mismatch with its amount and its likely reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from dagster_project.goals.gap.identity import Check, check_identities, implied_factors, planned_factors
from dagster_project.goals.gap.standing import Standing
from dagster_project.goals.load import load_goals
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions

FILES = {
    "project.yml": "name: funnel\n",
    "calendar.yml": "timezone: Asia/Tokyo\n",
    "sources/crm.yml": """\
sources:
  - source: export
    files: deals.csv
    load: full
    covers: {from: 2026-04-01, through: 2027-03-31}
    key: [deal_id]
    columns:
      deal_id: {type: text}
      channel: {type: text}
      stage: {type: text}
      opened_on: {type: date}
      closed_on: {type: date}
      amount: {type: money}
""",
    "entities.yml": """\
entities:
  - entity: deals
    from: export
    key: deal_id
    times: {opened_on: {}, closed_on: {}}
    dimensions: {channel: {label: {ja: 販路, en: Channel}}}
""",
    "kpis/sales.yml": """\
department: sales
kpis:
  - {name: revenue, label: R, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount,
     filter: stage = 'won', unit: JPY, direction: up}
  - {name: orders, label: O, type: simple, entity: deals, time: closed_on, agg: count,
     filter: stage = 'won', unit: count, direction: up}
  - {name: opened, label: D, type: simple, entity: deals, time: opened_on, agg: count, unit: count,
     direction: up}
  - {name: order_value, label: V, type: simple, entity: deals, time: closed_on, agg: average, expr: amount,
     filter: stage = 'won', unit: JPY, direction: up}
  - {name: win_rate, label: W, type: ratio, numerator: orders,
     denominator: {entity: deals, time: closed_on, agg: count, filter: "stage in ('won', 'lost')"},
     unit: percent, direction: up}
  - {name: orders_per_deal, label: P, type: ratio, numerator: orders, denominator: opened, basis: period,
     unit: percent, direction: up}
""",
}
GOAL = "goal: g\nperiod: {fiscal_year: 2026}\nkgi: {kpi: KGI, target: 100}\ntree:\n  - EQUATION\nNODES"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Definitions]:
    root = tmp_path_factory.mktemp("funnel")
    for name, text in FILES.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root, load_definitions(root)


@pytest.fixture
def standing_of(company: tuple[Path, Definitions]) -> Callable[..., Standing]:
    root, definitions = company

    def make(equation: str, values: dict[str, object], nodes: str = "", **statuses: str) -> Standing:
        folder = root / "kpi_definitions" / "goals"
        folder.mkdir(exist_ok=True)
        names = re.findall(r"[a-z]\w+", equation.partition("=")[2])
        if len(names) > 1 and not nodes:  # what the plan says does not matter here, but it must be one
            nodes = f"nodes:\n  {names[-1]}: {{assume: 0.5}}\n"
        text = GOAL.replace("KGI", equation.split()[0]).replace("EQUATION", equation).replace("NODES", nodes)
        (folder / "g.yml").write_text(text, encoding="utf-8")
        goal = load_goals(root, definitions)[0]
        figures = {name: Fraction(str(value)) for name, value in values.items()}
        return Standing(goal, goal.period.end, figures, {}, figures, statuses)

    return make


def only(standing: Standing, **undated: float) -> Check:
    (found,) = check_identities(standing, undated)
    return found


def test_an_equation_that_holds_says_so_with_both_sides(standing_of):
    check = only(
        standing_of(
            "orders = opened * orders_per_deal", {"orders": 9, "opened": 60, "orders_per_deal": "0.15"}
        )
    )
    assert (check.status, check.left, check.right, check.difference) == ("holds", 9, 9, 0)


def test_sides_that_cancel_out_hold_whatever_their_dates_and_a_mismatch_is_not_timing(standing_of):
    check = only(
        standing_of(
            "orders = opened * orders_per_deal", {"orders": 10, "opened": 60, "orders_per_deal": "0.15"}
        )
    )
    assert check.status == "mismatch"
    assert check.difference == 1
    assert check.reasons == ("definition",)


def test_a_rate_by_another_date_than_the_count_it_multiplies_is_timing_and_stands_as_implied(standing_of):
    standing = standing_of("orders = opened * win_rate", {"orders": 562, "opened": 1000, "win_rate": "0.568"})
    check = only(standing)
    assert check.reasons[0] == "timing"
    assert check.difference == -6
    assert check.implied == ("win_rate", Fraction("0.568"), Fraction("0.562"))
    assert implied_factors([check], standing.actual) == {"win_rate": Fraction("0.562")}
    east = {"orders": Fraction(30), "opened": Fraction(40), "win_rate": Fraction("0.5")}
    assert implied_factors([check], east) == {"win_rate": Fraction("0.75")}


def test_segments_that_do_not_make_up_the_whole_are_named(standing_of):
    nodes = (
        "nodes:\n  b2b: {kpi: revenue, where: {channel: b2b}}\n"
        "  shop: {kpi: revenue, where: {channel: ec}, target: 30}\n"
    )
    check = only(standing_of("revenue = b2b + shop", {"revenue": 100, "b2b": 60, "shop": 30}, nodes))
    assert check.reasons == ("segment",)
    assert check.difference == 10


def test_terms_by_another_date_than_their_sum_are_timing_without_an_implied_rate(standing_of):
    check = only(standing_of("orders = opened + 5", {"orders": 100, "opened": 90}))
    assert check.reasons == ("timing",)
    assert check.implied is None


def test_days_that_are_missing_come_before_any_other_reason(standing_of):
    values = {"orders": 562, "opened": 1000, "win_rate": "0.568"}
    check = only(standing_of("orders = opened * win_rate", values, opened="missing"))
    assert check.reasons == ("coverage", "timing")
    assert check.implied is None  # the rate would take up what the missing days leave out


def test_rows_without_a_date_of_record_are_named(standing_of):
    values = {"revenue": 100, "orders": 4, "order_value": 20}
    check = only(standing_of("revenue = orders * order_value", values), revenue=20.0)
    assert check.reasons[0] == "undated"
    assert check.difference == 20


def test_less_than_a_millionth_is_rounding_and_less_than_a_billionth_holds(standing_of):
    values = {"orders": "100.00001", "opened": 1000, "orders_per_deal": "0.1"}
    assert only(standing_of("orders = opened * orders_per_deal", values)).reasons == ("rounding",)
    values["orders"] = "100.00000001"
    assert only(standing_of("orders = opened * orders_per_deal", values)).status == "holds"


def test_what_has_no_value_leaves_the_equation_unknown_and_is_named(standing_of):
    check = only(standing_of("orders = opened * orders_per_deal", {"orders": 9, "opened": 60}))
    assert (check.status, check.lacking, check.right) == ("unknown", ("orders_per_deal",), None)
    dividing = only(
        standing_of("order_value = revenue / orders", {"order_value": 1, "revenue": 0, "orders": 0})
    )
    assert (dividing.status, dividing.lacking) == ("unknown", ())


def test_a_rate_that_was_revised_in_the_period_is_planned_to_date_as_the_counts_due_imply(standing_of):
    made = standing_of("orders = opened * orders_per_deal", {})
    due = {"orders": Fraction(17), "opened": Fraction(100), "orders_per_deal": Fraction(15, 100)}
    # 20 % of the first 40 deals and 15 % of the other 60 are 17 % of the hundred
    assert planned_factors(replace(made, plan=due)) == {"orders_per_deal": Fraction(17, 100)}
    assert planned_factors(replace(made, plan=due | {"orders": Fraction(15)})) == {}


def test_a_rate_that_no_share_could_be_is_not_implied_and_stays_unexplained(standing_of):
    # nine orders of four deals that were opened: those of the year before were closed, too
    standing = standing_of("orders = opened * win_rate", {"orders": 9, "opened": 4, "win_rate": "0.5"})
    check = only(standing)
    assert check.reasons[0] == "timing"
    assert check.implied is None
