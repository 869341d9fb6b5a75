"""Goals as written: what is read, and what is refused, with its place and what to do."""

import subprocess
import sys
from datetime import date

import pytest

from dagster_project.errors import DefinitionError
from dagster_project.goals.load import load_goals

PLAIN = """
goal: g
period: {month: 2026-05}
kgi: {kpi: revenue, target: 100}
"""


def refused(goals_of, *texts):
    with pytest.raises(DefinitionError) as error:
        goals_of(*texts)
    return [str(issue) for issue in error.value.issues]


def test_the_annual_revenue_tree_is_calculated_back_to_its_leads(sales_goal):
    plan = sales_goal.targets["plan"]
    assert plan == {
        "revenue": 100_000_000,
        "repeat_revenue": 60_000_000,
        "new_revenue": 40_000_000,
        "new_orders": 20,
        "average_order_value": 2_000_000,
        "new_deals": 100,
        "deal_to_order_rate": plan["deal_to_order_rate"],
        "leads": 1_000,
        "lead_to_deal_rate": plan["lead_to_deal_rate"],
        "call_appointment_rate": plan["call_appointment_rate"],
    }
    assert plan["deal_to_order_rate"] * 5 == 1
    assert plan["lead_to_deal_rate"] * 10 == 1


def test_scenarios_scale_what_is_counted_and_keep_what_is_assumed(sales_goal):
    stretch = sales_goal.targets["stretch"]
    assert stretch["revenue"] == 140_000_000
    assert stretch["repeat_revenue"] == 84_000_000
    assert stretch["leads"] == 1_400
    assert stretch["deal_to_order_rate"] == sales_goal.targets["plan"]["deal_to_order_rate"]
    assert list(sales_goal.scenarios) == ["plan", "commit", "stretch"]


def test_nodes_come_parents_first_with_their_place_in_the_tree(sales_goal):
    places = {node.name: (node.parent, node.depth, node.role, node.origin) for node in sales_goal.nodes}
    assert places == {
        "revenue": (None, 0, "root", "given"),
        "repeat_revenue": ("revenue", 1, "term", "given"),
        "new_revenue": ("revenue", 1, "term", "derived"),
        "new_orders": ("new_revenue", 2, "factor", "derived"),
        "new_deals": ("new_orders", 3, "factor", "derived"),
        "leads": ("new_deals", 4, "factor", "derived"),
        "lead_to_deal_rate": ("new_deals", 4, "factor", "assumed"),
        "deal_to_order_rate": ("new_orders", 3, "factor", "assumed"),
        "average_order_value": ("new_revenue", 2, "factor", "assumed"),
        "differentiation": ("revenue", 1, "watched", "none"),
        "churn_rate": ("revenue", 1, "watched", "none"),
        "call_appointment_rate": ("revenue", 1, "watched", "assumed"),
    }
    seen: set[str] = set()
    for node in sales_goal.nodes:
        assert node.parent is None or node.parent in seen
        seen.add(node.name)
    assert [node.level for node in sales_goal.nodes[:4]] == ["kgi", "ksf", "ksf", "kpi"]


def test_a_node_reads_its_own_segment_or_the_goals(goals_of):
    (goal,) = goals_of(
        PLAIN
        + """
where: {channel: b2b}
tree: [revenue = orders_won * average_order_value]
nodes: {orders_won: {where: {customer_type: new}}, average_order_value: {assume: 20}}
"""
    )
    slices = {node.name: (node.dimension, node.segment) for node in goal.nodes}
    assert slices == {
        "revenue": ("channel", "b2b"),
        "orders_won": ("customer_type", "new"),
        "average_order_value": ("channel", "b2b"),
    }


