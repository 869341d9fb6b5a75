"""<entity>: inputs united, grouped, looked up, computed; contract enforced, key tested."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.about import kpis_on, owners_of
from dagster_project.kpi.compile.in_parts import TESTED_KEYS
from dagster_project.kpi.compile.remarks import remarks
from dagster_project.kpi.compile.sql import (
    COUNTED,
    config,
    ctes,
    generated,
    generated_yaml,
    quoted,
    ref,
    select,
)
from dagster_project.kpi.compile.yaml_text import flow
from dagster_project.kpi.model import SQL_TYPES, Definitions, Entity, EntityColumn, EntityInput


def mart_files(definitions: Definitions) -> dict[str, str]:
    """marts/<entity>.sql with marts/<entity>.yml beside it."""
    files = {}
    told = remarks(definitions)
    for entity in definitions.entities:
        files[f"marts/{entity.name}.sql"] = _mart(entity)
        files[f"marts/{entity.name}.yml"] = _yaml(entity, told.get(entity.name, []), definitions)
    return files


def relation(name: str, is_entity: bool) -> str:
    return ref(name if is_entity else f"stg_{name}")


def columns_of(entity: Entity) -> list[tuple[str, str]]:
    """(column, SQL type) of the mart, lineage columns last."""
    columns = [(column.name, SQL_TYPES[column.type]) for column in entity.columns]
    if entity.lineage:
        columns += [("_file", "varchar"), ("_line", "bigint")]
    return columns


def _mart(entity: Entity) -> str:
    lineage = ["_file", "_line"] if entity.lineage else []
    parts: list[tuple[str, str]] = []
    if entity.model is not None:
        # A plain source, so that the columns read are the declared ones.
        parts.append(("model", select([*entity.given, *lineage], ref(entity.model))))
    else:
        parts += _inputs(entity, lineage)
    last = parts[-1][0]
    present = [*entity.given, *lineage]
    if entity.group_by:
        parts.append(("grouped", _grouped(entity, last)))
        last, present = "grouped", [*entity.group_by, *(name for name, _ in entity.group_columns)]
    if entity.lookups:
        parts.append(("looked_up", _looked_up(entity, last)))
        last = "looked_up"
        present += [name for lookup in entity.lookups for name, _ in lookup.take]
    for step, columns in enumerate(_levels(entity), start=1):
        name = "computed" if step == 1 else f"computed_{step}"
        parts.append(
            (name, select(["*", *(f"{_sql(column, entity)} as {column.name}" for column in columns)], last))
        )
        last = name
    final = [f"cast({name} as {kind}) as {name}" for name, kind in columns_of(entity)]
    materialized = "view" if entity.model is not None and len(parts) == 1 else "table"
    head = generated(entity.where.file) + config(materialized=materialized)
    return head + ctes(parts, select(final, last))


def _inputs(entity: Entity, lineage: Sequence[str]) -> list[tuple[str, str]]:
    if len(entity.inputs) == 1:
        return [(f"{entity.inputs[0].relation}_rows", _input(entity, entity.inputs[0], lineage))]
    parts = [
        (f"{item.relation}_rows" if _count(entity, item) == 1 else f"{item.relation}_rows_{index}", item)
        for index, item in enumerate(entity.inputs, start=1)
    ]
    united = "\nunion all\n".join(select([*entity.given, *lineage], name) for name, _ in parts)
    return [*((name, _input(entity, item, lineage)) for name, item in parts), ("united", united)]


def _count(entity: Entity, item: EntityInput) -> int:
    return sum(other.relation == item.relation for other in entity.inputs)


def _input(entity: Entity, item: EntityInput, lineage: Sequence[str]) -> str:
    here = dict(item.columns)
    kinds = {column.name: SQL_TYPES[column.type] for column in entity.columns}
    columns = []
    for name in entity.given:
        if not item.columns:
            columns.append(name)
        elif name not in here:
            columns.append(f"cast(null as {kinds.get(name, 'varchar')}) as {name}")
        else:
            columns.append(name if here[name] == name else f"{here[name]} as {name}")
    where = [f"where {item.filter}"] if item.filter else []
    return select([*columns, *lineage], relation(item.relation, item.is_entity), *where)


def _grouped(entity: Entity, last: str) -> str:
    columns = list(entity.group_by)
    for name, sql in entity.group_columns:
        exact = f"sum(cast({sql[4:-1]} as {COUNTED}))" if sql.startswith("sum(") else sql
        columns.append(f"{exact} as {name}")
    return select(columns, last, f"group by {', '.join(entity.group_by)}")


def _looked_up(entity: Entity, last: str) -> str:
    columns = [f"{last}.*"]
    joins = []
    for lookup in entity.lookups:
        alias = f"{lookup.relation}_lookup"
        columns += [f"{alias}.{theirs} as {ours}" for ours, theirs in lookup.take]
        condition = " and ".join(f"{last}.{ours} = {alias}.{theirs}" for theirs, ours in lookup.match)
        joins += [
            f"left join {relation(lookup.relation, lookup.is_entity)} as {alias}",
            f"    on {condition}",
        ]
    return select(columns, last, *joins)


def _levels(entity: Entity) -> list[list[EntityColumn]]:
    """Computed columns in steps: each step reads only columns of the steps before it."""
    computed = {column.name: column for column in entity.columns if column.kind != "given"}
    level: dict[str, int] = {}
    for name, column in computed.items():
        level[name] = 1 + max((level[other] for other in column.reads if other in level), default=0)
    depth = max(level.values(), default=0)
    return [[computed[name] for name in computed if level[name] == step] for step in range(1, depth + 1)]


def _sql(column: EntityColumn, entity: Entity) -> str:
    if column.kind == "expression":
        return column.sql or "null"
    groups = ", ".join(column.by)
    known = " and ".join(f"{name} is not null" for name in column.by)
    condition = (
        f"({column.filter}) and {column.of} is not null" if column.filter else f"{column.of} is not null"
    )
    if column.kind == "first":
        value = f"min(case when {condition} then {column.of} end) over (partition by {groups})"
        return f"case when {known} then {value} end"
    counted = f"case when {condition} then 1 else 0 end"
    order = ", ".join((column.of or "", *entity.key))
    rank = f"row_number() over (partition by {groups}, {counted} order by {order})"
    return f"case when {condition} and {known} then {rank} end"


def _yaml(entity: Entity, told: Sequence[str], definitions: Definitions) -> str:
    measured = [kpi.name for kpi in kpis_on(entity, definitions)]
    meta = {"owners": owners_of(entity, definitions), "kpis": measured} if measured else {}
    lines = [
        generated_yaml(entity.where.file).rstrip(),
        "models:",
        f"  - name: {entity.name}",
        f"    description: {quoted(f'{entity.label.ja} / {entity.label.en}')}",
        "    config:",
        "      contract: {enforced: true}",
        *([f"      meta: {flow(meta)}"] if meta else []),
    ]
    tests: list[str] = []
    if TESTED_KEYS.get(entity.model or "") != entity.key:
        tests += ["      - unique_key:", f"          arguments: {{columns: [{', '.join(entity.key)}]}}"]
    for lookup in entity.lookups:
        # A mark, not a block: rows without a match are kept and counted.
        tests += [
            "      - lookup_matches:",
            f"          name: lookup_matches_{entity.name}__{lookup.relation}",
            "          arguments:",
            f"            to: ref('{lookup.relation if lookup.is_entity else f'stg_{lookup.relation}'}')",
            f"            ours: [{', '.join(ours for _, ours in lookup.match)}]",
            f"            theirs: [{', '.join(theirs for theirs, _ in lookup.match)}]",
            "          config: {severity: warn}",
        ]
    if tests := [*tests, *told]:
        lines += ["    data_tests:", *tests]
    lines.append("    columns:")
    words = _words(entity)
    for name, kind in columns_of(entity):
        lines += [f"      - name: {name}", f"        data_type: {kind}"]
        if name in words:
            lines.append(f"        description: {quoted(words[name])}")
    return "\n".join(lines) + "\n"


def _words(entity: Entity) -> dict[str, str]:
    """What a column is, where the definitions say it."""
    found = {time.name: "Date of record." for time in entity.times}
    found |= {
        dimension.column: f"{dimension.label.ja} / {dimension.label.en}"
        for dimension in entity.dimensions
        if dimension.label.ja != dimension.name
    }
    return found | {"_file": "The file of the landed row.", "_line": "Its line in the file."}
