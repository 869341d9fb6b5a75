"""Measures: one wide daily model an entity and date of record for what adds up, one for distinct counts.

A wide model reads its entity once, whatever the number of KPIs, and splits by each dimension with grouping
sets. Distinct counts can't be added from day to day, so they are counted anew over every span of days that a
KPI needs (model span_days).
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.sql import (
    COUNTED,
    as_of,
    block,
    config,
    ctes,
    generated,
    generated_yaml,
    literal,
    ref,
    select,
)
from dagster_project.kpi.model import Definitions, Entity, Measure

ROWS = "rows"


def measure_files(definitions: Definitions) -> dict[str, str]:
    """kpi/measures_<entity>__<time>[_distinct].sql and the two unions that the hand-written models read."""
    files: dict[str, str] = {}
    additive, distinct = [], []
    for (entity_name, time), measures in measures_by_time(definitions).items():
        entity = definitions.entity(entity_name)
        daily = [measure for measure in measures if measure.agg != "count_distinct"]
        name = f"measures_{entity_name}__{time}"
        files[f"kpi/{name}.sql"] = _daily(entity, time, daily)
        additive.append((name, [row_measure(entity_name, time), *(measure.name for measure in daily)]))
        counted = [measure for measure in measures if measure.agg == "count_distinct"]
        if counted:
            files[f"kpi/{name}_distinct.sql"] = _distinct(entity, time, counted)
            distinct.append(f"{name}_distinct")
    files["kpi/measures_additive.sql"] = _union_additive(additive)
    files["kpi/measures_distinct.sql"] = _union_distinct(distinct)
    files["kpi/_measures.yml"] = _yaml()
    return files


def measures_by_time(definitions: Definitions) -> dict[tuple[str, str], list[Measure]]:
    """(entity, time) → its measures, each once, in the order of the KPIs."""
    found: dict[tuple[str, str], dict[str, Measure]] = {}
    for kpi in definitions.kpis:
        for operand in (kpi.numerator, kpi.denominator):
            if operand is not None:
                measure = operand.measure
                found.setdefault((measure.entity, measure.time), {})[measure.name] = measure
    return {place: list(measures.values()) for place, measures in found.items()}


def row_measure(entity: str, time: str) -> str:
    """The measure that counts an entity's rows at a date of record; it tells which segments have any."""
    return f"{entity}__{time}__{ROWS}"


def _dated(entity: Entity, time: str) -> str:
    """The local date of record: a timestamp counts on its date."""
    kind = next(item.type for item in entity.times if item.name == time)
    return time if kind == "date" else f"cast({time} as date)"


def _daily(entity: Entity, time: str, measures: Sequence[Measure]) -> str:
    dimensions = [(dimension.name, dimension.column) for dimension in entity.dimensions]
    columns = [f"{_dated(entity, time)} as date"]
    columns += [f"{_segment(column)} as {name}__segment" for name, column in dimensions]
    columns += [f"{_contribution(measure)} as {measure.name}" for measure in measures]
    known = f"where {time} is null or {_dated(entity, time)} <= {as_of()}"
    sets = ["(date)", *(f"(date, {name}__segment)" for name, _ in dimensions)]
    totals = ["date", *_grouped_names(dimensions)]
    totals.append(f"cast(count(*) as {COUNTED}) as {row_measure(entity.name, time)}")
    totals += [f"{_total(measure)} as {measure.name}" for measure in measures]
    final = select(totals, "contributions", f"group by grouping sets ({', '.join(sets)})")
    head = generated(entity.where.file) + config(materialized="table")
    return head + ctes([("contributions", select(columns, ref(entity.name), known))], final)


def _segment(column: str) -> str:
    return f"coalesce(cast({column} as varchar), '(none)')"


def _grouped_names(dimensions: Sequence[tuple[str, str]]) -> list[str]:
    if not dimensions:
        return ["'total' as dimension", "'total' as segment"]
    names = "\n".join(
        f"        when grouping({name}__segment) = 0 then {literal(name)}" for name, _ in dimensions
    )
    segments = "\n".join(
        f"        when grouping({name}__segment) = 0 then {name}__segment" for name, _ in dimensions
    )
    return [
        f"case\n{names}\n        else 'total'\n    end as dimension",
        f"case\n{segments}\n        else 'total'\n    end as segment",
    ]


