"""Targets divided over the segments of a dimension."""

from datetime import date, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from dagster_project.errors import DefinitionError
from dagster_project.goals.frames import frame as typed
from dagster_project.goals.tables import build_goal_tables
from dagster_project.goals.targets.left_out import Found, segments_left_out

GOAL = """
goal: may
period: {month: 2026-05}
kgi: {kpi: revenue, target: 3100}
tree:
  - revenue = orders_won * average_order_value
nodes:
  average_order_value: {assume: 10}
segments: {dimension: channel, shares: {b2b: 60%, ec: 40%}}
"""
NO_PERIODS = typed(
    [],
    [
        ("grain", "VARCHAR"), ("period_start", "DATE"), ("kpi", "VARCHAR"), ("dimension", "VARCHAR"),
        ("segment", "VARCHAR"), ("elapsed_days", "BIGINT"), ("value", "DOUBLE"), ("status_reason", "VARCHAR"),
    ],
)  # fmt: skip


def daily(kpi, segment, values):
    return pd.DataFrame(
        {
            "date": [date(2026, 5, 1) + timedelta(days=day) for day in range(len(values))],
            "kpi": kpi,
            "dimension": "total" if segment == "total" else "channel",
            "segment": segment,
            "numerator": [float(value) for value in values],
            "denominator": None,
            "value": None,
            "data_status": "final",
        }
    )


FRAME = pd.concat(
    [
        daily("revenue", "total", [100] * 10),
        daily("revenue", "b2b", [70] * 10),
        daily("revenue", "ec", [30] * 10),
    ]
)


def built(goals_of, definitions, text=GOAL, frame=FRAME):
    return build_goal_tables(goals_of(text), definitions, frame, NO_PERIODS, date(2026, 5, 10), "run")


def test_every_segment_has_its_share_of_what_adds_up_and_the_whole_rate(goals_of, definitions):
    rows = built(goals_of, definitions).goal_targets
    last = rows[rows["date"] == date(2026, 5, 31)].set_index(["node", "dimension", "segment"])
    assert last["target_period"].to_dict() == {
        ("revenue", "total", "total"): 3100,
        ("revenue", "channel", "b2b"): 1860,
        ("revenue", "channel", "ec"): 1240,
        ("orders_won", "total", "total"): 310,
        ("orders_won", "channel", "b2b"): 186,
        ("orders_won", "channel", "ec"): 124,
        ("average_order_value", "total", "total"): 10,
        ("average_order_value", "channel", "b2b"): 10,
        ("average_order_value", "channel", "ec"): 10,
    }


def test_a_segment_is_measured_against_its_own_target(goals_of, definitions):
    rows = built(goals_of, definitions).kgi_attainment
    rows = rows[rows["node"] == "revenue"].set_index("segment")
    assert rows["actual"].to_dict() == {"total": 1000, "b2b": 700, "ec": 300}
    assert rows["attainment"].to_dict() == pytest.approx({"total": 1, "b2b": 7 / 6, "ec": 3 / 4})
    assert rows["status"].to_dict() == {"total": "on_track", "b2b": "on_track", "ec": "behind"}
    assert rows["dimension"].to_dict() == {"total": "total", "b2b": "channel", "ec": "channel"}


def test_a_node_read_at_a_segment_of_its_own_is_not_divided_further(goals_of, definitions):
    text = GOAL.replace("{assume: 10}", "{assume: 10, where: {customer_type: new}}")
    rows = built(goals_of, definitions, text).goal_targets
    assert set(rows[rows["node"] == "average_order_value"]["segment"]) == {"total"}


def test_figures_of_segments_are_proportions(goals_of):
    goal = goals_of(GOAL.replace("b2b: 60%, ec: 40%", "b2b: 2_000, ec: 1_000, shop: 0"))[0]
    assert dict(goal.segments.shares) == {"b2b": Fraction(2, 3), "ec": Fraction(1, 3), "shop": 0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dimension: channel", "dimension: chanel"), "has no dimension 'chanel' (did you mean 'channel'?)"),
        (("ec: 40%", "ec: 30%"), "they come to 90 %, not 100 %"),
        (("ec: 40%", "ec: 40"), "shares and figures side by side"),
        (("b2b: 60%, ec: 40%", "b2b: 0"), "all of them are 0"),
        (("ec: 40%", "ec: -40%"), "a share or figure is 0 or above"),
        (("target: 3100", "target: 3100, where: {channel: b2b}"), "the KGI is read at channel 'b2b'"),
    ],
)
def test_a_slip_in_segments_says_what_is_wrong(goals_of, change, said):
    with pytest.raises(DefinitionError) as error:
        goals_of(GOAL.replace(*change))
    assert said in str(error.value)


def test_a_misspelt_segment_and_one_without_a_share_are_told(goals_of):
    goals = goals_of(GOAL.replace("ec: 40%", "retial: 40%"))
    found = {"may": Found({"b2b", "retail", "ec"}, {"b2b", "ec", "(none)"})}
    assert list(segments_left_out(goals, found)) == [
        "goal 'may': segments: channel has no 'retial', which 40 % of the target is for "
        "(did you mean 'retail'?)",
        "goal 'may': segments: channel has 'ec' in the goal's period without a share: "
        "write 0 where no target is meant",
    ]


def test_shares_of_all_segments_that_there_are_are_not_remarked_on(goals_of):
    goals = goals_of(GOAL)
    assert not list(segments_left_out(goals, {"may": Found({"b2b", "ec", "new"}, {"b2b", "ec"})}))
    assert not list(segments_left_out(goals, {"may": Found((), ())}))
