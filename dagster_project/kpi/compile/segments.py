"""dimension_members: what the data says of segments besides their values: name, parent, being on a roster."""

from __future__ import annotations

from dagster_project.kpi.compile.marts import relation
from dagster_project.kpi.compile.sql import config, generated, literal, ref, select
from dagster_project.kpi.model import Definitions, Dimension, Entity


def segment_files(definitions: Definitions) -> dict[str, str]:
    """kpi/dimension_members.sql"""
    parts = []
    for entity in definitions.entities:
        for dimension in entity.dimensions:
            if dimension.roster is not None:
                parts.append(_roster(definitions, entity, dimension))
            if dimension.parent is not None or dimension.name_column is not None:
                parts.append(_described(entity, dimension))
    parts = list(dict.fromkeys(parts))
    head = generated("kpi_definitions/entities.yml") + config(materialized="table")
    if not parts:
        empty = ["cast(null as varchar) as dimension", "cast(null as varchar) as segment"]
        empty += ["cast(null as varchar) as name", "cast(null as varchar) as parent"]
        empty.append("cast(null as boolean) as is_on_roster")
        return {
            "kpi/dimension_members.sql": head + "select\n    " + ",\n    ".join(empty) + "\nwhere false\n"
        }
    united = "\nunion all\n".join(parts)
    final = select(
        [
            "dimension",
            "segment",
            "max(name) as name",
            "max(parent) as parent",
            "max(case when is_on_roster then 1 else 0 end) = 1 as is_on_roster",
        ],
        "members",
        "where segment is not null",
        "group by dimension, segment",
    )
    body = "\n".join("    " + line for line in united.splitlines())
    return {"kpi/dimension_members.sql": f"{head}with members as (\n{body}\n)\n\n{final}\n"}


def _roster(definitions: Definitions, entity: Entity, dimension: Dimension) -> str:
    is_entity = all(source.name != dimension.roster for source in definitions.sources)
    if is_entity:
        theirs = {column.name for column in definitions.entity(dimension.roster or "").columns}
    else:
        source = definitions.source(dimension.roster or "")
        theirs = {column.name for column in source.columns if not column.pii}
    name = dimension.name_column if dimension.name_column in theirs else None
    parent = _parent_column(entity, dimension)
    return _members(
        dimension,
        dimension.roster_column or dimension.column,
        name,
        parent if parent in theirs else None,
        relation(dimension.roster or "", is_entity),
        on_roster=True,
    )


def _described(entity: Entity, dimension: Dimension) -> str:
    parent = _parent_column(entity, dimension)
    return _members(
        dimension, dimension.column, dimension.name_column, parent, ref(entity.name), on_roster=False
    )


def _parent_column(entity: Entity, dimension: Dimension) -> str | None:
    return next((other.column for other in entity.dimensions if other.name == dimension.parent), None)


def _members(
    dimension: Dimension, column: str, name: str | None, parent: str | None, source: str, *, on_roster: bool
) -> str:
    columns = [
        f"{literal(dimension.name)} as dimension",
        f"cast({column} as varchar) as segment",
        f"cast({name or 'null'} as varchar) as name",
        f"cast({parent or 'null'} as varchar) as parent",
        f"{'true' if on_roster else 'false'} as is_on_roster",
    ]
    return select(columns, source)
