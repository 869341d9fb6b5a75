"""Plans revised in mid-period: what remains is planned anew, and no day before is changed."""

from datetime import date, timedelta
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.errors import DefinitionError
from dagster_project.goals.algebra.equations import parse
from dagster_project.goals.algebra.remainder import Remainder
from dagster_project.goals.algebra.solve import solve
from dagster_project.goals.progress.days import Day
from dagster_project.goals.review.replan import required
from dagster_project.goals.review.revision_block import Proposal, revision_block
from dagster_project.goals.tables import build_goal_tables
from dagster_project.goals.targets.paths import Shapes
from dagster_project.goals.targets.versions import Planner, in_force
from dagster_project.kpi.model import CalendarRules

CALENDAR = BusinessCalendar(CalendarRules())
HALF = date(2026, 10, 1)
LATER = date(2027, 4, 30)

YEAR = """
goal: revenue_100m
label: Revenue of 100 million yen
period: {fiscal_year: 2026}
kgi: {kpi: revenue, target: 100_000_000}
tree:
  - revenue = repeat_revenue + new_revenue
  - new_revenue = new_orders * average_order_value
  - new_orders = new_deals * deal_to_order_rate
  - new_deals = leads * lead_to_deal_rate
nodes:
  repeat_revenue: {target: 60_000_000, level: ksf}
  average_order_value: {assume: 2_000_000}
  new_orders: {kpi: orders_won}
  new_deals: {kpi: deals}
  deal_to_order_rate: {assume: 20%}
  lead_to_deal_rate: {assume: 10%}
phasing: {monthly: even}
scenarios: {stretch: 2}
"""
REVISED = (
    YEAR
    + "revisions:\n  - {from: 2026-10-01, reason: Q2 review, nodes: {deal_to_order_rate: {assume: 15%}}}\n"
)


def plans_of(goal, daily=None, as_of=LATER):
    return Planner(Shapes(CALENDAR, daily or {}), {}, as_of).versions(goal)


def came(values):
    """Days of KPIs in total: {kpi: {day: value}}; every day up to the last one is known."""
    daily = {}
    for kpi, found in values.items():
        span = days_between(date(2026, 4, 1), max(found))
        daily[kpi, "total", "total"] = {
            day: Day(day, float(found.get(day, 0)), None, "final", True) for day in span
        }
    return daily


def test_a_rate_revised_at_half_year_leaves_the_past_and_plans_the_rest_anew(goals_of):
    first, revised = plans_of(goals_of(REVISED)[0])
    leads = revised.paths["plan", "leads"]
    assert first.paths["plan", "leads"].target == 1000
    assert leads.due(date(2026, 9, 30)) == 500
    assert sum(leads.daily[183:]) == Fraction(2000, 3)  # 666.67
    assert leads.target == Fraction(3500, 3)  # 1,166.67
    rest = {
        name: revised.goal.target(name) - first.paths["plan", name].due(date(2026, 9, 30))
        for name in ("new_revenue", "new_orders", "new_deals")
    }
    assert rest == {"new_revenue": 20_000_000, "new_orders": 10, "new_deals": Fraction(200, 3)}
    assert revised.goal.target("revenue") == 100_000_000
    assert revised.goal.target("deal_to_order_rate") == Fraction(15, 100)


def test_the_plan_in_force_is_the_newest_that_has_begun(goals_of):
    plans = plans_of(goals_of(REVISED)[0])
    assert [in_force(plans, HALF - timedelta(days=days)).number for days in (200, 1, 0)] == [0, 0, 1]


def test_a_rate_keeps_its_old_level_on_the_days_before(goals_of):
    rate = plans_of(goals_of(REVISED)[0])[1].paths["plan", "deal_to_order_rate"]
    assert set(rate.daily[:183]) == {Fraction(1, 5)}
    assert set(rate.daily[183:]) == {Fraction(15, 100)}


def test_every_scenario_is_revised_from_its_own_past(goals_of):
    leads = plans_of(goals_of(REVISED)[0])[1].paths["stretch", "leads"]
    # Stretch: 200 m less 120 m repeat; at half-year 40 m of new revenue remain: 20 orders, 1,333.33 leads.
    assert leads.due(date(2026, 9, 30)) == 1000
    assert leads.target == 1000 + Fraction(4000, 3)


def test_rebased_on_actuals_what_is_left_is_the_target_less_what_came(goals_of):
    goal = goals_of(REVISED.replace("reason: Q2 review", "rebase: actual"))[0]
    day = date(2026, 9, 30)
    daily = came(
        {
            "revenue": {day: 40_000_000},
            "repeat_revenue": {day: 28_000_000},
            "new_revenue": {day: 12_000_000},
            "orders_won": {day: 6},
            "deals": {day: 40},
            "leads": {day: 400},
        }
    )
    plan = plans_of(goal, daily)[1]
    # 60 m of revenue and 32 m of repeat revenue are left: 28 m of new revenue, 14 orders, 93.33 deals.
    leads = plan.paths["plan", "leads"]
    assert sum(leads.daily[183:]) == Fraction(2800, 3)
    assert leads.target == 400 + Fraction(2800, 3)
    assert leads.due(day) == 500  # the past's plan stands
    assert leads.due(HALF) - leads.daily[183] == 400
    assert plan.paths["plan", "revenue"].target == 100_000_000
    assert sum(plan.paths["plan", "revenue"].daily[183:]) == 60_000_000


