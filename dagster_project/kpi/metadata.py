"""The definitions as rows: what the hand-written dbt models read instead of generated SQL.

Labels and other free text reach the warehouse as bound values this way, never as SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster_project.kpi.compile.measures import all_measures, measures_by_time
from dagster_project.kpi.compile.shapes import row_measure
from dagster_project.kpi.model import Definitions, Kpi

Rows = tuple[tuple[tuple[str, str], ...], list[tuple[Any, ...]]]


def rows(definitions: Definitions) -> Mapping[str, Rows]:
    """Table of schema `definitions` → ((column, SQL type), …) and its rows."""
    return {
        "kpis": _kpis(definitions),
        "leaves": _leaves(definitions),
        "presence": _presence(definitions),
        "kpi_places": _kpi_places(definitions),
        "measures": _measures(definitions),
        "shapes": _shapes(definitions),
        "offsets": _offsets(definitions),
        "kpi_dimensions": _kpi_dimensions(definitions),
        "kpi_grains": _kpi_grains(definitions),
        "entity_times": _entity_times(definitions),
        "dimensions": _dimensions(definitions),
        "segments": _segments(definitions),
    }


def _one_place(kpi: Kpi) -> tuple[str | None, str | None]:
    """Entity and date of record, where all operands share them."""
    places = {(operand.measure.entity, operand.measure.time) for operand in kpi.operands}
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
        ("formerly", "varchar"),
        ("has_formula", "boolean"),
        ("shows_sides", "boolean"),
        ("adds", "boolean"),
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
            ", ".join(kpi.formerly) or None,
            kpi.formula is not None,
            kpi.shows_sides,
            kpi.adds,
            position,
        )
        for position, kpi in enumerate(definitions.kpis, start=1)
    ]


def _leaves(definitions: Definitions) -> Rows:
    columns = (
        ("kpi", "varchar"),
        ("leaf", "bigint"),
        ("numerator", "varchar"),
        ("numerator_when_empty", "double"),
        ("denominator", "varchar"),
        ("denominator_when_empty", "double"),
        ("scale", "double"),
        ("shape", "varchar"),
        ("back", "bigint"),
        ("back_unit", "varchar"),
        ("carries", "boolean"),
        ("is_only", "boolean"),
    )
    found: list[tuple[Any, ...]] = []
    for kpi in definitions.kpis:
        for number, leaf in enumerate(kpi.leaves, start=1):
            found.append(
                (
                    kpi.name,
                    number,
                    leaf.numerator.measure.name,
                    0.0 if leaf.numerator.zero_when_empty else None,
                    leaf.denominator.measure.name if leaf.denominator else None,
                    0.0 if leaf.denominator and leaf.denominator.zero_when_empty else None,
                    leaf.scale,
                    leaf.shape.name,
                    leaf.offset,
                    leaf.offset_unit,
                    leaf.numerator.carries,
                    leaf.numerator.measure.agg == "only",
                )
            )
    return columns, found


def _presence(definitions: Definitions) -> Rows:
    """The measures that tell where a KPI has rows.

    Where its entity has rows the KPI has a row, though its filter may leave none: that is a known 0.
    """
    columns = (("kpi", "varchar"), ("measure", "varchar"), ("shape", "varchar"))
    found = set()
    for kpi in definitions.kpis:
        for leaf in kpi.leaves:
            for operand in (leaf.numerator, leaf.denominator):
                if operand is not None:
                    measure = operand.measure
                    name = (
                        measure.name
                        if measure.stock or measure.spread
                        else row_measure(measure.entity, measure.time)
                    )
                    found.add((kpi.name, name, leaf.shape.name))
    return columns, sorted(found)


def _kpi_places(definitions: Definitions) -> Rows:
    columns = (
        ("kpi", "varchar"),
        ("entity", "varchar"),
        ("time", "varchar"),
        ("matures", "bigint"),
        ("ripens", "varchar"),
    )
    return columns, [
        (kpi.name, place.entity, place.time, place.matures, place.ripens)
        for kpi in definitions.kpis
        for place in kpi.places
    ]


def _measures(definitions: Definitions) -> Rows:
    columns = (("measure", "varchar"), ("entity", "varchar"), ("time", "varchar"), ("combine", "varchar"))
    found: dict[str, tuple[Any, ...]] = {}
    for (entity, time), _ in measures_by_time(definitions).items():
        name = row_measure(entity, time)
        found[name] = (name, entity, time, "sum")
    for measure in all_measures(definitions):
        if not measure.is_anew and not measure.stock:
            combine = measure.agg if measure.agg in ("min", "max") else "sum"
            found[measure.name] = (measure.name, measure.entity, measure.time, combine)
    return columns, list(found.values())


def _shapes(definitions: Definitions) -> Rows:
    columns = (("shape", "varchar"), ("unit", "varchar"), ("size", "bigint"), ("grain", "varchar"))
    shapes = dict.fromkeys(leaf.shape for kpi in definitions.kpis for leaf in kpi.leaves)
    return columns, [(shape.name, shape.unit, shape.size, shape.grain) for shape in shapes]


def _offsets(definitions: Definitions) -> Rows:
    """How far back leaves look, besides not at all."""
    columns = (("back", "bigint"), ("back_unit", "varchar"))
    found = dict.fromkeys((leaf.offset, leaf.offset_unit) for kpi in definitions.kpis for leaf in kpi.leaves)
    return columns, list(dict.fromkeys([(0, "months"), *found]))


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
