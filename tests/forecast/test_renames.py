"""A renamed KPI goes on: the same goal, the same log, the same alerts."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from dagster_project.forecast.accuracy import build_accuracy
from dagster_project.forecast.alerts import ALERTS
from dagster_project.forecast.columns import KGI_FORECAST
from dagster_project.forecast.renames import under_todays_names
from dagster_project.goals.frames import frame
from dagster_project.goals.load import load_goals

GOAL = """\
goal: may
period: {month: 2026-05}
kgi: {kpi: revenue, target: 3000}
tree: [revenue = orders * price]
nodes: {price: {assume: 10}}
drivers: [rate]
"""


def renamed(definitions, **names):
    """`new=old`: the definitions with these KPIs under new names."""
    new = {old: name for name, old in names.items()}
    kpis = [
        replace(kpi, name=new[kpi.name], formerly=(kpi.name,)) if kpi.name in new else kpi
        for kpi in definitions.kpis
    ]
    return replace(definitions, kpis=tuple(kpis))


def goal_of(folder, text, definitions):
    path = folder / "kpi_definitions" / "goals" / "goal.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    [goal] = load_goals(folder, definitions)
    return goal


@pytest.fixture
def before(tmp_path, definitions):
    return goal_of(tmp_path, GOAL, definitions)


@pytest.fixture
def definitions_after(definitions):
    return renamed(definitions, turnover="revenue", sales="orders")


@pytest.fixture
def after(tmp_path, before, definitions_after):
    text = GOAL.replace("revenue", "turnover").replace("orders", "sales")
    return goal_of(tmp_path, text, definitions_after)


def test_a_rename_leaves_the_hash_of_the_goal(before, after):
    assert [node.name for node in after.nodes] == ["turnover", "sales", "price", "rate"]
    assert after.goal_hash == before.goal_hash


def test_another_kpi_under_a_name_is_another_goal(tmp_path, before, definitions):
    other = goal_of(tmp_path, GOAL.replace("revenue", "costs"), definitions)
    assert other.goal_hash != before.goal_hash


def said(goal, node, as_of=date(2026, 5, 10)):
    row = {
        "as_of": as_of, "goal": "may", "node": node, "scenario": "plan", "issue": 1,
        "period_start": date(2026, 5, 1), "period_end": date(2026, 5, 31), "actual": 1000.0, "target": 3000.0,
        "p025": 2900.0, "p10": 3000.0, "p50": 3100.0, "p90": 3200.0, "p975": 3300.0, "probability": 0.7,
        "status": "ok", "method": "mixture_conformal", "definition_hash": f"hash-{node}",
        "goal_hash": goal.goal_hash, "origin": "night", "computed_run_id": "run",
    }  # fmt: skip
    return [row.get(name) for name, _ in KGI_FORECAST]


def test_what_was_forecast_under_the_old_name_is_held_against_what_came(
    before, after, definitions_after, make_daily
):
    log = frame([said(before, "revenue"), said(before, "costs")], KGI_FORECAST)
    named = under_todays_names(log, [after], definitions_after)
    assert named["node"].tolist() == ["turnover", "costs"]
    assert named.drop(columns="node").equals(log.drop(columns="node"))
    assert named.dtypes.equals(log.dtypes)
    daily = pd.concat(
        [make_daily(name, [101.0] * 63, date(2026, 4, 1)) for name in ("turnover", "sales", "price", "rate")]
    )
    found = build_accuracy([after], daily, named, date(2026, 6, 2), "run-9")
    assert found[["node", "actual"]].values.tolist() == [["turnover", 31 * 101.0]]
    assert build_accuracy([after], daily, log, date(2026, 6, 2), "run-9").empty


def test_an_alert_keeps_its_name_and_tells_of_the_kpi_of_today(after, definitions_after):
    rows = [
        {"alert": "course/revenue/2026-05-01", "node": "revenue", "kpi": "revenue", "goal": None},
        {"alert": "p/may/orders/2026-05-01", "node": "orders", "kpi": "orders", "goal": "may"},
        {"alert": "p/june/orders/2026-05-01", "node": "orders", "kpi": "orders", "goal": "june"},
    ]
    kept = frame([[row.get(name) for name, _ in ALERTS] for row in rows], ALERTS)
    named = under_todays_names(kept, [after], definitions_after)
    assert named[["alert", "node", "kpi"]].values.tolist() == [
        ["course/revenue/2026-05-01", "turnover", "turnover"],
        ["p/may/orders/2026-05-01", "sales", "sales"],
        ["p/june/orders/2026-05-01", "orders", "sales"],  # of a goal that is no more
    ]


def test_without_renames_everything_is_as_it_was(before, definitions):
    log = frame([said(before, "revenue")], KGI_FORECAST)
    assert under_todays_names(log, [before], definitions).equals(log)
    empty = frame([], KGI_FORECAST)
    assert under_todays_names(empty, [before], renamed(definitions, turnover="revenue")).equals(empty)
