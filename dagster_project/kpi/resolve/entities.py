"""Entities, resolved: in an order in which each follows what it is made from, every column typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from dagster_project.kpi.issues import Issue, a, suggest
from dagster_project.kpi.model import Dimension, Entity, EntityColumn, Label, Source, Time
from dagster_project.kpi.reserved import taken_as_entity
from dagster_project.kpi.resolve.column_units import unit_of_type
from dagster_project.kpi.resolve.columns import EntityBuilder
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.spec.entities import EntitySpec


@dataclass(frozen=True)
class Relations:
    """What an entity can be made from: the sources, and the entities resolved so far."""

    sources: Mapping[str, Source]
    entities: Mapping[str, Entity]
    source_columns: Mapping[str, tuple[EntityColumn, ...]]
    currency: str  # of amounts that name none
    failed: Set[str]  # what can't be read; what is wrong with it is told elsewhere

    def columns(self, name: str, is_entity: bool) -> tuple[EntityColumn, ...]:
        return self.entities[name].columns if is_entity else self.source_columns[name]

    def key(self, name: str, is_entity: bool) -> tuple[str, ...]:
        return self.entities[name].key if is_entity else self.sources[name].key


def resolve_entities(
    written: Sequence[Written[EntitySpec]], sources: Sequence[Source], currency: str, broken: Set[str]
) -> tuple[tuple[Entity, ...], list[Issue], set[str]]:
    """Entities, each after what it reads; every finding; names of those that are wrong or read a wrong one.

    `currency`: of money that names none. `broken`: sources and entities that can't be read.
    """
    issues: list[Issue] = []
    by_name: dict[str, Written[EntitySpec]] = {}
    for item in written:
        name = item.spec.entity
        if name in by_name:
            first = by_name[name].where
            issues.append(item.issue((), f"named twice, first at {first.file}:{first.line}", "rename one"))
        by_name.setdefault(name, item)
    sources_by_name = {source.name: source for source in sources}
    source_columns = {source.name: _columns_of(source, currency) for source in sources}
    resolved: dict[str, Entity] = {}
    failed = set(broken)
    for name in _order(by_name, sources_by_name, issues, failed):
        item = by_name[name]
        relations = Relations(sources_by_name, resolved, source_columns, currency, failed)
        if name in failed or failed & _reads(item.spec):
            failed.add(name)  # its own findings would only echo those of what it reads
            continue
        entity, found = _resolve(item, relations)
        issues += found
        if entity is None or any(issue.level == "error" for issue in found):
            failed.add(name)
        if entity is not None:
            resolved[name] = entity
    issues += _conformed(resolved, by_name)
    return tuple(resolved.values()), issues, failed


def _columns_of(source: Source, currency: str) -> tuple[EntityColumn, ...]:
    columns = [
        EntityColumn(
            column.name,
            column.type,
            unit=unit_of_type(column.type, column.currency or currency, column.tax),
            pii=column.pii,
        )
        for column in source.columns
    ]
    if source.version is not None:
        columns.append(EntityColumn("version", "timestamp"))
    return tuple(columns)


def _reads(spec: EntitySpec) -> set[str]:
    inputs = {name for item in spec.from_ for name in (item.source, item.entity, item.name) if name}
    return inputs | set(spec.lookups)


def _needs(spec: EntitySpec) -> set[str]:
    """What must be resolved first: what is read, and the rosters of dimensions."""
    rosters = {item.values_from for item in spec.dimensions.values() if item.values_from}
    return _reads(spec) | (rosters - {spec.entity})


def _order(
    by_name: Mapping[str, Written[EntitySpec]],
    sources: Mapping[str, Source],
    issues: list[Issue],
    failed: set[str],
) -> list[str]:
    """Names in topological order; a cycle becomes an issue that shows its path."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in path:
            cycle = " → ".join([*path[path.index(name) :], name])
            issues.append(by_name[name].issue((), f"is made from itself: {cycle}", "break the cycle"))
            failed.update(path[path.index(name) :])
            return
        path.append(name)
        for needed in sorted(_needs(by_name[name].spec)):
            if needed in by_name and needed not in sources:
                visit(needed)
        path.pop()
        order.append(name)

    for name in by_name:
        visit(name)
    return order


def _resolve(item: Written[EntitySpec], relations: Relations) -> tuple[Entity | None, list[Issue]]:
    spec = item.spec
    builder = EntityBuilder(item, relations)
    taken = taken_as_entity(spec.entity)
    if taken:
        builder.fail(("entity",), taken, "choose another name")
    builder.read_inputs()
    issues = builder.issues
    if len(issues) > bool(taken):
        return None, issues  # without its inputs, every column would be called unknown
    builder.read_columns()
    columns = {column.name: column for column in builder.columns}
    for name in spec.key:
        if name not in columns:
            issues.append(item.issue(("key",), f"unknown column '{name}'", suggest(name, columns)))
    if spec.group_by and set(spec.key) != set(spec.group_by):
        message = f"with group_by a row is one {', '.join(spec.group_by)}: that is its key"
        issues.append(item.issue(("key",), message, f"key: [{', '.join(spec.group_by)}]"))
    times = _times(item, columns, issues)
    dimensions = _dimensions(item, columns, relations, issues)
    if spec.default_time and spec.default_time not in {time.name for time in times}:
        hint = suggest(spec.default_time, [time.name for time in times])
        issues.append(item.issue(("default_time",), f"'{spec.default_time}' is no date of record here", hint))
    if spec.snapshot and spec.model:
        issues.append(item.issue(("snapshot",), "a hand-written model is not kept in snapshots"))
    key = _key(item, builder.lineage, issues)
    return Entity(
        name=spec.entity,
        columns=tuple(builder.columns),
        key=key,
        times=times,
        dimensions=dimensions,
        sources=tuple(dict.fromkeys(builder.covering)),
        inputs=tuple(builder.inputs),
        model=spec.model,
        given=tuple(builder.given),
        group_by=tuple(spec.group_by),
        group_columns=tuple(builder.group_columns),
        lookups=tuple(builder.lookups),
        default_time=spec.default_time or (times[0].name if len(times) == 1 else None),
        snapshot=spec.snapshot,
        lineage=builder.lineage,
        label=resolve_label(spec.label, spec.entity),
        where=item.where,
    ), issues


