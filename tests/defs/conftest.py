"""A company of one source, three KPIs and one goal, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.defs.prepared import Prepared, prepare
from dagster_project.project import Project

FILES = {
    "kpi_definitions/project.yml": """\
name: tiny
label: {ja: 小さな会社, en: A tiny company}
as_of: latest_data
""",
    "kpi_definitions/calendar.yml": "timezone: Asia/Tokyo\nfiscal_year_starts: April\nholidays: JP\n",
    "kpi_definitions/sources/crm.yml": """\
sources:
  - source: deals_export
    files: deals.csv
    format: {type: csv, encoding: utf-8}
    load: full
    covers: {from: 2026-04-01, through: 2026-06-30}
    key: [deal_id]
    columns:
      deal_id: {type: text}
      team: {type: text}
      stage: {type: text}
      closed_on: {type: date}
      amount: {type: money, currency: JPY}
      contact: {type: text, pii: true}
""",
    "kpi_definitions/entities.yml": """\
entities:
  - entity: deals
    from: deals_export
    key: deal_id
    snapshot: true
    times: {closed_on: {}}
    dimensions:
      team: {label: {ja: 支社, en: Team}}
""",
    "kpi_definitions/kpis/sales.yml": """\
department: sales
kpis:
  - name: revenue
    label: {ja: 売上, en: Revenue}
    type: simple
    entity: deals
    time: closed_on
    agg: sum
    expr: amount
    filter: stage = 'won'
    unit: JPY
    direction: up
    owner: 営業 推進
  - name: won
    label: {ja: 受注, en: Won}
    type: simple
    entity: deals
    time: closed_on
    agg: count
    filter: stage = 'won'
    unit: count
    direction: up
    owner: won@example.jp
""",
    "kpi_definitions/goals/revenue.yml": """\
goal: revenue_q1
label: {ja: 第1四半期の売上, en: Revenue of the first quarter}
period: {fiscal_year: 2026, quarter: 1}
kgi: {kpi: revenue, target: 100_000}
""",
    "data/deals.csv": "deal_id,team,stage,closed_on,amount,contact\n"
    + "".join(
        f"D{day:02},{'east' if day % 2 else 'west'},{'lost' if day % 5 == 0 else 'won'},"
        f"2026-{4 + day % 3:02}-{1 + day % 28:02},{1000 + day},canary{day}@example.jp\n"
        for day in range(1, 61)
    ),
}


def write_company(root: Path) -> Project:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Project(root=root, data=root / "data", outputs=root / "outputs")


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return write_company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def prepared(company: Project) -> Prepared:
    return prepare(company)
