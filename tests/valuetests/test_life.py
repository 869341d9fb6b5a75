"""A KPI has rows from the day it is valid to the day before it is retired, and none outside."""

from __future__ import annotations

from dagster_project.kpi.load import load_definitions
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.run import run_tests
from tests.valuetests.conftest import DEFINITIONS

DEALS = """\
crm: |
  deal_id, owner, stage, created_on, closed_on, amount
  D1, Aoki, 受注, 2026-04-20, 2026-05-01, 100
  D2, Aoki, 受注, 2026-04-20, 2026-05-10, 200
  D3, Aoki, 受注, 2026-04-20, 2026-06-04, 300
  D4, Aoki, 受注, 2026-04-20, 2026-06-05, 400
  D5, Aoki, 受注, 2026-04-20, , 500
"""
EXPECT = """
- {kpi: revenue, day: 2026-05-09, no_row: true}
- {kpi: revenue, day: 2026-05-10, value: 200_000}
- {kpi: revenue, day: 2026-05-11, value: 0}
- {kpi: revenue, day: 2026-06-04, value: 300_000}
- {kpi: revenue, day: 2026-06-05, no_row: true}
- {kpi: revenue, month: 2026-04, no_row: true}
- {kpi: revenue, month: 2026-05, value: 200_000, because: D1 came before the definition}
- {kpi: revenue, month: 2026-06, value: 300_000, because: D4 came when it was retired}
- {kpi: revenue, month: 2026-07, no_row: true}
- {kpi: revenue, fiscal_year: 2026, quarter: 1, value: 500_000}
- {kpi: revenue, week: 2026-05-11, value: 0}
- {kpi: twice, month: 2026-05, value: 600_000, because: what reads it has a life of its own}
- {kpi: to_date, month: 2026-06, value: 500_000}
"""
READERS = """\
  - {name: twice, label: x, type: derived, expr: 2 * revenue, unit: JPY, direction: up}
  - {name: to_date, label: x, type: cumulative, input_metric: revenue, grain_to_date: fiscal_year, unit: JPY,
     direction: up, valid_from: 2026-05-10, retired_on: 2026-06-05}
"""


def test_outside_its_life_a_kpi_has_no_rows_and_inside_says_where_it_ends(company):
    folder = company(EXPECT, DEALS, "as_of: 2026-07-10")
    kpis = DEFINITIONS["kpis/sales"].replace(
        "unit: JPY, direction: up}",
        "unit: JPY, direction: up, valid_from: 2026-05-10, retired_on: 2026-06-05}",
        1,
    )
    (folder / "kpi_definitions" / "kpis" / "sales.yml").write_text(kpis + READERS, encoding="utf-8")
    definitions = load_definitions(folder)
    outcomes, issues = run_tests(definitions, load_tests(folder, definitions))
    assert issues == []
    wrong = [
        f"{o.expectation.kpi}, {o.expectation.slice}: {o.expected}, not {o.got}"
        for o in outcomes
        if not o.passed
    ]
    assert wrong == []
    reasons = {
        outcome.expectation.slice: outcome.got.status_reason
        for outcome in outcomes
        if outcome.got is not None
        and outcome.expectation.kpi == "revenue"
        and outcome.expectation.grain != "day"
    }
    assert reasons == {
        "month 2026-05": "valid_from 2026-05-10",
        "month 2026-06": "retired_on 2026-06-05",
        "quarter 2026-04-01": "valid_from 2026-05-10",
        "week 2026-05-11": None,
    }