def _contribution(measure: Measure) -> str:
    """What one row adds; NULL where the filter is false or NULL, so that it adds nothing."""
    if measure.agg == "count":
        conditions = [
            part for part in (measure.filter, f"{measure.sql} is not null" if measure.sql else None) if part
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


def _distinct(entity: Entity, time: str, measures: Sequence[Measure]) -> str:
    dimensions = [(dimension.name, dimension.column) for dimension in entity.dimensions]
    names = [f"{name}__segment" for name, _ in dimensions]
    parts: list[tuple[str, str]] = []
    selected = []
    for measure in measures:
        columns = [f"{literal(measure.name)} as measure", f"{_dated(entity, time)} as date"]
        columns += [f"{_segment(column)} as {name}__segment" for name, column in dimensions]
        columns.append(f"cast({measure.sql} as varchar) as counted")
        conditions = [
            f"{measure.sql} is not null",
            f"({time} is null or {_dated(entity, time)} <= {as_of()})",
        ]
        if measure.filter:
            conditions.append(f"({measure.filter})")
        selected.append(
            f"select distinct\n{block(columns)}\nfrom {ref(entity.name)}\nwhere {' and '.join(conditions)}"
        )
    parts.append(("counted", "\nunion all\n".join(selected)))
    split = [select(["measure", "date", "'total' as dimension", "'total' as segment", "counted"], "counted")]
    for (dimension, _), name in zip(dimensions, names, strict=True):
        limited = f"case when over_limit.segment is null then {name} else '(other)' end as segment"
        split.append(
            select(
                ["measure", "date", f"{literal(dimension)} as dimension", limited, "counted"],
                "counted",
                f"left join {ref('dimension_segments')} as over_limit",
                f"    on over_limit.dimension = {literal(dimension)}",
                f"    and over_limit.segment = {name}",
                "    and over_limit.is_over",
            )
        )
    parts.append(("segments", "\nunion all\n".join(split)))
    # Two levels: distinct first within the day, which is all that the spans then have to look at.
    parts.append(("daily", "select distinct *\nfrom segments"))
    parts.append(
        (
            "spans",
            select(
                ["cuts.measure", "days.*"],
                f"{ref('measure_cuts')} as cuts",
                f"inner join {ref('span_days')} as days",
                "    on days.covered_from = cuts.covered_from",
                "    and days.data_through = cuts.data_through",
                f"inner join {ref('entity_days')} as known",
                f"    on known.entity = {literal(entity.name)}",
                f"    and known.time = {literal(time)}",
                "    and known.date = days.date",
                "    and known.is_known",
            ),
        )
    )
    keys = ["measure", "covered_from", "data_through", "grain", "period_start", "span"]
    dated = select(
        [f"spans.{key}" for key in keys] + ["daily.dimension", "daily.segment", "daily.counted"],
        "daily",
        "inner join spans",
        "    on spans.measure = daily.measure",
        "    and spans.date = daily.date",
    )
    # Rows without a date of record are in no period, and in the whole.
    undated = select(
        [
            "cuts.measure",
            "cuts.covered_from",
            "cuts.data_through",
            "'all' as grain",
            "date '0001-01-01' as period_start",
            "'current' as span",
            "daily.dimension",
            "daily.segment",
            "daily.counted",
        ],
        "daily",
        f"inner join {ref('measure_cuts')} as cuts",
        "    on cuts.measure = daily.measure",
        "where daily.date is null",
    )
    parts.append(("spread", dated + "\nunion all\n" + undated))
    final = select(
        [*keys, "dimension", "segment", f"cast(count(distinct counted) as {COUNTED}) as value"],
        "spread",
        f"group by {', '.join([*keys, 'dimension', 'segment'])}",
    )
    return generated(entity.where.file) + config(materialized="table") + ctes(parts, final)


def _union_additive(models: Sequence[tuple[str, Sequence[str]]]) -> str:
    head = generated("kpi_definitions/kpis") + config(materialized="table")
    if not models:
        columns = ["date", "varchar", "varchar", "varchar", COUNTED]
        names = ["date", "measure", "dimension", "segment", "value"]
        return head + _empty(list(zip(names, columns, strict=True)))
    parts = [
        "{{ unpivot_measures(ref('"
        + name
        + "'), ['date', 'dimension', 'segment'], [\n"
        + block([f"'{measure}'" for measure in measures])
        + "\n]) }}"
        for name, measures in models
    ]
    return head + "\nunion all\n".join(parts) + "\n"


def _union_distinct(models: Sequence[str]) -> str:
    head = generated("kpi_definitions/kpis") + config(materialized="view")
    if not models:
        columns = [
            ("measure", "varchar"),
            ("covered_from", "date"),
            ("data_through", "date"),
            ("grain", "varchar"),
            ("period_start", "date"),
            ("span", "varchar"),
            ("dimension", "varchar"),
            ("segment", "varchar"),
            ("value", COUNTED),
        ]
        return head + _empty(columns)
    return head + "\nunion all\n".join(f"select * from {ref(name)}" for name in models) + "\n"


def _empty(columns: Sequence[tuple[str, str]]) -> str:
    return (
        "select\n" + block([f"cast(null as {kind}) as {name}" for name, kind in columns]) + "\nwhere false\n"
    )


def _yaml() -> str:
    return (
        generated_yaml("kpi_definitions/kpis")
        + """models:
  - name: measures_additive
    description: Every measure that adds up over days, one row a date, measure, dimension and segment.
  - name: measures_distinct
    description: Distinct counts over each span of days that a KPI needs.
"""
    )
