"""The worked examples of goal trees, through `kpi plan`, without any data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.goals.plans import Answer, Command, amount, count, derived, hours, ratio, stock, write_project

WORKED = REPOSITORY / "tests" / "projects" / "worked_example"

CONTRACTS = [
    amount("revenue"),
    count("contracts"),
    ratio("average_purchase_value", "revenue", "contracts", "JPY"),
    ratio("churn_rate", "churned", "contracts", direction="down", accumulates="true"),
    count("churned", "down"),
]


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def plan(kpi: Command, folder: Path, kpis: list[str], goal: str, *options: str, closed: str = "") -> Answer:
    project = write_project(folder, kpis, goal, closed=closed)
    name = next(line for line in goal.splitlines() if "goal:" in line).split(":")[1].strip()
    return kpi("plan", name, "--project", project, *(options or ("--json",)))


def test_100_million_of_revenue_are_calculated_back_to_leads_and_calls(kpi):
    answer = kpi("plan", "revenue_100m", "--json", "--project", WORKED)
    assert answer.json["goal"] == "revenue_100m"
    found = {n["node"]: (n["kind"], n["target"], n["given"], n["equation"]) for n in answer.json["nodes"]}
    assert found == {
        "revenue": ("kgi", 100_000_000.0, True, None),
        "repeat_revenue": ("ksf", 60_000_000.0, True, None),
        "new_revenue": ("ksf", 40_000_000.0, False, "revenue = repeat_revenue + new_revenue"),
        "average_order_value": ("assumption", 2_000_000.0, True, None),
        "new_orders": ("kpi", 20.0, False, "new_revenue = new_orders * average_order_value"),
        "deal_to_order_rate": ("assumption", 0.2, True, None),
        "new_deals": ("kpi", 100.0, False, "new_orders = new_deals * deal_to_order_rate"),
        "lead_to_deal_rate": ("assumption", 0.1, True, None),
        "leads": ("kpi", 1_000.0, False, "new_deals = leads * lead_to_deal_rate"),
        "call_appointment_rate": ("assumption", 0.01, True, None),
        "cold_calls": ("action", 10_000.0, False, None),
        "webinars": ("action", 6.0, True, None),
        "seo_articles": ("action", 12.0, True, None),
    }
    assert answer.json["watched"] == ["churn_rate", "customer_satisfaction"]
    assert [factor["factor"] for factor in answer.json["factors"]] == ["differentiation"]


def test_an_action_drives_its_node_and_is_in_no_equation(kpi):
    answer = kpi("plan", "revenue_100m", "--json", "--project", WORKED)
    (calls, *_) = answer.json["actions"]
    assert (calls["action"], calls["drives"], calls["brings"]) == ("cold_calls", "new_deals", 100.0)
    assert not answer.nodes["cold_calls"]["tied"]
    assert answer.nodes["cold_calls"]["derived_from"] == "new_deals / call_appointment_rate"
    assert all("calls" not in equation for equation in answer.json["equations"])


def test_kpis_that_are_met_and_cannot_reach_the_kgi_are_refused_with_what_each_would_have_to_be(
    kpi, tmp_path
):
    goal = """
    goal: billion
    period: {fiscal_year: 2026}
    kgi: {kpi: revenue, target: 1_000_000_000}
    tree:
      - revenue = contracts * average_purchase_value * 12
    nodes:
      contracts: {target: 500, label: {ja: 月間契約数}}
      average_purchase_value: {target: 50_000}
    """
    answer = plan(kpi, tmp_path, CONTRACTS, goal)
    assert answer.code == 2
    assert "kpi_definitions/goals/goal_0.yml:5:5" in answer.err
    for figure in ("300,000,000", "30 %", "700,000,000 is missing", "1,666.67", "166,666.67"):
        assert figure in answer.err
    assert "'revenue = contracts * average_purchase_value * 12'" in answer.err


def test_a_consistent_set_of_monthly_figures_comes_to_its_year(kpi, tmp_path):
    goal = """
    goal: sales
    period: {fiscal_year: 2026}
    kgi: {kpi: revenue}
    tree:
      - revenue = monthly_revenue * 12
      - monthly_revenue = orders * order_value
      - orders = inquiries * order_rate
    nodes:
      monthly_revenue: {kpi: revenue}
      inquiries: {target: 100}
      orders: {target: 20}
      order_value: {assume: 500_000}
    """
    kpis = [
        amount("revenue"), count("orders"), count("inquiries"),
        ratio("order_rate", "orders", "inquiries"), ratio("order_value", "revenue", "orders", "JPY"),
    ]  # fmt: skip
    assert plan(kpi, tmp_path, kpis, goal).targets == {
        "revenue": 120_000_000.0,
        "monthly_revenue": 10_000_000.0,
        "orders": 20.0,
        "inquiries": 100.0,
        "order_rate": 0.2,
        "order_value": 500_000.0,
    }


def test_over_determined_figures_that_agree_are_accepted_and_others_are_not(kpi, tmp_path):
    goal = """
    goal: sales
    period: {month: 2026-05}
    kgi: {kpi: orders, target: 20}
    tree: [orders = inquiries * order_rate]
    nodes: {inquiries: {target: 100}, order_rate: {target: RATE}}
    """
    kpis = [count("orders"), count("inquiries"), ratio("order_rate", "orders", "inquiries")]
    assert plan(kpi, tmp_path, kpis, goal.replace("RATE", "20%")).targets["orders"] == 20
    refused = plan(kpi, tmp_path, kpis, goal.replace("RATE", "15%"))
    assert refused.code == 2
    assert "its right side comes to 15, 75 % of it, but orders is 20: 5 is missing" in refused.err
    assert "inquiries 133.33, or order_rate 0.2" in refused.err


def test_a_count_that_is_rounded_up_to_whole_pieces_agrees(kpi, tmp_path):
    """What the sheet shows can be written as a target: 134 deals for 133.33, and no other figure."""
    goal = """
    goal: deals
    period: {fiscal_year: 2026}
    kgi: {kpi: orders, target: 20}
    tree: [orders = deals * rate]
    nodes: {rate: {assume: 15%}, deals: {target: 134}}
    scenarios: {stretch: 1.4}
    """
    kpis = [count("orders"), count("deals"), ratio("rate", "orders", "deals")]
    assert plan(kpi, tmp_path, kpis, goal).targets["deals"] == 134
    for other in ("133", "135", "134.5"):
        refused = plan(kpi, tmp_path, kpis, goal.replace("134", other))
        assert refused.code == 2
        assert "deals 133.33" in refused.err


def test_targets_are_said_in_every_direction(kpi, tmp_path):
    goal = """
    goal: service
    period: {month: 2026-05}
    kgi: {kpi: answer_rate, target: 95%}
    nodes:
      churn_rate: {target: 5%}
      accidents: {target: 0}
      utilisation: {target: {within: [80%, 90%]}}
      profit: {target: -10_000_000}
    """
    kpis = [
        ratio("answer_rate", "answered", "asked"), ratio("utilisation", "used", "asked"),
        ratio("churn_rate", "gone", "asked", direction="down", accumulates="true"),
        count("accidents", "down"), count("answered"), count("asked"), count("used"), count("gone"),
        amount("profit"),
    ]  # fmt: skip
    answer = plan(kpi, tmp_path, kpis, goal)
    assert answer.targets == {
        "answer_rate": 0.95,
        "churn_rate": 0.05,
        "accidents": 0.0,
        "utilisation": None,
        "profit": -10_000_000.0,
    }
    assert answer.nodes["utilisation"]["within"] == [0.8, 0.9]
    assert answer.nodes["utilisation"]["given"]


def test_churn_is_due_by_months_and_is_said_not_to_be_tied(kpi, tmp_path):
    goal = """
    goal: growth
    period: {fiscal_year: 2026}
    kgi: {kpi: revenue, target: 1_000_000_000}
    tree: [revenue = new_revenue + repeat_revenue]
    nodes:
      new_revenue: {kpi: revenue, target: 400_000_000}
      repeat_revenue: {kpi: revenue}
      churn_rate: {target: 5%, level: ksf}
    """
    answer = plan(kpi, tmp_path, CONTRACTS, goal)
    assert answer.targets["repeat_revenue"] == 600_000_000
    churn = answer.nodes["churn_rate"]
    assert (churn["kind"], churn["tied"], churn["smart"]["relevant"]) == ("ksf", False, "no")
    (path,) = [stage for stage in answer.json["schedule"] if stage["node"] == "churn_rate"]
    assert path["parts"][6]["through"] == "2026-10-31"
    assert path["parts"][6]["target_cumulative"] == pytest.approx(0.05 * 7 / 12)
    text = plan(kpi, tmp_path, CONTRACTS, goal, "--format", "text").out
    assert "churn_rateの率 5%: no equation ties it to the KGI" in text


def test_a_stock_runs_from_its_opening_level_to_its_target(kpi, tmp_path):
    goal = """
    goal: users
    period: {from: 2026-04-01, through: 2026-09-30}
    kgi: {kpi: users, target: 100_000, opening: 60_000}
    """
    answer = plan(kpi, tmp_path, [stock("users")], goal, "--json", "--by", "day")
    (path,) = answer.json["schedule"]
    due = {part["through"]: part["target_cumulative"] for part in path["parts"]}
    assert due["2026-06-30"] == 80_000
    assert due["2026-09-30"] == 100_000
    assert (path["grows"], path["parts"][0]["shown"]) == (False, None)


def test_a_target_follows_the_business_days_of_its_month(kpi, tmp_path):
    goal = """
    goal: productivity
    period: {month: 2026-05}
    kgi: {kpi: worked, target: {per_business_day: 8}}
    """
    answer = plan(kpi, tmp_path, [hours("worked")], goal)
    assert answer.targets == {"worked": 144.0}
    assert answer.nodes["worked"]["written"] == "8 per business day"
    other = goal.replace("2026-05", "2026-03").replace("goal: productivity", "goal: march")
    assert plan(kpi, tmp_path, [hours("worked")], other).targets == {"worked": 8.0 * 21}


def test_twenty_business_days_of_eight_hours_are_160(kpi, tmp_path):
    goal = """
    goal: productivity
    period: {from: 2026-06-01, through: 2026-06-26}
    kgi: {kpi: worked, target: {per_business_day: 8}}
    """
    assert plan(kpi, tmp_path, [hours("worked")], goal).targets == {"worked": 160.0}


def test_a_kpi_and_an_okr_have_each_their_target_and_what_counts_as_success(kpi, tmp_path):
    goal = """
    goal: leads
    period: {fiscal_year: 2026, half: 1}
    kgi: {kpi: leads, target: 1_000}
    scenarios: {stretch: 2}
    """
    answer = plan(kpi, tmp_path, [count("leads")], goal)
    assert answer.nodes["leads"]["targets"] == {"plan": 1_000.0, "stretch": 2_000.0}
    success = {scenario["scenario"]: scenario["success"] for scenario in answer.json["scenarios"]}
    assert success == {"plan": 1.0, "stretch": 0.7}
    own = goal.replace("stretch: 2", "moon: {times: 2, success: 60%}")
    assert plan(kpi, tmp_path, [count("leads")], own).json["scenarios"][1] == {
        "scenario": "moon",
        "times": 2.0,
        "success": 0.6,
    }


CALLS = [count("deals"), count("calls"), ratio("appointment_rate", "deals", "calls")]
TWO_CALLERS = """
goal: calls
period: {fiscal_year: 2026}
kgi: {kpi: deals, target: 100}
nodes: {appointment_rate: {assume: 1%}}
actions:
  - name: cold_calls
    kpi: calls
    drives: deals
    TARGET
    capacity: {n: CAPACITY, per: business_day}
