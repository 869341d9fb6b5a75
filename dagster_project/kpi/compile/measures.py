"""Measures that add up over days: one wide model an entity and date of record.

A wide model reads its entity once, whatever the number of KPIs, and splits by each dimension with grouping
sets. Conversions and amounts over spans have rows of their own, and from there on are like the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.kpi.compile.in_parts import THIS_PART, by_day_config, is_in_parts
from dagster_project.kpi.compile.own_rows import conversion_model, spread_model
from dagster_project.kpi.compile.shapes import by_day, dated, empty, row_measure, segments
from dagster_project.kpi.compile.sql import (
    COUNTED,
    as_of,
    block,
    config,
    ctes,
    generated,
    generated_yaml,
    indented,
    literal,
    not_null,
    ref,
    select,
)
from dagster_project.kpi.model import Definitions, Entity, Measure


@dataclass(frozen=True)
class _Wide:
    """A model of measures side by side, by date of record, dimension and segment."""

    name: str
    entity: str
    time: str
    measures: tuple[str, ...]


def measure_files(definitions: Definitions) -> dict[str, str]:
    """kpi/measures_<...>.sql: a wide model an entity and date of record, one more for each measure that needs
    its own rows (conversion, spread), and what the hand-written models read of them all."""
    files: dict[str, str] = {}
    models: list[_Wide] = []
    for (entity_name, time), measures in measures_by_time(definitions).items():
        entity = definitions.entity(entity_name)
        name = f"measures_{entity_name}__{time}"
        files[f"kpi/{name}.sql"] = _daily(entity, time, measures)
        names = (row_measure(entity_name, time), *(measure.name for measure in measures))
        models.append(_Wide(name, entity_name, time, names))
    for measure in all_measures(definitions):
        entity = definitions.entity(measure.entity)
        name = f"measures_{measure.name}"
        if measure.converts is not None:
            files[f"kpi/{name}.sql"] = conversion_model(entity, measure)
        elif measure.spread is not None:
            files[f"kpi/{name}.sql"] = spread_model(entity, measure)
        else:
            continue
        models.append(_Wide(name, measure.entity, measure.time, (measure.name,)))
    files["kpi/measures_additive.sql"] = _union_additive(models)
    files["kpi/segment_rows.sql"] = _union_segments(models)
    files["kpi/_measures.yml"] = _yaml()
    return files


def all_measures(definitions: Definitions) -> list[Measure]:
    """Every measure that a KPI needs, each once, in the order of the KPIs."""
    found = {operand.measure.name: operand.measure for kpi in definitions.kpis for operand in kpi.operands}
    return list(found.values())


def measures_by_time(definitions: Definitions) -> dict[tuple[str, str], list[Measure]]:
    """(entity, time) → the measures that one scan of the entity adds up by day; [] where it only counts rows,
    which tells the segments that there are."""
    found: dict[tuple[str, str], list[Measure]] = {}
    for measure in all_measures(definitions):
        here = found.setdefault((measure.entity, measure.time), [])
        if not (measure.is_anew or measure.stock or measure.spread or measure.converts):
            here.append(measure)
    return found


def _daily(entity: Entity, time: str, measures: Sequence[Measure]) -> str:
    columns = [f"{dated(entity, time)} as date", *segments(entity)]
    columns += [f"{_contribution(measure)} as {measure.name}" for measure in measures]
    known = f"{time} is null or {dated(entity, time)} <= {as_of()}"
    head = config(materialized="table")
    if is_in_parts(entity, time):
        known = f"({known}) and {THIS_PART}"
        head = by_day_config(entity, time)
    totals = [f"cast(count(*) as {COUNTED}) as {row_measure(entity.name, time)}"]
    totals += [f"{_total(measure)} as {measure.name}" for measure in measures]
    parts = [("contributions", select(columns, ref(entity.name), f"where {known}"))]
    return generated(entity.where.file) + head + ctes(parts, by_day(entity, totals))


def _contribution(measure: Measure) -> str:
    """What one row adds; NULL where the filter is false or NULL, so that it adds nothing."""
    if measure.agg == "count":
        conditions = [
            part for part in (measure.filter, not_null(measure.sql) if measure.sql else None) if part
        ]
        if not conditions:
            return "1"
        return f"case when {' and '.join(f'({part})' for part in conditions)} then 1 end"
    value = f"cast({measure.sql} as {COUNTED})"
    return f"case when {measure.filter} then {value} end" if measure.filter else value


def _total(measure: Measure) -> str:
    """The aggregate of a day and segment; NULL where no row of the slice counts."""
    if measure.agg == "count":
        return f"cast(nullif(count({measure.name}), 0) as {COUNTED})"
    function = measure.agg if measure.agg in ("min", "max") else "sum"
    return f"cast({function}({measure.name}) as {COUNTED})"


def _union_additive(models: Sequence[_Wide]) -> str:
    """The rows of all wide models are put together before segments are numbered and days that are not known
    left out: joins for each of fifty models take hundreds of megabytes at a time."""
    head = generated("kpi_definitions/kpis") + config(materialized="view")
    if not models:
        columns = ["date", "integer", "boolean", "varchar", COUNTED]
        names = ["date", "segment_number", "is_other", "measure", "value"]
        return head + empty(list(zip(names, columns, strict=True)))
    known = select(["entity", "time", "date"], ref("entity_days"), "where is_known")
    final = select(
        [
            "measured.date",
            "segments.segment_number",
            "segments.is_other",
            "measured.measure",
            "measured.value",
        ],
        "measured",
        f"inner join {ref('segment_places')} as segments",
        "    on segments.dimension = measured.dimension",
        "    and segments.segment = measured.segment",
        "where",
        "    measured.date is null",
        "    or (measured.entity, measured.time, measured.date) in (",
        indented(known, 8),
        "    )",
    )
    return head + ctes([("measured", "\nunion all\n".join(_rows_of(model) for model in models))], final)


def _rows_of(model: _Wide) -> str:
    """The measures of a wide model below one another, with the entity and time that tell its known days."""
    keys = [
        "date",
        "dimension",
        "segment",
        f"{literal(model.entity)} as entity",
        f"{literal(model.time)} as time",
    ]
    return (
        "{{ unpivot_measures(ref('"
        + model.name
        + "'), [\n"
        + block([f'"{key}"' for key in keys])
        + "\n], [\n"
        + block([f"'{measure}'" for measure in model.measures])
        + "\n]) }}"
    )


def _union_segments(models: Sequence[_Wide]) -> str:
    """The segments of each entity by its rows, and those of conversions and spread amounts without."""
    head = generated("kpi_definitions/kpis") + config(materialized="view")
    if not models:
        return head + empty([("dimension", "varchar"), ("segment", "varchar"), ("row_count", COUNTED)])
    parts = []
    for model in models:
        rows = row_measure(model.entity, model.time)
        count = f"sum({rows})" if rows in model.measures else f"cast(null as {COUNTED})"
        parts.append(
            select(
                ["dimension", "segment", f"{count} as row_count"],
                ref(model.name),
                "group by dimension, segment",
            )
        )
    return head + "\nunion all\n".join(parts) + "\n"


def _yaml() -> str:
    return (
        generated_yaml("kpi_definitions/kpis")
        + """models:
  - name: measures_additive
    description: Every measure that adds up over days, one row a date, measure and segment.
  - name: segment_rows
    description: The segments of each entity, and how many rows they have.
  - name: measures_anew
    description: Measures that days can't be added up to, over each span of days that a KPI needs.
  - name: measures_unknown
    description: Spans of days over which a measure has no value, and why.
"""
    )
