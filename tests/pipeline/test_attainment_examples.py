"""The worked examples of attainment, from the export to the publication: every direction, rates that
accumulate, a stock on its way, KPI against OKR, targets by segment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import run_project

pytestmark = pytest.mark.slow

SOURCE = """\
sources:
  - source: facts
    files: facts.csv
    load: full
    covers: {from: 2026-03-31, through: 2026-10-31}
    key: [day, kpi, site]
    columns:
      day: {type: date}
      kpi: {type: text}
      site: {type: text}
      top: {type: number}
      bottom: {type: number}
      yen: {type: money, currency: JPY}
      level: {type: number}
entities:
  - entity: facts
    from: facts
    key: [day, kpi, site]
    times: {day: {}}
    dimensions: {site: {label: {ja: 拠点, en: Site}}}
"""
# name: (numerator only or both sides, further keys)
KPIS = {
    "answer_rate": ("ratio", "unit: percent, direction: up"),
    "churn_rate": ("ratio", "unit: percent, direction: down"),
    "yearly_churn": ("ratio", "unit: percent, direction: down, accumulates: true"),
    "utilisation": ("ratio", "unit: percent, direction: {within: [80%, 90%]}"),
    "accidents": ("sum", "unit: count, direction: down"),
    "profit": ("money", "unit: JPY, direction: up"),
    "leads": ("sum", "unit: count, direction: up"),
    "users": ("stock", "unit: count, direction: up"),
}
FACTS = """\
day,kpi,site,top,bottom,yen,level
2026-04-10,answer_rate,a,95,100,0,0
2026-04-10,churn_rate,a,4,100,0,0
2026-04-10,churn_rate,b,0,100,0,0
2026-04-10,accidents,a,0,0,0,0
2026-04-10,accidents,b,1,0,0,0
2026-04-10,utilisation,a,85,100,0,0
2026-04-10,utilisation,b,95,100,0,0
2026-04-10,utilisation,c,70,100,0,0
2026-04-10,profit,a,0,0,-8000000,0
2026-04-10,leads,a,1000,0,0,0
2026-04-20,leads,b,400,0,0,0
2026-05-01,yearly_churn,a,32,1000,0,0
2026-03-31,users,a,0,0,0,60000
2026-10-15,users,a,0,0,0,78000
"""
GOALS = {
    "directions": """\
goal: directions
period: {month: 2026-04}
kgi: {kpi: answer_rate, target: 95%}
nodes:
  churn: {kpi: churn_rate, where: {site: a}, target: 5%}
  no_churn: {kpi: churn_rate, where: {site: b}, target: 5%}
  churn_unknown: {kpi: churn_rate, where: {site: c}, target: 5%}
  no_accident: {kpi: accidents, where: {site: a}, target: 0}
  an_accident: {kpi: accidents, where: {site: b}, target: 0}
  used_well: {kpi: utilisation, where: {site: a}}
  used_too_much: {kpi: utilisation, where: {site: b}}
  used_too_little: {kpi: utilisation, where: {site: c}}
  loss: {kpi: profit, target: -10_000_000}
""",
    "okr": """\
goal: okr
period: {month: 2026-04}
kgi: {kpi: leads, target: 1_000}
scenarios: {stretch: 2}
segments: {dimension: site, shares: {a: 60%, b: 40%}}
""",
    "retention": "goal: retention\nperiod: {fiscal_year: 2026}\nkgi: {kpi: yearly_churn, target: 5%}\n",
    # Fourteen months, seven of them gone on 31 October.
    "growth": """\