def test_before_its_day_a_revision_to_be_rebased_on_actuals_goes_by_the_plan(goals_of):
    goal = goals_of(REVISED.replace("reason: Q2 review", "rebase: actual"))[0]
    daily = came({"leads": {date(2026, 5, 1): 400}})
    plan = plans_of(goal, daily, as_of=date(2026, 5, 1))[1]
    assert plan.goal.target("leads") == Fraction(3500, 3)


def test_replanned_with_another_rate_only_the_days_from_the_revision_on_are_planned_anew(goals_of):
    goal = plans_of(goals_of(REVISED)[0])[1].goal
    assert required(goal, {}) == goal.targets["plan"]
    # 10 orders are left: at 30 % they take 33.33 deals, 333.33 leads on top of the 500 due before.
    again = required(goal, {"deal_to_order_rate": Fraction(30, 100)})
    assert (again["new_orders"], again["leads"]) == (20, 500 + Fraction(1000, 3))


def test_replanned_no_count_is_required_that_is_below_nothing(goals_of):
    goal = plans_of(goals_of(REVISED)[0])[1].goal
    again = required(goal, {"repeat_revenue": Fraction(150_000_000)})
    assert again["repeat_revenue"] == 150_000_000
    assert not {"new_orders", "new_deals", "leads"} & again.keys()


TREE_CHANGED = (
    YEAR
    + """
revisions:
  - from: 2026-10-01
    tree:
      - revenue = repeat_revenue + new_revenue
      - new_revenue = buyers_won * 4_000_000
    nodes:
      buyers_won: {kpi: leads, where: {channel: b2b}}
"""
)


def test_a_revision_may_bring_another_tree_and_the_past_keeps_its_own(goals_of, definitions):
    goal = goals_of(TREE_CHANGED)[0]
    first, revised = plans_of(goal)
    assert "new_orders" in {node.name for node in first.goal.nodes}
    assert revised.goal.node("buyers_won").equation is None
    assert revised.goal.node("new_revenue").equation == "new_revenue = buyers_won * 4_000_000"
    path = revised.paths["plan", "buyers_won"]
    assert path.days[0] == HALF
    assert sum(path.daily) == 5  # 20 m / 4 m
    frame = pd.DataFrame({name: [] for name in ("date", "kpi", "dimension", "segment")})
    frame = frame.assign(numerator=[], denominator=[], value=[], data_status=[])
    built = build_goal_tables([goal], definitions, frame, PERIODS, date(2026, 12, 1), "run")
    tree = built.goal_tree
    assert set(tree["revision"]) == {0, 1}
    old, new = (set(tree[tree["revision"] == number]["node"]) for number in (0, 1))
    assert "buyers_won" in new - old
    assert set(tree[tree["revision"] == 1]["revision_from"]) == {HALF}
    assert set(built.kgi_attainment["revision"]) == {1}


def test_a_node_that_a_revision_brings_starts_from_what_it_has_come_to(goals_of):
    daily = came({"leads": {date(2026, 9, 30): 9}})
    daily["leads", "channel", "b2b"] = {date(2026, 9, 1): Day(date(2026, 9, 1), 7.0, None, "final", True)}
    path = plans_of(goals_of(TREE_CHANGED)[0], daily)[1].paths["plan", "buyers_won"]
    assert path.opening == 7
    assert path.target == 12


PERIODS = pd.DataFrame(
    {
        name: pd.Series(dtype="object")
        for name in (
            "grain", "period_start", "kpi", "dimension", "segment", "elapsed_days", "value", "status_reason",
        )
    }
)  # fmt: skip

# From three quarters of the year on more new revenue is due already than a target of 90 million leaves.
LOWERED_BY = date(2026, 12, 1)
LOWERED = ", target: 90_000_000"


def possible(change):
    day, rebase, rate, target = change
    return (day, rebase, rate, target if day <= LOWERED_BY else "")


