"""A growth goal with actions, from the export to the publication and back into its plan."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import kpi, run_project
from tests.goals.plans import amount, count, ratio, write_project

GOAL = """
goal: growth
period: {fiscal_year: 2026}
kgi: {kpi: revenue, target: +10%}
tree: [revenue = orders * order_value]
nodes: {order_value: {assume: 1_000}}
actions:
  - {name: calling, kpi: calls, drives: orders, yield: 2, owner: sales, capacity: {n: 3, per: calendar_day}}
"""
pytestmark = pytest.mark.slow
BEGIN, AS_OF = date(2025, 4, 1), date(2026, 6, 30)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An order of 1,000 a day from the year before on, and a call a day from this April on."""
    root = write_project(
        tmp_path_factory.mktemp("growth"),
        [
            amount("revenue"),
            "{name: orders, label: {ja: 注文}, type: simple, entity: facts, time: happened_on, agg: count, "
            "filter: kind = 'revenue', unit: count, direction: up}",
            ratio("order_value", "revenue", "orders", "JPY"),
            count("calls"),
        ],
        GOAL,
    )
    lines = ["id,kind,happened_on,left_on,amount,hours"]
    for offset in range((AS_OF - BEGIN).days + 1):
        day = BEGIN + timedelta(days=offset)
        lines.append(f"r{offset},revenue,{day},,1000,0")
        if day >= date(2026, 4, 1):
            lines.append(f"c{offset},calls,{day},,0,0")
    (root / "data").mkdir()
    (root / "data" / "facts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_project(root, "--as-of", str(AS_OF))
    return root


def published(project: Path, table: str) -> pd.DataFrame:
    return pd.read_parquet(project / "outputs" / "current" / f"{table}.parquet")


def test_a_night_takes_the_year_before_from_its_own_values(project):
    targets = published(project, "goal_targets")
    last = targets[targets["date"] == pd.Timestamp(2027, 3, 31).date()].set_index("node")["target_cumulative"]
    assert last["revenue"] == pytest.approx(365 * 1_000 * 1.1)
    assert last["orders"] == pytest.approx(365 * 1.1)
    attained = published(project, "kgi_attainment").set_index("node")
    assert attained.loc["revenue", "actual"] == 91_000
    assert attained.loc["revenue", "attainment"] == pytest.approx(1 / 1.1)
    forecast = published(project, "kgi_forecast")
    assert forecast.loc[forecast["node"] == "revenue", "target"].tolist() == [pytest.approx(401_500)]


def test_the_night_follows_the_action_beside_what_it_drives(project):
    (row,) = published(project, "goal_actions").to_dict("records")
    assert row["target"] == pytest.approx(365 * 1.1 / 2)
    assert (row["done"], row["expected"], row["driven_actual"]) == (91, 182, 91)
    assert row["target_to_date"] == pytest.approx(365 * 1.1 / 2 * 91 / 365)
    assert row["capacity_used"] == pytest.approx(1 / 3)
    assert row["status"] == "on_track"
    assert row["driven_attainment"] == pytest.approx(1 / 1.1)


def test_the_plan_reads_the_year_before_from_the_publication(project):
    done = kpi("plan", "growth", "--json", "--project", project)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["waits_for"] == []
    assert {node["node"]: node["target"] for node in answer["nodes"]} == {
        "revenue": pytest.approx(401_500),
        "orders": pytest.approx(401.5),
        "order_value": 1_000,
        "calling": pytest.approx(200.75),
    }