@pytest.mark.parametrize(
    ("period", "start", "end", "grain"),
    [
        ("{fiscal_year: 2026}", date(2026, 4, 1), date(2027, 3, 31), "fiscal_year"),
        ("{fiscal_year: 2017, quarter: 3}", date(2017, 10, 1), date(2017, 12, 31), "quarter"),
        ("{fiscal_year: 2017, half: 1}", date(2017, 4, 1), date(2017, 9, 30), "half"),
        ("{month: 2017-05}", date(2017, 5, 1), date(2017, 5, 31), "month"),
        ("{from: 2017-04-10, through: 2017-06-30}", date(2017, 4, 10), date(2017, 6, 30), "range"),
        ("{from: 2017-04-01, through: 2017-06-30}", date(2017, 4, 1), date(2017, 6, 30), "quarter"),
    ],
)
def test_a_period_is_written_in_any_of_its_forms(goals_of, period, start, end, grain):
    (goal,) = goals_of(PLAIN.replace("{month: 2026-05}", period))
    assert (goal.period.start, goal.period.end, goal.period.grain) == (start, end, grain)


@pytest.mark.parametrize(
    "period",
    [
        "{quarter: 3}",
        "{fiscal_year: 2026, quarter: 5}",
        "{fiscal_year: 2026, quarter: 1, half: 1}",
        "{month: 2026-13}",
        "{from: 2026-05-02, through: 2026-05-01}",
        "{}",
    ],
)
def test_a_period_that_cannot_be_told_is_refused(goals_of, period):
    (issue,) = refused(goals_of, PLAIN.replace("{month: 2026-05}", period))
    assert issue.startswith("kpi_definitions/goals/goal_0.yml:2:")
    assert "write" in issue


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kpi: revenue", "kpi: revenu"), ":3:7: goal 'g': unknown KPI 'revenu' (did you mean 'revenue'?)"),
        (("target: 100", "target: much"), ":3:21: goal 'g': 'kgi.target': 'much' is not a figure"),
        (("target: 100", "target: +10pt"), "points for 'revenue', which is in JPY (write +10%)"),
        (("target: 100", "target: -10%"), "a decline is {times: 0.9, of: {kpi: revenue, offset_window"),
        (("target: 100", "target: {times: 1.1}"), "'times' and 'of' go together; write 100_000_000"),
        (("target: 100", "target: {times: 1.1, of: {kpi: revenu}}"), "(did you mean 'revenue'?)"),
        (("target: 100", "target: {times: 1.1, of: {kpi: leads}}"), "in count, is no target in JPY"),
        (("target: 100", "target: {times: 2, of: {kpi: revenue, offset_window: soon}}"), "no span of time"),
        (("target: 100", "target: {within: [9, 5]}"), "the wrong way round (write [low, high])"),
        (("target: 100", "target: 100, opening: 5"), "'revenue' is no level"),
        (("kgi:", "nodes: {churn_rate: {target: {per_business_day: 8}}}\nkgi:"), "does not grow with the"),
        (("kgi:", "nodes: {leads: {assume: {within: [1, 2]}}}\nkgi:"), "is one figure, not bounds"),
        (("kgi:", "scenarios: {stretch: {success: 70%}}\nkgi:"), "'times' is missing"),
        (("target: 100", "target: 20%"), "a percentage for 'revenue', which is in JPY"),
        ((", target: 100", ""), "'revenue' has no target, and none follows from the tree"),
        (("kgi:", "phasng: business_days\nkgi:"), "unknown key 'phasng' (did you mean 'phasing'?)"),
        (("kgi:", "phasing: {like: last_yaer}\nkgi:"), "is not one of last_year (did you mean 'last_year'?)"),
        (("kgi:", "reasons: []\nkgi:"), "unknown key 'reasons'"),
        (("kgi:", "tree: [revenue = orders * aov]\nkgi:"), "'orders' is neither a node nor a KPI"),
        (("kgi:", "tree: [revenue = leeds * deals]\nkgi:"), "(did you mean 'leads'?)"),
        (("kgi:", "tree: [leads = deals * 2]\nkgi:"), "nothing ties 'leads' to the KGI 'revenue'"),
        (("kgi:", "tree: [revenue = leads, revenue = deals]\nkgi:"), "a second equation for 'revenue'"),
        (
            ("kgi:", "tree: [revenue = leads, leads = revenue]\nkgi:"),
            "a circle in 'leads = revenue': revenue → leads → revenue",
        ),
        (("kgi:", "where: {chanel: b2b}\nkgi:"), "no dimension 'chanel' (did you mean 'channel'?)"),
        (("kgi:", "where: {channel: b2b, team: x}\nkgi:"), "one dimension is wanted"),
        (("kgi:", "nodes: {leads: {target: 5, assume: 5}}\nkgi:"), "has a target and an assumption"),
        (("kgi:", "nodes: {lead_to_deal_rate: {assume: 5}}\nkgi:"), "write 5%"),
        (("kgi:", "nodes: {utilisation: {target: 85%}}\nkgi:"), "stay within its bounds"),
        (("kgi:", "nodes: {revenue: {target: 5}}\nkgi:"), "belongs under kgi"),
        (("kgi:", "nodes: {calls: {target: 5}}\nkgi:"), "no KPI is called 'calls'"),
        (("kgi:", "drivers: [chrun_rate]\nkgi:"), "(did you mean 'churn_rate'?)"),
        (("kgi:", "ksf: [{name: leads, holds: []}]\ndrivers: [leads]\nkgi:"), "'leads' is a node already"),
        (("kgi:", "scenarios: {stretch: 0}\nkgi:"), "a factor of the plan above 0"),
        (("kgi:", "scenarios: {plan: 1.1}\nkgi:"), "'plan' is the name of the targets as written"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_write(goals_of, change, said):
    issues = refused(goals_of, PLAIN.replace(*change))
    assert any(said in issue for issue in issues), issues


def test_figures_that_contradict_each_other_are_refused_with_both(goals_of, sales_tree):
    (issue,) = refused(
        goals_of,
        sales_tree.replace("new_revenue: {where", "new_revenue: {target: 30_000_000, where").split(
            "scenarios"
        )[0],
    )
    assert ":6:5: goal 'revenue_100m': 'revenue = repeat_revenue + new_revenue' does not hold" in issue
    assert "90,000,000" in issue
    assert "100,000,000" in issue
    assert "new_revenue 40,000,000" in issue


def test_over_determined_figures_that_agree_are_accepted(goals_of, sales_tree):
    (goal,) = goals_of(sales_tree.replace("new_revenue: {where", "new_revenue: {target: 40_000_000, where"))
    assert goal.node("new_revenue").origin == "given"
    assert goal.target("leads", "stretch") == 1_400


def test_the_kgi_target_may_follow_from_the_tree(goals_of):
    (goal,) = goals_of(
        """
        goal: g
        period: {month: 2026-05}
        kgi: {kpi: revenue}
        tree: [revenue = orders_won * average_order_value]
        nodes: {orders_won: {target: 20}, average_order_value: {assume: 500_000}}
        """
    )
    assert goal.target("revenue") == 10_000_000
    assert goal.kgi.origin == "derived"


def test_every_file_is_checked_before_anything_is_refused(goals_of):
    issues = refused(
        goals_of,
        PLAIN.replace("revenue", "revenu"),
        PLAIN.replace("goal: g", "goal: h").replace("100", "much"),
    )
    assert [issue.split(":")[0][-10:] for issue in issues] == ["goal_0.yml", "goal_1.yml"]


def test_a_goal_has_one_name(goals_of):
    (issue,) = refused(goals_of, PLAIN, PLAIN)
    assert "goal_1.yml:1:1" in issue
    assert "goal_0.yml:1" in issue


def test_labels_change_no_hash_and_figures_do(goals_of):
    plain = goals_of(PLAIN)[0].goal_hash
    assert goals_of(PLAIN + "label: {ja: 目標}\nowner: sales\n")[0].goal_hash == plain
    assert goals_of(PLAIN.replace("100", "101"))[0].goal_hash != plain
    assert goals_of(PLAIN + "phasing: business_days\n")[0].goal_hash != plain


def test_reading_goals_imports_no_pandas_numpy_or_holidays():
    code = (
        "import sys; import dagster_project.goals.load; "
        "print(*({'pandas', 'numpy', 'pyarrow', 'holidays'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_a_project_without_goals_has_none(tmp_path, definitions):
    assert load_goals(tmp_path, definitions) == ()