changes = st.tuples(
    st.dates(date(2026, 4, 2), date(2027, 3, 31)),
    st.sampled_from(["plan", "actual"]),
    st.integers(1, 99),
    st.sampled_from(["", LOWERED]),
).map(possible)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(changes, min_size=1, max_size=3, unique_by=lambda change: change[0]),
    st.sampled_from(["{monthly: even}", "business_days", "calendar_days"]),
    st.integers(0, 400),
)
def test_a_revision_changes_no_earlier_day_and_ends_on_its_target(definitions, changes, phasing, done):
    from dagster_project.goals.resolve.goal import resolve_goal
    from dagster_project.goals.spec.goal import GoalSpec
    from dagster_project.kpi.spec.base import Written, read_spec
    from dagster_project.kpi.yamlnodes import parse as read_yaml

    lines = [
        f"  - {{from: {day}, rebase: {rebase}, nodes: {{deal_to_order_rate: {{assume: {rate}%}}}}{target}}}"
        for day, rebase, rate, target in sorted(changes)
    ]
    text = YEAR.replace("{monthly: even}", phasing) + "revisions:\n" + "\n".join(lines) + "\n"
    document = read_yaml(text, "g.yml")
    spec, _ = read_spec(GoalSpec, document.data, document, (), "g")
    goal, issues = resolve_goal(Written(spec, document, (), "g"), definitions)
    assert issues == []
    daily = came(
        {"leads": {date(2026, 6, 1): done, date(2027, 3, 31): 0}, "revenue": {date(2026, 5, 1): done}}
    )
    plans = plans_of(goal, daily)
    for before, after in zip(plans, plans[1:], strict=False):
        for key, path in after.paths.items():
            kept = (after.since - path.days[0]).days
            assert path.daily[:kept] == before.paths[key].daily[:kept]
            assert path.cumulative[:kept] == before.paths[key].cumulative[:kept]
            node = after.goal.node(key[1])
            assert path.cumulative[-1] == path.target
            if node.accumulates:
                assert sum(path.daily[kept:]) == path.target - (path.cumulative[kept] - path.daily[kept])
    for path in plans[0].paths.values():
        assert path.cumulative[-1] == path.target


@pytest.mark.parametrize(
    ("equation", "before", "given", "wanted"),
    [
        # 120 a year of fixed cost and 4 apiece: the second half has 60 of it.
        ("cost = pieces * 4 + 120", {"cost": 0, "pieces": 0}, {"pieces": 10}, {"cost": 100}),
        # A stock at the end is the whole of both halves.
        ("staff = hired - left", {"hired": 5, "left": 1}, {"hired": 6, "left": 2}, {"staff": 8}),
        # 30 users at 10 a year each are worth 150 in the half that is left.
        ("revenue = users * fee", {"revenue": 0}, {"users": 30, "fee": 10}, {"revenue": 150}),
        (
            "price = revenue / orders",
            {"revenue": 9, "orders": 9},
            {"revenue": 40, "orders": 10},
            {"price": 4},
        ),
        ("kept = buyers * (1 - churn)", {"kept": 1, "buyers": 2}, {"buyers": 8, "churn": 1}, {"kept": 0}),
    ],
)
def test_an_equation_holds_for_the_days_that_remain(equation, before, given, wanted):
    remainder = Remainder({name: Fraction(value) for name, value in before.items()}, Fraction(1, 2))
    found = solve([remainder.equation(parse(equation))], {name: Fraction(v) for name, v in given.items()})
    assert {name: found.values[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("{from: 2026-04-01}", "a revision starts after the period's first day (2026-04-01)"),
        ("{from: 2027-04-01}", "a revision starts after the period's first day"),
        ("{from: 2026-10-01, rebase: past}", "'past' is not one of plan, actual"),
        ("{from: 2026-10-01, nodes: {leads: {target: 5}}}", "does not hold"),
        ("{from: 2026-10-01, nodes: {calls: {target: 5}}}", "no KPI is called 'calls'"),
        ("{from: 2026-10-01, tree: [revenue = leads * aov]}", "'aov' is neither a node nor a KPI"),
    ],
)
def test_a_slip_in_a_revision_is_told_where_it_is_written(goals_of, revision, said):
    with pytest.raises(DefinitionError) as error:
        goals_of(YEAR + f"revisions:\n  - {revision}\n")
    line = YEAR.strip().count("\n") + 3
    assert f":{line}:" in str(error.value)
    assert said in str(error.value)


def test_the_block_that_a_review_proposes_can_be_pasted(goals_of):
    goal = goals_of(YEAR)[0]
    proposals = (Proposal("deal_to_order_rate", 0.2, 0.15, "受注率: 20% → 15%"),)
    block = revision_block(goal, date(2026, 9, 30), proposals, "第2四半期レビュー")
    assert plans_of(goals_of(YEAR + block)[0])[1].goal.target("leads") == Fraction(3500, 3)


def test_revisions_come_in_the_order_of_their_days(goals_of):
    with pytest.raises(DefinitionError, match=r"after the revision before it \(2026-10-01\)"):
        goals_of(REVISED + "  - {from: 2026-09-01, nodes: {deal_to_order_rate: {assume: 18%}}}\n")


def test_a_target_lowered_below_what_was_due_already_is_refused(goals_of):
    lowered = (
        "revisions:\n  - {from: 2027-03-01, reason: Cut, target: 90_000_000, "
        "nodes: {deal_to_order_rate: {assume: 2%}}}\n"
    )
    with pytest.raises(DefinitionError, match="a count is never below 0"):
        goals_of(YEAR + lowered)
