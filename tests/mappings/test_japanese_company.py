"""Two shipped mappings and a table of one's own give values by YAML alone; figures are counted by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import run_project
from tests.mappings.samples import project_of
from tests.mappings.written import (
    EXPLORATION,
    INSPECTIONS,
    KINTONE,
    KINTONE_ACTIVITIES,
    KINTONE_LEADS,
    TOTALS,
)

pytestmark = pytest.mark.slow

OWN = """\
sources:
  - source: inspection_records
    files: "検査/検査記録_*.csv"
    format: {type: csv, encoding: cp932, skip_rows: 2, stop_at: 合計}
    load: full
    version: {from: filename, pattern: "検査記録_%Y%m%d"}
    covers: {from: 2026-10-01, through: version - 1 day}
    key: [inspection_id]
    columns:
      inspection_id: {from: 検査番号, type: text}
      inspected_on: {from: 検査日, type: date}
      line: {from: ライン, type: text}
      inspected: {from: 検査数, type: integer}
      defective: {from: 不良数, type: integer}
      verdict: {from: 判定, type: text, map: {合格: passed, 不合格: failed}, else: quarantine}
entities:
  - entity: inspections
    label: {ja: 検査, en: Inspections}
    from: inspection_records
    key: inspection_id
    columns: {good: inspected - defective}
    times: {inspected_on: {}}
    dimensions:
      line: {label: {ja: ライン, en: Line}}
"""
KPIS = """\
department: works
kpis:
  - {name: revenue, label: {ja: 売上, en: Revenue}, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: deals, label: {ja: 商談, en: Deals}, type: simple, entity: deals, time: created_on, agg: count, unit: count, direction: up}
  - {name: win_rate, label: {ja: 受注率, en: Win rate}, type: ratio, entity: deals, time: closed_on, numerator: {agg: count, filter: stage = 'won'}, denominator: {agg: count, filter: "stage in ('won', 'lost')"}, unit: percent, direction: up}
  - {name: leads, label: {ja: リード, en: Leads}, type: simple, entity: leads, time: created_on, agg: count, unit: count, direction: up}
  - {name: calls, label: {ja: 架電, en: Calls}, type: simple, entity: activities, time: done_at, agg: count, filter: kind = 'call', unit: count, direction: up}
  - {name: visits, label: {ja: 訪問数, en: Visits}, type: simple, entity: web_traffic, agg: sum, expr: sessions, unit: count, direction: up}
  - {name: key_event_rate, label: {ja: キーイベント率, en: Key event rate}, type: ratio, entity: web_traffic, numerator: {agg: sum, expr: key_events}, denominator: visits, unit: rate, direction: up}
  - {name: good_pieces, label: {ja: 良品数, en: Good pieces}, type: simple, entity: inspections, agg: sum, expr: good, unit: count, direction: up}
  - {name: defect_rate, label: {ja: 不良率, en: Defect rate}, type: ratio, entity: inspections, numerator: {agg: sum, expr: defective}, denominator: {agg: sum, expr: inspected}, unit: percent, direction: down}
  - {name: pass_rate, label: {ja: 合格率, en: Pass rate}, type: ratio, entity: inspections, numerator: {agg: count, filter: verdict = 'passed'}, denominator: {agg: count}, unit: percent, direction: up}
"""  # noqa: E501
EXPORTS = {
    "kintone/案件管理_20261101.csv": KINTONE,
    "kintone/見込客_20261101.csv": KINTONE_LEADS,
    "kintone/活動履歴_20261101.csv": KINTONE_ACTIVITIES,
    "検査/検査記録_20261101.csv": INSPECTIONS,
}


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str, str], float]:
    """(KPI, grain, first day, segment) → value."""
    root = project_of(tmp_path_factory.mktemp("works") / "company", "kintone", "ga4_ui_ja", currency="JPY")
    for name, text in {"sources/own": OWN, "kpis/works": KPIS}.items():
        path = root / "kpi_definitions" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    for name, text in EXPORTS.items():
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("cp932"))
    exploration = root / "data" / "ga4_ui" / "探索_20261101.csv"
    exploration.parent.mkdir()
    exploration.write_text(EXPLORATION.format(total=TOTALS["as wide as the header"]), "utf-8")
    written = {path.suffix for path in root.rglob("*") if path.is_file()}
    assert written == {".yml", ".csv"}  # no SQL, no Python, no dbt
    answer = run_project(root, "--as-of", "2026-10-31")
    assert [mark for mark in answer["marks"] if mark["kind"] in ("held", "quarantined")] == []
    return published(root)


def published(root: Path) -> dict[tuple[str, str, str, str], float]:
    current = root / "outputs" / "current"
    days = pd.read_parquet(current / "kpi_daily.parquet").assign(grain="day")
    rows = pd.concat(
        [days.rename(columns={"date": "period_start"}), pd.read_parquet(current / "kpi_period.parquet")]
    )
    return {
        (row.kpi, row.grain, row.period_start.isoformat(), row.segment): row.value
        for row in rows.itertuples()
        if row.dimension in ("total", "line", "channel_group", "owner")
    }


OCTOBER = date(2026, 10, 1).isoformat()


@pytest.mark.parametrize(
    ("kpi", "grain", "start", "segment", "value"),
    [
        ("good_pieces", "month", OCTOBER, "total", 2300 - 46),
        ("good_pieces", "day", "2026-10-01", "第②", 470),
        ("defect_rate", "month", OCTOBER, "total", 46 / 2300),
        ("defect_rate", "month", OCTOBER, "第①", 16 / 1800),
        ("defect_rate", "day", "2026-10-01", "total", 42 / 1500),
        ("pass_rate", "month", OCTOBER, "total", 2 / 3),
        ("good_pieces", "day", "2026-10-03", "total", 0),
    ],
)
def test_an_entity_of_ones_own_needs_a_mapping_and_yaml_and_nothing_else(
    values, kpi, grain, start, segment, value
):
    assert values[kpi, grain, start, segment] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("kpi", "grain", "start", "segment", "value"),
    [
        ("revenue", "month", OCTOBER, "total", 1_200_000),
        ("win_rate", "month", OCTOBER, "total", 1 / 2),
        ("deals", "month", "2026-09-01", "total", 1),
        ("deals", "month", OCTOBER, "total", 2),
        ("deals", "month", OCTOBER, "佐藤 一郎", 1),
        ("leads", "day", "2026-10-02", "total", 2),
        ("leads", "day", "2026-10-03", "total", 1),
        ("calls", "month", OCTOBER, "total", 2),
    ],
)
def test_apps_of_kintone_become_sales_figures(values, kpi, grain, start, segment, value):
    assert values[kpi, grain, start, segment] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("kpi", "grain", "start", "segment", "value"),
    [
        ("visits", "day", "2026-10-01", "total", 180),
        ("visits", "month", OCTOBER, "total", 338),
        ("visits", "month", OCTOBER, "Organic Search", 238),
        ("key_event_rate", "month", OCTOBER, "total", 6.5 / 338),
    ],
)
def test_an_exploration_of_ga4_is_counted_without_its_total_row(values, kpi, grain, start, segment, value):
    assert values[kpi, grain, start, segment] == pytest.approx(value, abs=1e-12)
