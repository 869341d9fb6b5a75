"""What differs between two sets of definitions, KPI by KPI: words, facts and the generated SQL."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dagster_project.kpi.life.lineage import models_of
from dagster_project.kpi.model import Definitions, Kpi
from dagster_project.kpi.subset import subset

Kind = Literal["added", "removed", "changed", "renamed", "reworded"]


@dataclass(frozen=True)
class Fact:
    """A line about a KPI that is not what it was."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One KPI that is not what it was. `changed`: its values may be others; `renamed`: the values are the
    same under a new name; `reworded`: only words, owner and the like.

    `sql`: model → lines of a unified diff. `mappings`: sources whose rows are read in another way.
    """

    kind: Kind
    old_name: str | None
    new_name: str | None
    facts: tuple[Fact, ...] = ()
    sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mappings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.new_name or self.old_name or ""


def compare(old: Definitions, new: Definitions) -> list[Change]:
    """Every KPI that is not what it was, in the order of the new definitions, those that are gone last."""
    before = {kpi.name: kpi for kpi in old.kpis}
    found: list[Change] = []
    met: set[str] = set()
    for kpi in new.kpis:
        was = before.get(kpi.name) or next((before[n] for n in kpi.formerly if n in before), None)
        if was is None:
            found.append(Change("added", None, kpi.name, sql=_sql_diff({}, models_of(new, kpi))))
            continue
        met.add(was.name)
        change = _change(old, was, new, kpi)
        if change is not None:
            found.append(change)
    for kpi in old.kpis:
        if kpi.name not in met:
            found.append(Change("removed", kpi.name, None, sql=_sql_diff(models_of(old, kpi), {})))
    return found


def facts_of(kpi: Kpi) -> dict[str, str]:
    """What can be said of a KPI in a line each."""
    within = f"within {list(kpi.within)}" if kpi.within else kpi.direction
    return {
        "definition": kpi.definition,
        "label": f"{kpi.label.ja} / {kpi.label.en}",
        "description": f"{kpi.description.ja} / {kpi.description.en}".strip(" /"),
        "type": kpi.type,
        "unit": kpi.unit,
        "direction": within,
        "dimensions": ", ".join(kpi.dimensions),
        "grains": ", ".join(kpi.grains),
        "valid_from": str(kpi.valid_from or ""),
        "retired_on": str(kpi.retired_on or ""),
        "accumulates": str(kpi.accumulates).lower(),
        "level": kpi.level,
        "funnel": kpi.funnel or "",
        "owner": kpi.owner or "",
        "department": kpi.department,
    }


def _change(old: Definitions, was: Kpi, new: Definitions, kpi: Kpi) -> Change | None:
    said = facts_of(was)
    facts = tuple(Fact(what, said[what], text) for what, text in facts_of(kpi).items() if said[what] != text)
    told = {fact.what for fact in facts}
    if was.definition_hash != kpi.definition_hash or told & {"dimensions", "grains"}:
        kind: Kind = "changed"
    elif was.name != kpi.name:
        kind = "renamed"
    elif facts:
        kind = "reworded"
    else:
        return None
    sql = _sql_diff(models_of(old, was), models_of(new, kpi)) if kind == "changed" else {}
    return Change(kind, was.name, kpi.name, facts, sql, _mappings(old, was, new, kpi))


def _mappings(old: Definitions, was: Kpi, new: Definitions, kpi: Kpi) -> tuple[str, ...]:
    before = {source.name: source.mapping_hash for source in subset(old, [was.name]).sources}
    after = {source.name: source.mapping_hash for source in subset(new, [kpi.name]).sources}
    return tuple(name for name in after if name in before and before[name] != after[name])


def _sql_diff(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found = {}
    for path in sorted({*old, *new}):
        before, after = old.get(path, ""), new.get(path, "")
        if before != after:
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
            found[path] = tuple(lines)[2:]  # without the two lines of file names
    return found