def _key(item: Written[EntitySpec], lineage: bool, issues: list[Issue]) -> tuple[str, ...]:
    """`[]` is an event log, whose equal rows are kept: the landed line tells them apart."""
    if item.spec.key:
        return tuple(item.spec.key)
    if not lineage:
        hint = "key: [] is for rows of a source as they were landed"
        issues.append(item.issue(("key",), "key is empty, and rows can't be told apart", hint))
    elif item.spec.snapshot:
        issues.append(item.issue(("snapshot",), "without a key, nothing is the same row the next night"))
    return ("_file", "_line")


def _times(
    item: Written[EntitySpec], columns: Mapping[str, EntityColumn], issues: list[Issue]
) -> tuple[Time, ...]:
    dated = {name: column for name, column in columns.items() if column.type in ("date", "timestamp")}
    if not item.spec.times:
        return tuple(Time(name, column.type) for name, column in dated.items())  # type: ignore[arg-type]
    times = []
    for name, spec in item.spec.times.items():
        if name not in dated:
            reason = f"'{name}' is {a(columns[name].type)}" if name in columns else f"unknown column '{name}'"
            issues.append(
                item.issue(("times", name), f"{reason}, not a date of record", suggest(name, dated))
            )
            continue
        times.append(Time(name, dated[name].type, spec.from_))  # type: ignore[arg-type]
    return tuple(times)


def _dimensions(
    item: Written[EntitySpec],
    columns: Mapping[str, EntityColumn],
    relations: Relations,
    issues: list[Issue],
) -> tuple[Dimension, ...]:
    found = []
    for name, spec in item.spec.dimensions.items():
        place = ("dimensions", name)
        column = spec.column or name
        if name == "total":
            issues.append(item.issue(place, "'total' names the whole", "choose another name"))
            continue
        if column not in columns:
            hint = suggest(column, columns)
            issues.append(item.issue(place, f"unknown column '{column}'", hint))
            continue
        if columns[column].type in ("money", "number", "percent", "timestamp"):
            issues.append(item.issue(place, f"'{column}' is {a(columns[column].type)}: too fine to split by"))
        if spec.name is not None and spec.name not in columns:
            issues.append(
                item.issue((*place, "name"), f"unknown column '{spec.name}'", suggest(spec.name, columns))
            )
        if spec.parent is not None and spec.parent not in item.spec.dimensions:
            hint = suggest(spec.parent, item.spec.dimensions)
            issues.append(item.issue((*place, "parent"), f"unknown dimension '{spec.parent}'", hint))
        cycle = _cycle_of_parents(name, item.spec)
        if cycle:
            issues.append(item.issue((*place, "parent"), f"lies above itself: {cycle}", "break the cycle"))
        roster_column = None
        if spec.values_from is not None:
            if spec.values_from in relations.failed:
                continue
            is_entity = spec.values_from not in relations.sources
            if is_entity and spec.values_from not in relations.entities:
                hint = suggest(spec.values_from, {*relations.sources, *relations.entities})
                issues.append(
                    item.issue(
                        (*place, "values_from"), f"unknown source or entity '{spec.values_from}'", hint
                    )
                )
                continue
            theirs = {other.name for other in relations.columns(spec.values_from, is_entity)}
            roster_column = next((given for given in (column, name) if given in theirs), None)
            if roster_column is None:
                message = f"'{spec.values_from}' has no column '{column}'"
                issues.append(item.issue((*place, "values_from"), message, suggest(column, theirs)))
        found.append(
            Dimension(
                name=name,
                label=resolve_label(spec.label, name),
                column=column,
                values=tuple((value, resolve_label(label, value)) for value, label in spec.values.items()),
                name_column=spec.name,
                parent=spec.parent,
                roster=spec.values_from,
                roster_column=roster_column,
                max=spec.max,
            )
        )
    return tuple(found)


def _cycle_of_parents(name: str, spec: EntitySpec) -> str:
    """The way from a dimension up to itself, '' where there is none."""
    path = [name]
    while (above := spec.dimensions.get(path[-1])) is not None and above.parent is not None:
        if above.parent == name:
            return " → ".join([*path, name])
        if above.parent in path:
            return ""  # told at the dimensions of that cycle
        path.append(above.parent)
    return ""


def _conformed(entities: Mapping[str, Entity], written: Mapping[str, Written[EntitySpec]]) -> list[Issue]:
    """One dimension name means one thing: labels that contradict each other are refused."""
    seen: dict[str, tuple[str, Label]] = {}
    issues = []
    for entity in entities.values():
        for dimension in entity.dimensions:
            if dimension.label == Label(dimension.name, dimension.name):
                continue
            first = seen.setdefault(dimension.name, (entity.name, dimension.label))
            if first[1] != dimension.label:
                message = f"dimension '{dimension.name}' is labelled otherwise in entity '{first[0]}'"
                place = ("dimensions", dimension.name)
                issues.append(
                    written[entity.name].issue(place, message, "one name means one thing; rename one of them")
                )
    return issues