goal: growth
period: {from: 2026-04-01, through: 2027-05-31}
kgi: {kpi: users, target: 100_000}
""",
}


def kpi_lines() -> str:
    lines = ["department: company", "kpis:"]
    for name, (form, keys) in KPIS.items():
        own = f"filter: kpi = '{name}'"
        shape = {
            "ratio": f"type: ratio, entity: facts, numerator: {{agg: sum, expr: top, {own}}}, "
            f"denominator: {{agg: sum, expr: bottom, {own}}}",
            "sum": f"type: simple, entity: facts, agg: sum, expr: top, {own}",
            "money": f"type: simple, entity: facts, agg: sum, expr: yen, {own}",
            "stock": f"type: stock, entity: facts, time: day, agg: sum, expr: level, {own}, series: [site], "
            "carry: 400 days",
        }[form]
        lines.append(f"  - {{name: {name}, label: {name}, {shape}, {keys}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def attained(tmp_path_factory) -> Mapping[tuple[str, str, str, str], Mapping[str, Any]]:
    """goal, node, scenario, segment → its row as of 31 October 2026."""
    root: Path = tmp_path_factory.mktemp("examples") / "company"
    files = {
        "project.yml": "name: examples\nas_of: latest_data\n",
        "calendar.yml": "timezone: Asia/Tokyo\n",
        "sources/facts.yml": SOURCE,
        "kpis/all.yml": kpi_lines(),
        **{f"goals/{name}.yml": text for name, text in GOALS.items()},
    }
    for name, text in files.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "data").mkdir()
    (root / "data" / "facts.csv").write_text(FACTS, encoding="utf-8")
    assert run_project(root)["as_of"] == "2026-10-31"
    rows = pd.read_parquet(root / "outputs" / "current" / "kgi_attainment.parquet")
    keys = ("goal", "node", "scenario", "segment")
    return {tuple(row[key] for key in keys): row for row in rows.to_dict("records")}


@pytest.mark.parametrize(
    ("node", "actual", "attainment", "status"),
    [
        ("answer_rate", 0.95, 1.0, "attained"),
        ("churn", 0.04, 1.25, "attained"),
        ("no_accident", 0, 1.0, "attained"),
        ("an_accident", 1, 0.0, "missed"),
        ("used_well", 0.85, 1.0, "attained"),
        ("used_too_much", 0.95, 0.9 / 0.95, "missed"),
        ("used_too_little", 0.70, 0.875, "missed"),
        ("loss", -8_000_000, 1.2, "attained"),
    ],
)
def test_a_target_is_attained_in_its_own_direction(attained, node, actual, attainment, status):
    row = attained["directions", node, "plan", "total"]
    assert row["actual"] == pytest.approx(actual)
    assert row["attainment"] == pytest.approx(attainment)
    assert (row["status"], row["status_rule"]) == (status, "at_end")


def test_no_churn_at_all_is_attained_beyond_any_figure(attained):
    row = attained["directions", "no_churn", "plan", "total"]
    assert (row["actual"], row["status"], row["status_reason"]) == (0, "attained", "beyond")
    assert pd.isna(row["attainment"])


def test_no_value_has_no_attainment_and_its_reason(attained):
    row = attained["directions", "churn_unknown", "plan", "total"]
    assert pd.isna(row["attainment"])
    assert (row["status"], row["status_reason"]) == ("no_data", "zero_denominator")


def test_churn_of_a_year_is_due_at_2_92_percent_after_seven_months(attained):
    row = attained["retention", "yearly_churn", "plan", "total"]
    assert row["actual"] == pytest.approx(0.032)
    assert row["target_to_date"] == pytest.approx(0.0292, abs=5e-5)
    assert row["attainment"] == pytest.approx(0.91, abs=0.005)
    assert row["status"] == "at_risk"


def test_80_000_users_are_due_when_half_of_the_way_from_60_000_to_100_000_is_gone(attained):
    row = attained["growth", "users", "plan", "total"]
    assert (row["actual"], row["target_to_date"], row["target"]) == (78_000, 80_000, 100_000)
    assert row["attainment"] == pytest.approx(0.975)
    assert row["pace"] == pytest.approx(60_000 + 2 * 18_000)


def test_1_400_leads_attain_the_kpi_by_140_percent_and_are_a_success_of_the_okr_at_70(attained):
    plan, stretch = (attained["okr", "leads", name, "total"] for name in ("plan", "stretch"))
    assert (plan["attainment"], plan["status"]) == (pytest.approx(1.4), "attained")
    assert (stretch["attainment"], stretch["status"]) == (pytest.approx(0.7), "attained")


def test_each_site_is_measured_against_its_share(attained):
    rows = {site: attained["okr", "leads", "plan", site] for site in ("a", "b")}
    assert {site: (row["actual"], row["target"], row["status"]) for site, row in rows.items()} == {
        "a": (1_000, 600, "attained"),
        "b": (400, 400, "attained"),
    }
    stretch = attained["okr", "leads", "stretch", "b"]
    assert (stretch["attainment"], stretch["status"]) == (0.5, "missed")
