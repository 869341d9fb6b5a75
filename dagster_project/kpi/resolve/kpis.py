"""KPIs, resolved: every operand a named measure of its own, so that no column is divided by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import GRAINS, Entity, Grain, Kpi, Label, Source
from dagster_project.kpi.resolve.conversions import conversion
from dagster_project.kpi.resolve.hashes import entity_hashes
from dagster_project.kpi.resolve.measures import MeasureBuilder
from dagster_project.kpi.resolve.renames import check_renames
from dagster_project.kpi.resolve.resolver import Resolver
from dagster_project.kpi.resolve.rules import rule_findings
from dagster_project.kpi.resolve.types import cumulative, derived, ratio, simple, stock
from dagster_project.kpi.resolve.values import Value
from dagster_project.kpi.resolve.words import in_words
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.spec.kpis import KpiSpec

_TYPES = {
    "simple": simple,
    "stock": stock,
    "ratio": ratio,
    "derived": derived,
    "cumulative": cumulative,
    "conversion": conversion,
}


def resolve_kpis(
    written: Sequence[tuple[str, Written[KpiSpec]]],
    entities: Sequence[Entity],
    sources: Sequence[Source],
    broken: Set[str],
) -> tuple[tuple[Kpi, ...], list[Issue]]:
    """All KPIs, from pairs of department and spec, in the order written; and every finding.

    `broken`: names of KPIs and entities that are wrong, which is told where they are written.
    """
    issues: list[Issue] = []
    by_name: dict[str, Written[KpiSpec]] = {}
    departments: dict[str, str] = {}
    for department, item in written:
        name = item.spec.name
        if name in by_name:
            first = by_name[name].where
            hint = "one definition for the whole company: rename one, or split it by a dimension"
            if {item.spec.type, by_name[name].spec.type} == {"ratio", "conversion"}:
                hint = "a rate of the period and one of the cohort are two things: name them apart"
            issues.append(item.issue((), f"defined twice, first at {first.file}:{first.line}", hint))
            continue
        by_name[name] = item
        departments[name] = department
    issues += check_renames(by_name)
    entities_by_name = {entity.name: entity for entity in entities}
    resolver = Resolver(by_name, MeasureBuilder(entities_by_name, issues, broken), _TYPES)
    hashes = entity_hashes(entities, sources)
    kpis = []
    for name, item in by_name.items():
        value = resolver.value(item)
        if value is not None:
            kpi = _kpi(item, departments[name], value, entities_by_name, hashes, issues, broken)
            kpis.append(replace(kpi, reads=tuple(resolver.reads.get(name, ()))))
    return tuple(kpis), [*issues, *rule_findings(kpis, by_name)]


def _kpi(
    item: Written[KpiSpec],
    department: str,
    value: Value,
    entities: Mapping[str, Entity],
    hashes: Mapping[str, str],
    issues: list[Issue],
    broken: Set[str],
) -> Kpi:
    spec = item.spec
    measures = [
        operand.measure for leaf in value.leaves for operand in (leaf.numerator, leaf.denominator) if operand
    ]
    direction = spec.direction
    content = (
        [(leaf.scale, leaf.shape, leaf.offset, leaf.offset_unit) for leaf in value.leaves],
        value.formula,
        [(replace(measure, name=""), hashes[measure.entity]) for measure in measures],
        [hashes[measure.converts.entity] for measure in measures if measure.converts],
        [
            "carry" if operand.carries else operand.zero_when_empty
            for leaf in value.leaves
            for operand in (leaf.numerator, leaf.denominator)
            if operand
        ],
        (str(spec.valid_from), str(spec.retired_on)),
    )
    return Kpi(
        name=spec.name,
        label=resolve_label(spec.label, spec.name),
        description=resolve_label(spec.description, "") if spec.description else Label("", ""),
        type=spec.type,
        department=department,
        leaves=value.leaves,
        formula=value.formula,
        linear=value.linear,
        places=value.places,
        dimensions=_dimensions(item, [measure.entity for measure in measures], entities, issues, broken),
        grains=_grains(item, value, issues),
        unit=spec.unit,
        direction=direction.way or "within",
        within=(direction.within[0], direction.within[1]) if direction.within else None,
        level=spec.level,
        funnel=spec.funnel,
        owner=spec.owner,
        valid_from=spec.valid_from,
        retired_on=spec.retired_on,
        accumulates=spec.accumulates,
        definition=in_words(spec, value),
        definition_hash=hashlib.sha256(repr(content).encode()).hexdigest()[:12],
        formerly=tuple(spec.formerly),
        measured=value.unit,
        where=item.where,
    )


def _grains(item: Written[KpiSpec], value: Value, issues: list[Issue]) -> tuple[Grain, ...]:
    """Those that are named, else all that every side has a value at."""
    why = {grain: reason for grain, reason in reversed(value.lacking)}
    named = item.spec.grains
    if named is None:
        kept = tuple(grain for grain in GRAINS if grain not in why)
        if not kept:
            issues.append(item.issue((), "no grain is left that every side has a value at"))
        return kept
    has = [grain for grain in GRAINS if grain not in why]
    for index, grain in enumerate(named):
        if grain in why and f"KPI '{item.spec.name}'" not in why[grain]:
            issues.append(item.issue(("grains", index), why[grain], f"grains: [{', '.join(has)}]"))
    return tuple(grain for grain in GRAINS if grain in named)


def _dimensions(
    item: Written[KpiSpec],
    names: Sequence[str],
    entities: Mapping[str, Entity],
    issues: list[Issue],
    broken: Set[str],
) -> tuple[str, ...]:
    sides = {name: [dimension.name for dimension in entities[name].dimensions] for name in names}
    shared = [name for name in next(iter(sides.values())) if all(name in others for others in sides.values())]
    if item.spec.dimensions is None:
        return tuple(shared)
    for name in item.spec.dimensions:
        if name not in shared:
            lacking = next(entity for entity, others in sides.items() if name not in others)
            if lacking in broken:
                continue
            hint = suggest(name, shared) or f"shared: {', '.join(shared) or 'none'}"
            issues.append(item.issue(("dimensions",), f"entity '{lacking}' has no dimension '{name}'", hint))
    return tuple(name for name in item.spec.dimensions if name in shared)
