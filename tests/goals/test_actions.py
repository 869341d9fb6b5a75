"""Actions: calculated back from what they drive, held against their capacity, followed by day."""

from datetime import date
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.errors import DefinitionError
from dagster_project.goals.actions import Capacity, possible_by_day
from dagster_project.goals.progress.action_rows import build_goal_actions
from dagster_project.goals.tables import build_goal_tables
from dagster_project.goals.targets.action_days import due_by_day
from dagster_project.kpi.model import CalendarRules
from tests.goals.test_goal_tables import NO_PERIODS, daily

RULES = CalendarRules()
CALENDAR = BusinessCalendar(RULES)
GOAL = """
goal: g
period: {month: 2026-05}
kgi: {kpi: deals, target: 36}
nodes: {call_appointment_rate: {assume: 10%}}
actions:
  - {name: calling, kpi: orders_won, drives: deals, ACTION}
phasing: business_days
scenarios: {stretch: 1.5}
"""


def goal_with(goals_of, action):
    return goals_of(GOAL.replace("ACTION", action))[0]


def refused(goals_of, action):
    with pytest.raises(DefinitionError) as error:
        goal_with(goals_of, action)
    return [str(issue) for issue in error.value.issues]


def progress(goal, definitions, *frames, as_of=date(2026, 5, 10)):
    rows = pd.concat(frames)
    tables = build_goal_tables([goal], definitions, rows, NO_PERIODS, as_of, "run")
    built = build_goal_actions([goal], definitions, rows, NO_PERIODS, tables.kgi_attainment, as_of, "run")
    assert len(built) == 1
    return built.iloc[0]


@pytest.mark.parametrize(
    ("action", "plan", "stretch"),
    [
        ("yield: call_appointment_rate", 360, 540),
        ("yield: 20%", 180, 270),
        ("yield: 3", 12, 18),
        ("yield: 3, share: 50%", 6, 9),
        ("target: 7", 7, Fraction(21, 2)),
        ("target: {per_business_day: 2}", 36, 54),
        ("target: {per_business_day: 2}, from: 2026-05-11, due: 2026-05-15", 10, 15),
    ],
)
def test_an_action_is_calculated_one_way_from_what_it_drives(goals_of, action, plan, stretch):
    goal = goal_with(goals_of, action)
    assert goal.action_targets == {"plan": {"calling": plan}, "stretch": {"calling": stretch}}
    assert goal.target("deals") == 36
    assert "calling" not in {node.name for node in goal.nodes}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("target: 7, kpi_: x", "unknown key 'kpi_' (did you mean 'kpi'?)"),
        (
            "owner: sales",
            ":6:6: goal 'g': nothing says how many 'calling' are wanted (write target:",
        ),
        ("yield: call_apointment_rate", "has no figure (did you mean 'call_appointment_rate'?)"),
        ("yield: leads", "has no figure (write nodes: {leads: {assume: 1%}})"),
        ("yield: 0", "is not above 0"),
        ("target: {within: [1, 2]}", "bounds are no target of an action"),
        ("target: 7, due: 2026-06-01", "is due on 2026-06-01, outside the period"),
        ("target: 7, from: 2026-05-20, due: 2026-05-10", "begins on 2026-05-20"),
        ("target: 7, share: 120%", "not between 0% and 100%"),
        ("target: 7, ramp: {over: 10 days}", "has a ramp and no capacity"),
        ("target: 7, capacity: {n: 5, per: fortnight}", "is not one of business_day"),
        ("target: 7, where: {chanel: b2b}", "did you mean 'channel'?"),
    ],
)
def test_what_is_wrong_with_an_action_is_said(goals_of, action, said):
    issues = refused(goals_of, action)
    assert any(said in issue for issue in issues), issues


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("drives: deals", "drives: deels"),
            "drives 'deels', which is no node (did you mean 'deals'?)",
        ),
        (("kpi: orders_won", "kpi: lead_to_deal_rate"), "neither a count nor a sum"),
        (("kpi: orders_won", "kpi: callz"), "no KPI is called 'callz'"),
        (("name: calling", "name: deals"), "is a node or an action already"),
    ],
)
def test_what_an_action_names_must_be_there(goals_of, change, said):
    with pytest.raises(DefinitionError) as error:
        goals_of(GOAL.replace("ACTION", "target: 7").replace(*change))
    assert any(said in str(issue) for issue in error.value.issues)


@pytest.mark.parametrize(
    ("capacity", "possible"),
    [
        ("{n: 2, per: business_day}", 36),
        ("{n: 2, per: calendar_day}", 62),
        ("{n: 8, per: month}", 8),
        ("{n: 21, per: quarter}", 21 * Fraction(18, 61)),  # 61 business days in April to June 2026
    ],
)
def test_a_capacity_is_counted_over_the_days_of_the_action(capacity, possible):
    written = dict(part.split(": ") for part in capacity.strip("{}").split(", "))
    found = possible_by_day(
        Capacity(Fraction(written["n"]), written["per"]), date(2026, 5, 1), date(2026, 5, 31), CALENDAR, RULES
    )
    assert sum(found) == possible
    assert len(found) == 31


