"""What a KPI rests on and who reads it: entities, sources, models, other KPIs."""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.model import Definitions, Entity, Kpi
from dagster_project.kpi.subset import subset

# Models that join measures of all KPIs: they say nothing of a single one.
_SHARED = (
    "kpi/measures_additive.sql",
    "kpi/measures_anew.sql",
    "kpi/measures_unknown.sql",
    "kpi/segment_rows.sql",
    "kpi/dimension_members.sql",
)
_EMPTY = "where false"


@dataclass(frozen=True)
class Rests:
    """An entity with what it is made from: the entities and the sources that it reads itself. `knows`: the
    sources that say which of its days are known, those of its entities included."""

    entity: Entity
    reads: tuple[str, ...]
    sources: tuple[str, ...]
    knows: tuple[str, ...]


def rests_on(definitions: Definitions, kpi: Kpi) -> list[Rests]:
    """The entities that the KPI is computed from, those that it is measured on first."""
    needed = subset(definitions, [kpi.name])
    found = []
    for entity in reversed(needed.entities):
        reads = [item.relation for item in entity.inputs if item.is_entity]
        reads += [lookup.relation for lookup in entity.lookups if lookup.is_entity]
        direct = [item.relation for item in entity.inputs if not item.is_entity]
        direct += [lookup.relation for lookup in entity.lookups if not lookup.is_entity]
        direct += entity.sources if entity.model is not None else ()
        found.append(Rests(entity, tuple(dict.fromkeys(reads)), tuple(dict.fromkeys(direct)), entity.sources))
    return found


def readers(definitions: Definitions, kpi: Kpi) -> list[Kpi]:
    """The KPIs whose definitions name this one."""
    return [other for other in definitions.kpis if kpi.name in other.reads]


def models_of(definitions: Definitions, kpi: Kpi) -> dict[str, str]:
    """The generated SQL of this KPI alone, path → text: staging, marts, and its own measures and formula."""
    files = compile_project(subset(definitions, [kpi.name]))
    return {
        name: text
        for name, text in files.items()
        if name.endswith(".sql") and name not in _SHARED and not text.rstrip().endswith(_EMPTY)
    }
