"""A small project of its own, with value tests that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

DEFINITIONS = {
    "calendar": "timezone: Asia/Tokyo\nfiscal_year_starts: April\nclosed: [{weekdays: [saturday, sunday]}]\n",
    "sources/crm": """\
sources:
  - source: crm
    files: deals*.csv
    load: full
    key: [deal_id]
    columns:
      deal_id: {type: text}
      owner: {type: text}
      stage: {type: text, map: {受注: won, 失注: lost, 商談中: open}, else: quarantine}
      created_on: {type: date}
      closed_on: {type: date}
      amount: {type: money, unit: 1000}
  - source: reps
    files: reps.csv
    load: full
    key: [owner]
    columns: {owner: {type: text}, team: {type: text}}
  - source: web
    preset: ga4_events
    files: "events_*.ndjson"
    format: {type: ndjson}
    load: by_day
    version: {from: filename, pattern: "events_%Y%m%d"}
""",
    "entities": """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    lookups:
      reps: {match: {owner: owner}, take: [team]}
    times: {created_on: {}, closed_on: {}}
    dimensions: {team: {}, owner: {parent: team, values_from: reps}}
  - entity: sessions
    model: ga4_sessions
    sources: [web]
    key: session_id
    columns: {session_id: {type: text}, user_id: {type: text}, started_at: {type: timestamp}, channel_group: {type: text}, page_views: {type: integer}, has_purchase: {type: boolean}, purchase_revenue: {type: money}}
    times: {started_at: {}}
    dimensions: {channel_group: {}}
""",
    "kpis/sales": """\
department: sales
kpis:
  - {name: revenue, label: x, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: win_rate, label: x, type: ratio, entity: deals, time: closed_on, numerator: {agg: count, filter: stage = 'won'}, denominator: {agg: count, filter: "stage in ('won', 'lost')"}, grains: [day, month, quarter, all], unit: percent, direction: up}
  - {name: cohort, label: x, type: conversion, base: {entity: deals, time: created_on}, conversion: {entity: deals, time: closed_on, filter: stage = 'won'}, window: 30 days, unit: percent, direction: up}
  - {name: visits, label: x, type: simple, entity: sessions, time: started_at, agg: count, unit: count, direction: up}
  - {name: web_revenue, label: x, type: simple, entity: sessions, time: started_at, agg: sum, expr: purchase_revenue, unit: JPY, direction: up, retired_on: 2026-05-20}
""",
}

GIVEN = """\
crm: |
  deal_id, owner, stage, created_on, closed_on, amount
  D1, Aoki, 受注, 2026-04-20, 2026-05-01, 100
  D2, Aoki, 失注, 2026-04-20, 2026-05-31, 300
  D3, Baba, 受注, 2026-05-02, 2026-05-31, "1,200"
  D4, Baba, 商談中, 2026-05-25, , 500
reps: [{owner: Aoki, team: East}, {owner: Baba, team: West}, {owner: Chiba, team: West}]
"""


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Path]:
    """Writes the project with one value test: what is expected, and what is given."""

    def write(expect: str, given: str = GIVEN, head: str = "as_of: 2026-06-10") -> Path:
        test = f"  - test: may\n    {head}\n    given:\n{indent(given, '      ')}"
        test += f"    expect:\n{indent(dedent(expect).strip(), '      ')}\n"
        for name, text in {**DEFINITIONS, "tests/sales": f"tests:\n{test}"}.items():
            path = tmp_path / "kpi_definitions" / f"{name}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
