"""The definitions as rows: what the hand-written dbt models read instead of generated SQL.

Labels and other free text reach the warehouse as bound values this way, never as SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster_project.kpi.compile.measures import measures_by_time, row_measure
from dagster_project.kpi.model import Definitions, Kpi

Rows = tuple[tuple[tuple[str, str], ...], list[tuple[Any, ...]]]


def rows(definitions: Definitions) -> Mapping[str, Rows]:
    """Table of schema `definitions` → ((column, SQL type), …) and its rows."""
    return {
        "kpis": _kpis(definitions),
        "operands": _operands(definitions),
        "measures": _measures(definitions),
        "kpi_dimensions": _kpi_dimensions(definitions),
        "kpi_grains": _kpi_grains(definitions),
        "entity_times": _entity_times(definitions),
        "dimensions": _dimensions(definitions),
        "segments": _segments(definitions),
    }


def _adds(kpi: Kpi) -> bool:
    return kpi.denominator is None and kpi.numerator.measure.adds_over_days


def _one_place(kpi: Kpi) -> tuple[str | None, str | None]:
    """Entity and date of record, where both operands share them."""
    places = {
        (operand.measure.entity, operand.measure.time)
        for operand in (kpi.numerator, kpi.denominator)
        if operand
    }
    return next(iter(places)) if len(places) == 1 else (None, None)


def _kpis(definitions: Definitions) -> Rows:
    columns = (
        ("kpi", "varchar"),
        ("label_ja", "varchar"),
        ("label_en", "varchar"),
        ("description_ja", "varchar"),
        ("description_en", "varchar"),
        ("type", "varchar"),
        ("unit", "varchar"),
        ("direction", "varchar"),
        ("within_low", "double"),
        ("within_high", "double"),
        ("level", "varchar"),
        ("department", "varchar"),
        ("funnel", "varchar"),
        ("owner", "varchar"),
        ("entity", "varchar"),
        ("time", "varchar"),
        ("definition", "varchar"),
        ("definition_hash", "varchar"),
        ("valid_from", "date"),
        ("retired_on", "date"),
        ("scale", "double"),
        ("has_denominator", "boolean"),
        ("shows_numerator", "boolean"),
        ("sums_over_days", "boolean"),
        ("sums_over_segments", "boolean"),
        ("sort", "bigint"),
    )
    return columns, [
        (
            kpi.name,
            kpi.label.ja,
            kpi.label.en,
            kpi.description.ja or None,
            kpi.description.en or None,
            kpi.type,
            kpi.unit,
            kpi.direction,
            *(kpi.within or (None, None)),
            kpi.level,
            kpi.department,
            kpi.funnel,
            kpi.owner,
            *_one_place(kpi),
            kpi.definition,
            kpi.definition_hash,
            kpi.valid_from,
            kpi.retired_on,
            kpi.scale,
            kpi.denominator is not None,
            kpi.denominator is not None or kpi.numerator.measure.agg not in ("min", "max"),
            _adds(kpi),
            _adds(kpi),
            position,
        )
        for position, kpi in enumerate(definitions.kpis, start=1)
    ]


def _operands(definitions: Definitions) -> Rows:
    columns = (
        ("kpi", "varchar"),
        ("side", "varchar"),
        ("measure", "varchar"),
        ("zero_when_empty", "boolean"),
    )
    found = []
    for kpi in definitions.kpis:
        for side, operand in (("numerator", kpi.numerator), ("denominator", kpi.denominator)):
            if operand is not None:
                found.append((kpi.name, side, operand.measure.name, operand.zero_when_empty))
        places = {
            (o.measure.entity, o.measure.time) for o in (kpi.numerator, kpi.denominator) if o is not None
        }
        # Where the entity has rows the KPI has a row, though its filter may leave none: that is a known 0.
        found += [(kpi.name, "rows", row_measure(*place), False) for place in sorted(places)]
    return columns, found


def _measures(definitions: Definitions) -> Rows:
    columns = (("measure", "varchar"), ("entity", "varchar"), ("time", "varchar"), ("combine", "varchar"))
    found: list[tuple[Any, ...]] = []
    for (entity, time), measures in measures_by_time(definitions).items():
        found.append((row_measure(entity, time), entity, time, "sum"))
        for measure in measures:
            combine = {"min": "min", "max": "max", "count_distinct": "distinct"}.get(measure.agg, "sum")
            found.append((measure.name, entity, time, combine))
    return columns, found


def _kpi_dimensions(definitions: Definitions) -> Rows:
    columns = (("kpi", "varchar"), ("dimension", "varchar"))
    return columns, [(kpi.name, name) for kpi in definitions.kpis for name in ("total", *kpi.dimensions)]


def _kpi_grains(definitions: Definitions) -> Rows:
    columns = (("kpi", "varchar"), ("grain", "varchar"))
    return columns, [(kpi.name, grain) for kpi in definitions.kpis for grain in kpi.grains]


def _entity_times(definitions: Definitions) -> Rows:
    columns = (("entity", "varchar"), ("time", "varchar"), ("source", "varchar"), ("starts_on", "date"))
    return columns, [
        (entity.name, time.name, source, time.start)
        for entity in definitions.entities
        for time in entity.times
        for source in entity.sources
    ]


def _dimensions(definitions: Definitions) -> Rows:
    columns = (
        ("dimension", "varchar"),
        ("label_ja", "varchar"),
        ("label_en", "varchar"),
        ("parent_dimension", "varchar"),
        ("max_segments", "bigint"),
    )
    found: dict[str, tuple[Any, ...]] = {}
    for entity in definitions.entities:
        for dimension in entity.dimensions:
            before = found.get(dimension.name)
            limit = max(dimension.max, before[4]) if before else dimension.max
            labelled = before is None or dimension.label.ja != dimension.name
            kept = (dimension.label.ja, dimension.label.en, dimension.parent) if labelled else before[1:4]  # type: ignore[index]
            found[dimension.name] = (dimension.name, *kept, limit)
    return columns, list(found.values())


def _segments(definitions: Definitions) -> Rows:
    columns = (
        ("dimension", "varchar"),
        ("segment", "varchar"),
        ("label_ja", "varchar"),
        ("label_en", "varchar"),
        ("sort", "bigint"),
    )
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for entity in definitions.entities:
        for dimension in entity.dimensions:
            for position, (segment, label) in enumerate(dimension.values, start=1):
                row = (dimension.name, segment, label.ja, label.en, position)
                found.setdefault((dimension.name, segment), row)
    return columns, list(found.values())