def test_a_ramp_grows_day_by_day_from_its_share_to_the_whole():
    capacity = Capacity(Fraction(10), "calendar_day", ramp_days=4, ramp_from=Fraction(1, 5))
    found = possible_by_day(capacity, date(2026, 5, 1), date(2026, 5, 6), CALENDAR, RULES)
    assert found == [2, 4, 6, 8, 10, 10]


def test_a_plan_is_refused_beyond_the_capacity_and_accepted_at_it(goals_of):
    assert goal_with(goals_of, "yield: 1, capacity: {n: 2, per: business_day}")  # 36 of 36
    (issue,) = refused(goals_of, "yield: 0.9, capacity: {n: 2, per: business_day}")
    assert "wants 40 by 2026-05-31 (2.22 a business day over 18 business days)" in issue
    assert "a capacity of 2 a business day gives 36, 111.11 % of it is planned" in issue


def test_a_stretch_beyond_the_capacity_is_no_reason_to_refuse_the_plan(goals_of):
    goal = goal_with(goals_of, "yield: 1, capacity: {n: 2, per: business_day}")
    assert goal.action_targets["stretch"]["calling"] == 54


@given(
    st.fractions(min_value=1, max_value=10**6, max_denominator=100),
    st.sampled_from(["business_day", "calendar_day", "week", "month", "quarter", "half", "year"]),
    st.integers(0, 60),
    st.integers(0, 10),
)
def test_what_is_due_of_an_action_grows_to_its_target(target, per, ramp, tenths):
    capacity = Capacity(Fraction(5), per, ramp, Fraction(tenths, 10))

    class Stub:
        """An action's window and capacity, all that its days depend on."""

        start, due = date(2026, 4, 20), date(2026, 6, 10)

    Stub.capacity = capacity
    due = list(due_by_day(None, Stub, target, CALENDAR, RULES).values())
    assert due == sorted(due)
    assert due[-1] == target


def test_progress_stands_beside_the_node_that_the_action_drives(goals_of, definitions):
    goal = goal_with(
        goals_of, "yield: call_appointment_rate, owner: sales, capacity: {n: 40, per: business_day}"
    )
    found = progress(
        goal, definitions, daily("orders_won", [10] * 10), daily("deals", [1] * 10), as_of=date(2026, 5, 10)
    )
    # three business days of eighteen are over: 1, 7 and 8 May
    assert (found["done"], found["target"], found["target_to_date"]) == (100, 360, 60)
    assert (found["capacity"], found["capacity_to_date"]) == (720, 120)
    assert found["capacity_used"] == pytest.approx(100 / 120)
    assert found["capacity_planned"] == 0.5
    assert found["attainment"] == pytest.approx(100 / 60)
    assert (found["status"], found["owner"]) == ("on_track", "sales")
    assert found["required_per_business_day"] == pytest.approx(260 / 15)
    assert (found["drives"], found["expected"]) == ("deals", 10)
    assert (found["driven_actual"], found["driven_target_to_date"]) == (10, 6)
    assert found["driven_status"] == "on_track"


def test_nothing_is_due_before_a_whole_piece_is(goals_of, definitions):
    goal = goal_with(goals_of, "target: 3")
    early = progress(goal, definitions, daily("orders_won", [0] * 10), daily("deals", [1] * 10))
    assert early["target_to_date"] == 0.5
    assert (early["status"], early["status_reason"]) == ("on_track", "nothing_due")
    later = progress(
        goal, definitions, daily("orders_won", [0] * 20), daily("deals", [1] * 20), as_of=date(2026, 5, 20)
    )
    assert (later["attainment"], later["status"]) == (0, "behind")


@pytest.mark.parametrize(("done", "status"), [(3, "attained"), (2, "missed")])
def test_an_action_past_its_due_date_is_attained_or_missed(goals_of, definitions, done, status):
    goal = goal_with(goals_of, "target: 3, due: 2026-05-15")
    found = progress(
        goal, definitions, daily("orders_won", [done] + [0] * 19 + [5]), daily("deals", [1] * 20),
        as_of=date(2026, 5, 21),
    )  # fmt: skip
    assert (found["done"], found["status"], found["remaining_business_days"]) == (done, status, 0)


def test_an_action_not_begun_has_no_figure(goals_of, definitions):
    goal = goal_with(goals_of, "target: 3, from: 2026-05-20")
    found = progress(goal, definitions, daily("orders_won", [9] * 10), daily("deals", [1] * 10))
    assert (found["status"], found["status_reason"]) == ("no_data", "not_started")


def test_actions_are_rows_of_the_goal_tree_below_what_they_drive(goals_of, definitions):
    goal = goal_with(goals_of, "target: 3")
    tree = build_goal_tables(
        [goal], definitions, daily("deals", []), NO_PERIODS, date(2026, 5, 1), "run"
    ).goal_tree
    row = tree[tree["node"] == "calling"].iloc[0]
    assert (row["parent"], row["role"], row["level"], row["depth"]) == ("deals", "drives", "action", 1)
