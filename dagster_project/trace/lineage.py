"""Where the rows of an entity come from: SQL that gives the file and line behind each key.

Entities over one source carry both. Those that unite, project or group others are followed down to them, by
the columns that became their key.
"""

from __future__ import annotations

from dagster_project.kpi.model import Definitions, Entity, EntityInput

FILE, LINE = "_file", "_line"


def lineage(entity: Entity, definitions: Definitions) -> str | None:
    """A select of the entity's key, _file and _line, a row for each source row; None where it is not told,
    as by a hand-written model without these columns."""
    if entity.lineage:
        return f'select {_listed(entity.key)}, {FILE}, {LINE} from main."{entity.name}"'
    if entity.model is not None:
        return None
    parts = [_part(entity, item, definitions) for item in entity.inputs]
    return " union all ".join(part for part in parts if part) or None


def _part(entity: Entity, item: EntityInput, definitions: Definitions) -> str | None:
    """The rows of one input, under the names that the key has in `entity`."""
    wanted = entity.group_by or entity.key
    here = dict(item.columns) or {name: name for name in wanted}
    if any(name not in here for name in wanted):
        return None  # the key is computed: nothing of the input says which row it was
    source = _source_rows(item, definitions)
    if source is None:
        return None
    chosen = ", ".join(f'{here[name]} as "{name}"' for name in wanted)
    where = f" where {item.filter}" if item.filter else ""
    return f"select {chosen}, {FILE}, {LINE} from ({source}) as input_rows{where}"


def _source_rows(item: EntityInput, definitions: Definitions) -> str | None:
    """The input's rows with all their columns, _file and _line."""
    if not item.is_entity:
        return f'select * from main."stg_{item.relation}"'
    below = definitions.entity(item.relation)
    if below.lineage:
        return f'select * from main."{below.name}"'
    further = lineage(below, definitions)
    if further is None:
        return None
    return f'select * from main."{below.name}" inner join ({further}) as below using ({_listed(below.key)})'


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
