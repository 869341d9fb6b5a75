"""A small project on disk, whose files a test replaces one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

SOURCES = """\
sources:
  - source: crm
    files: deals*.csv
    load: full
    key: [deal_id]
    columns:
      deal_id: {type: text}
      account: {type: text}
      contact_email: {type: text, pii: true}
      owner: {type: text}
      stage: {type: text}
      created_on: {type: date}
      closed_on: {type: date}
      amount: {type: money}
      hours: {type: number}
  - source: reps
    files: reps.csv
    load: full
    key: [owner]
    columns: {owner: {type: text}, team: {type: text}}
"""
ENTITIES = """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    lookups:
      reps: {match: {owner: owner}, take: [team]}
    columns:
      cycle_days: days_between(created_on, closed_on)
      won_number: {nth: closed_on, by: account, filter: stage = 'won'}
    times: {created_on: {}, closed_on: {}}
    dimensions:
      team: {label: {ja: 支社, en: Office}}
      owner: {label: {ja: 担当者, en: Owner}, parent: team, values_from: reps}
"""
KPIS = """\
department: sales
kpis:
  - name: revenue
    label: {ja: 売上高, en: Revenue}
    type: simple
    entity: deals
    time: closed_on
    agg: sum
    expr: amount
    filter: stage = 'won'
    unit: JPY
    direction: up
  - name: orders_won
    label: {ja: 受注件数, en: Orders won}
    type: simple
    entity: deals
    time: closed_on
    agg: count
    filter: stage = 'won'
    unit: count
    direction: up
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small project, with any file replaced or added, and returns its folder."""

    def write(**files: str) -> Path:
        contents = {"sources/crm": SOURCES, "entities": ENTITIES, "kpis/sales": KPIS}
        contents |= {name.replace("__", "/"): dedent(text) for name, text in files.items()}
        for name, text in contents.items():
            path = tmp_path / "kpi_definitions" / f"{name}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
