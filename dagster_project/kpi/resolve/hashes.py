"""What a definition depends on, as a hash: an entity's changes with anything that can change its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from dagster_project.kpi.model import Entity, Source


def entity_hashes(entities: Sequence[Entity], sources: Sequence[Source]) -> Mapping[str, str]:
    """Entity name → hash over its columns, inputs and lookups and, through them, the sources' mappings.

    Labels, descriptions and the place in a file are no part of it. `entities` is in topological order.
    """
    own = {source.name: source.mapping_hash for source in sources}
    mappings = {source.name: own[source.name] + _of_rates(source, own) for source in sources}
    hashes: dict[str, str] = {}
    for entity in entities:
        inputs = [
            (item, hashes.get(item.relation, "") if item.is_entity else mappings.get(item.relation, ""))
            for item in entity.inputs
        ]
        lookups = [
            (item, hashes.get(item.relation, "") if item.is_entity else mappings.get(item.relation, ""))
            for item in entity.lookups
        ]
        content = (
            entity.model,
            [
                (column.name, column.type, column.kind, column.sql, column.of, column.by, column.filter)
                for column in entity.columns
            ],
            entity.key,
            [(time.name, time.start) for time in entity.times],
            entity.group_by,
            entity.group_columns,
            inputs,
            lookups,
            [mappings[name] for name in entity.sources if name in mappings],
        )
        hashes[entity.name] = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
    return hashes


def _of_rates(source: Source, mappings: Mapping[str, str]) -> str:
    """The mappings of the rates that its amounts are converted by."""
    names = dict.fromkeys(column.rates.source for column in source.columns if column.rates)
    return "".join(mappings.get(name, "") for name in names)
