"""The definitions of today against those that made the last publication, told by their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from dagster_project.errors import NothingPublished
from dagster_project.kpi.life.changes import Change, Fact, facts_of
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project

# What kpi_catalog holds of the facts.
_COLUMNS = (
    "definition",
    "type",
    "unit",
    "level",
    "funnel",
    "owner",
    "department",
    "valid_from",
    "retired_on",
)


def compare_published(project: Project, new: Definitions) -> list[Change]:
    """Every KPI that is not what the publication in force was made of; no SQL. Raises NothingPublished."""
    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    table = pq.read_table(project.current.resolve() / "kpi_catalog.parquet")
    before: dict[str, Mapping[str, Any]] = {row["kpi"]: row for row in table.to_pylist()}
    found: list[Change] = []
    met: set[str] = set()
    for kpi in new.kpis:
        name = kpi.name if kpi.name in before else next((n for n in kpi.formerly if n in before), None)
        if name is None:
            found.append(Change("added", None, kpi.name))
            continue
        met.add(name)
        row, said = before[name], facts_of(kpi)
        facts = tuple(
            Fact(what, old, said[what])
            for what, old in ((what, str(row[what] or "")) for what in _COLUMNS)
            if old != said[what]
        )
        label = f"{row['label_ja']} / {row['label_en']}"
        if label != said["label"]:
            facts = (*facts, Fact("label", label, said["label"]))
        if row["definition_hash"] != kpi.definition_hash:
            found.append(Change("changed", name, kpi.name, facts))
        elif name != kpi.name:
            found.append(Change("renamed", name, kpi.name, facts))
        elif facts:
            found.append(Change("reworded", name, kpi.name, facts))
    return found + [Change("removed", name, None) for name in before if name not in met]
