"""The part of the definitions that some KPIs need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dagster_project.kpi.model import Definitions, Entity


def subset(definitions: Definitions, kpis: Iterable[str]) -> Definitions:
    """The definitions with these KPIs alone, and the entities and sources that they are computed from."""
    wanted = set(kpis)
    kept = tuple(kpi for kpi in definitions.kpis if kpi.name in wanted)
    entities: set[str] = set()
    for kpi in kept:
        for operand in kpi.operands:
            _reach(definitions, operand.measure.entity, entities)
            if operand.measure.converts is not None:
                _reach(definitions, operand.measure.converts.entity, entities)
    reached = tuple(entity for entity in definitions.entities if entity.name in entities)
    sources = {name for entity in reached for name in sources_of(entity)}
    sources |= {
        column.rates.source
        for source in definitions.sources
        if source.name in sources
        for column in source.columns
        if column.rates
    }
    return replace(
        definitions,
        kpis=kept,
        entities=reached,
        sources=tuple(source for source in definitions.sources if source.name in sources),
    )


def sources_of(entity: Entity) -> set[str]:
    """The sources that the entity itself reads or knows its days from."""
    return {
        *entity.sources,
        *(item.relation for item in entity.inputs if not item.is_entity),
        *(lookup.relation for lookup in entity.lookups if not lookup.is_entity),
        *(dimension.roster for dimension in entity.dimensions if dimension.roster),
    }


def _reach(definitions: Definitions, name: str, found: set[str]) -> None:
    """Adds the entity and every one that its rows or rosters come from."""
    known = {entity.name: entity for entity in definitions.entities}
    waiting = [name]
    while waiting:
        entity = known.get(waiting.pop())
        if entity is None or entity.name in found:
            continue
        found.add(entity.name)
        waiting += [item.relation for item in entity.inputs if item.is_entity]
        waiting += [lookup.relation for lookup in entity.lookups if lookup.is_entity]
        waiting += [dimension.roster for dimension in entity.dimensions if dimension.roster]