"""
CLOSED = (
    ', {yearly: "12-29..01-03", name: 年末年始}, {dates: ["2026-08-13"], name: お盆}'  # 240 days are left
)


def test_ten_thousand_calls_are_feasible_for_two_callers(kpi, tmp_path):
    goal = TWO_CALLERS.replace("TARGET", "yield: appointment_rate").replace("CAPACITY", "120")
    (calls,) = plan(kpi, tmp_path, CALLS, goal, closed=CLOSED).json["actions"]
    assert (calls["target"], calls["business_days"]) == (10_000.0, 240)
    assert calls["per_business_day"] == pytest.approx(41.7, abs=0.05)
    assert calls["used"] == pytest.approx(0.35, abs=0.005)


def test_fiscal_2026_has_244_business_days_in_japan(kpi, tmp_path):
    goal = TWO_CALLERS.replace("TARGET", "yield: appointment_rate").replace("CAPACITY", "120")
    (calls,) = plan(kpi, tmp_path, CALLS, goal).json["actions"]
    assert calls["business_days"] == 244
    turn = CLOSED.split(", {dates")[0]
    (calls,) = plan(kpi, tmp_path, CALLS, goal, closed=turn).json["actions"]
    assert calls["business_days"] == 241


def test_two_hundred_calls_a_day_for_one_caller_are_refused_with_both_figures(kpi, tmp_path):
    goal = TWO_CALLERS.replace("TARGET", "target: {per_business_day: 200}").replace("CAPACITY", "60")
    answer = plan(kpi, tmp_path, CALLS, goal, closed=CLOSED)
    assert answer.code == 2
    assert "'cold_calls' is unrealistic" in answer.err
    assert "48,000 by 2027-03-31 (200 a business day over 240 business days)" in answer.err
    assert "a capacity of 60 a business day gives 14,400" in answer.err
    assert ":10:5: " in answer.err


OTHER_TREES = {
    "e-commerce": (
        [
            amount("revenue"), count("visits"), count("purchases"), ratio("cvr", "purchases", "visits"),
            ratio("purchase_value", "revenue", "purchases", "JPY"),
        ],
        "{kpi: revenue, target: 3_000_000}", ["revenue = visits * cvr * purchase_value"],
        "{cvr: {assume: 2%}, purchase_value: {assume: 5_000}}", {"visits": 30_000.0},
    ),
    "recruiting": (
        [
            count("hires"), count("applicants"), count("screened"), count("interviewed"), count("offered"),
            ratio("screening_rate", "screened", "applicants"),
            ratio("interview_rate", "interviewed", "screened"),
            ratio("acceptance_rate", "hires", "interviewed"),
        ],
        "{kpi: hires, target: 21}",
        ["hires = applicants * screening_rate * interview_rate * acceptance_rate"],
        "{screening_rate: {assume: 50%}, interview_rate: {assume: 35%}, acceptance_rate: {assume: 60%}}",
        {"applicants": 200.0},
    ),
    "manufacturing": (
        [
            count("run"), count("planned"), count("made"), count("possible"), count("good"),
            ratio("oee", "good", "planned"), ratio("availability", "run", "planned"),
            ratio("performance", "made", "possible"), ratio("quality", "good", "made"),
        ],
        "{kpi: oee, target: 85%}", ["oee = availability * performance * quality"],
        "{availability: {target: 90%}, performance: {target: 95%}}", {"quality": 0.85 / 0.9 / 0.95},
    ),
    "customer success": (
        [
            amount("gross_profit"), count("customers"), count("churned"),
            derived("ltv", "profit_a_customer / churn_rate", "JPY"),
            ratio("profit_a_customer", "gross_profit", "customers", "JPY"),
            ratio("churn_rate", "churned", "customers", direction="down"),
        ],
        "{kpi: ltv, target: 200_000}", ["ltv = profit_a_customer / churn_rate"],
        "{profit_a_customer: {assume: 8_000}}", {"churn_rate": 0.04},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_TREES)
def test_a_tree_of_another_trade_is_calculated_back(kpi, tmp_path, name):
    kpis, kgi, equations, nodes, wanted = OTHER_TREES[name]
    tree = "".join(f"  - {equation}\n" for equation in equations)
    goal = f"goal: other\nperiod: {{month: 2026-05}}\nkgi: {kgi}\ntree:\n{tree}nodes: {nodes}\n"
    targets = plan(kpi, tmp_path, kpis, goal).targets
    assert {key: targets[key] for key in wanted} == pytest.approx(wanted, rel=1e-12)


def test_a_growth_target_says_that_it_waits_for_the_year_before(kpi, tmp_path):
    goal = """
    goal: growth
    period: {fiscal_year: 2026}
    kgi: {kpi: revenue, target: TARGET}
    tree: [revenue = contracts * average_purchase_value]
    nodes: {average_purchase_value: {assume: 50_000}}
    """
    for written in ("+10%", "{times: 1.10, of: {kpi: revenue, offset_window: 1 year}}"):
        answer = plan(kpi, tmp_path, CONTRACTS, goal.replace("TARGET", written))
        assert answer.json["waits_for"] == ["revenue 2025-04-01..2026-03-31"]
        contracts = answer.nodes["contracts"]
        assert (contracts["target"], contracts["missing"]) == (None, "no_year_before")
        assert contracts["equation"] == "revenue = contracts * average_purchase_value"
        assert answer.targets["average_purchase_value"] == 50_000
    text = plan(kpi, tmp_path, CONTRACTS, goal.replace("TARGET", "+10%"), "--format", "text").out
    assert "needs the actual of the year before" in text


def test_21_at_35_percent_is_shown_as_60(kpi, tmp_path):
    goal = """
    goal: orders
    period: {month: 2026-05}
    kgi: {kpi: orders, target: 21}
    tree: [orders = deals * rate]
    nodes: {rate: {assume: 35%}}
    """
    kpis = [count("orders"), count("deals"), ratio("rate", "orders", "deals")]
    answer = plan(kpi, tmp_path, kpis, goal)
    assert answer.targets["deals"] == 60.0
    assert "60 " in next(
        line
        for line in plan(kpi, tmp_path, kpis, goal, "--format", "text").out.splitlines()
        if "deals" in line
    )


def test_shown_days_and_months_sum_to_the_shown_total(kpi, tmp_path):
    goal = """
    goal: deals
    period: {fiscal_year: 2026}
    kgi: {kpi: orders, target: 20}
    tree: [orders = deals * rate]
    nodes: {rate: {assume: 15%}}
    phasing: business_days
    """
    kpis = [count("orders"), count("deals"), ratio("rate", "orders", "deals")]
    for by, parts in (("day", 365), ("week", 53), ("month", 12)):
        answer = plan(kpi, tmp_path, kpis, goal, "--json", "--by", by)
        stage = next(stage for stage in answer.json["schedule"] if stage["node"] == "deals")
        assert len(stage["parts"]) == parts
        assert sum(part["shown"] for part in stage["parts"]) == 134
        assert stage["parts"][-1]["target_cumulative"] == pytest.approx(133.33, abs=0.01)


def test_zero_and_negative_targets_are_calculated_back(kpi, tmp_path):
    goal = """
    goal: profit
    period: {fiscal_year: 2026}
    kgi: {kpi: profit, target: TARGET}
    tree: [profit = revenue - cost, revenue = contracts * average_purchase_value]
    nodes: {cost: {target: 30_000_000}, average_purchase_value: {assume: 50_000}}
    """
    kpis = [*CONTRACTS, amount("profit"), amount("cost")]
    for written, contracts in (("-10_000_000", 400.0), ("0", 600.0), ("-30_000_000", 0.0)):
        answer = plan(kpi, tmp_path, kpis, goal.replace("TARGET", written))
        assert answer.targets["contracts"] == contracts
        assert answer.targets["profit"] == float(written)
    short = plan(kpi, tmp_path, kpis, goal.replace("TARGET", "-40_000_000"))
    assert short.code == 2
    assert "asks for contracts -200, and a count is never below 0" in short.err


def test_a_stretch_beyond_the_capacity_is_noted_and_the_plan_stands(kpi, tmp_path):
    goal = TWO_CALLERS.replace("TARGET", "yield: appointment_rate").replace("CAPACITY", "50")
    goal += "scenarios: {stretch: 1.4}\n"
    text = plan(kpi, tmp_path, CALLS, goal, "--format", "text", closed=CLOSED).out
    assert "83.33%" in text
    assert "scenario 'stretch' takes 116.67% of the capacity of callsの数" in text
