"""Distinct counts over spans of days, without looking at each thing in each span.

One scan of the entity leaves a row a day, slice and thing, with a mark by each measure that counts it. A span
is an unbroken run of days, so a thing is new to it on just one day: the one before which it was last seen
before the span, or never. Of each day it is therefore enough to know how many things were last seen on which
day before; a span adds up those of its days that are new to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.in_parts import THIS_PART, by_day_config, is_in_parts
from dagster_project.kpi.compile.shapes import SPAN_KEYS, dated, segments, split_by_dimension
from dagster_project.kpi.compile.sql import (
    COUNTED,
    as_of,
    config,
    ctes,
    generated,
    literal,
    ref,
    select,
)
from dagster_project.kpi.model import Entity, Measure


def is_plain_count(measure: Measure) -> bool:
    """Whether it counts distinct things that no other row and no period has a say in."""
    return (
        measure.agg == "count_distinct"
        and not measure.reads_period
        and measure.having is None
        and measure.also_in is None
    )


def distinct_files(entity: Entity, time: str, measures: Sequence[Measure]) -> dict[str, str]:
    """kpi/things_<...>.sql, the things of each day, and kpi/anew_<...>.sql, how many there are in each span.

    `measures`: the plain counts (`is_plain_count`) of this entity by this date of record.
    """
    place = f"{entity.name}__{time}"
    head, table = generated(entity.where.file), config(materialized="table")
    by_day = by_day_config(entity, time) if is_in_parts(entity, time) else table
    names = [measure.name for measure in measures]
    return {
        f"kpi/things_{place}.sql": head + by_day + _things(entity, time, measures),
        f"kpi/anew_{place}.sql": head + table + _over_spans(entity, time, names),
    }


def _things(entity: Entity, time: str, measures: Sequence[Measure]) -> str:
    """A row a day (NULL: undated), segments and thing; by each measure's name 1 where it counts the thing."""
    expressions: dict[str, list[Measure]] = {}
    for measure in measures:
        expressions.setdefault(str(measure.sql), []).append(measure)
    marked = "\nunion all\n".join(
        _marked(entity, time, expression, counting, measures) for expression, counting in expressions.items()
    )
    keys = ["date", *_segment_names(entity), "thing"]
    final = select(
        [*keys, *(f"max({measure.name}) as {measure.name}" for measure in measures)],
        "marked",
        f"group by {', '.join(keys)}",
    )
    return ctes([("marked", marked)], final)


def _marked(
    entity: Entity, time: str, expression: str, counting: Sequence[Measure], measures: Sequence[Measure]
) -> str:
    """The rows in which `counting` find a thing, by `expression`; the other `measures` find none there."""
    day = dated(entity, time)
    filters = [measure.filter for measure in counting]
    columns = [f"{day} as date", *segments(entity), f"cast({expression} as varchar) as thing"]
    for measure in measures:
        mark = "cast(null as integer)"
        if measure in counting:
            # Alone, the filter is in the where below.
            shared = measure.filter is not None and len(set(filters)) > 1
            mark = f"case when {measure.filter} then 1 end" if shared else "1"
        columns.append(f"{mark} as {measure.name}")
    conditions = [f"{expression} is not null", f"({time} is null or {day} <= {as_of()})"]
    if is_in_parts(entity, time):
        conditions.append(THIS_PART)
    if None not in filters:
        conditions.append(" or ".join(f"({text})" for text in dict.fromkeys(filters)))
        if len(set(filters)) > 1:
            conditions[-1] = f"({conditions[-1]})"
    return select(columns, ref(entity.name), f"where {' and '.join(conditions)}")


def _over_spans(entity: Entity, time: str, measures: Sequence[str]) -> str:
    slices = ["measure", "dimension", "segment"]
    known = select(
        ["things.*"],
        f"{ref(f'things_{entity.name}__{time}')} as things",
        f"left join {ref('entity_days')} as days",
        f"    on days.entity = {literal(entity.name)}",
        f"    and days.time = {literal(time)}",
        "    and days.date = things.date",
        "    and days.is_known",
        "where things.date is null or days.date is not null",
    )
    daily_keys = ["date", "dimension", "segment", "thing"]
    daily = select(
        [*daily_keys, *(f"max({name}) as {name}" for name in measures)],
        "segments",
        f"group by {', '.join(daily_keys)}",
    )
    counted = "\nunion all\n".join(
        select([f"{literal(name)} as measure", *daily_keys], "daily", f"where {name} = 1")
        for name in measures
    )
    seen = select(
        [
            *slices,
            "date",
            "lag(date) over (\n        partition by measure, dimension, segment, thing order by date\n"
            "    ) as seen_before",
        ],
        "counted",
        "where date is not null",
    )
    arrivals = select(
        [*slices, "date", "seen_before", "count(*) as things"],
        "seen",
        f"group by {', '.join(slices)}, date, seen_before",
    )
    parts = [
        ("known", known),
        # Qualified: a KPI may be called like a column of dimension_segments.
        (
            "segments",
            split_by_dimension(entity, "known", [f"known.{name}" for name in ("date", "thing", *measures)]),
        ),
        ("daily", daily),
        ("counted", counted),
        ("seen", seen),
        ("arrivals", arrivals),
        ("spread", f"{_in_spans()}\nunion all\n{_undated()}"),
    ]
    grouped = [*SPAN_KEYS, "dimension", "segment"]
    final = select(
        [*grouped, f"cast(sum(things) as {COUNTED}) as value"], "spread", f"group by {', '.join(grouped)}"
    )
    return ctes(parts, final)


def _segment_names(entity: Entity) -> list[str]:
    return [f"{dimension.name}__segment" for dimension in entity.dimensions]


def _in_spans() -> str:
    """Of every span the things that are in it for the first time."""
    return select(
        [
            "cuts.measure",
            *(f"spans.{key}" for key in SPAN_KEYS if key != "measure"),
            "arrivals.dimension",
            "arrivals.segment",
            "arrivals.things",
        ],
        "arrivals",
        f"inner join {ref('measure_cuts')} as cuts",
        "    on cuts.measure = arrivals.measure",
        f"inner join {ref('span_days')} as spans",
        "    on spans.covered_from = cuts.covered_from",
        "    and spans.data_through = cuts.data_through",
        "    and spans.shape = cuts.shape",
        "    and spans.date = arrivals.date",
        "where",
        "    arrivals.seen_before is null",
        "    or arrivals.seen_before < greatest(spans.from_date, spans.covered_from)",
    )


def _undated() -> str:
    """Things without a date of record are in no period, and in the whole, where they count once."""
    return select(
        [
            "cuts.measure",
            "cuts.covered_from",
            "cuts.data_through",
            "cuts.shape",
            "'all' as grain",
            "date '0001-01-01' as period_start",
            "'current' as span",
            "undated.dimension",
            "undated.segment",
            "1 as things",
        ],
        "counted as undated",
        f"inner join {ref('measure_cuts')} as cuts",
        "    on cuts.measure = undated.measure",
        "    and cuts.shape = 'own'",
        "left join counted as dated",
        "    on dated.measure = undated.measure",
        "    and dated.dimension = undated.dimension",
        "    and dated.segment = undated.segment",
        "    and dated.thing = undated.thing",
        "    and dated.date between cuts.covered_from and cuts.data_through",
        "where undated.date is null and dated.date is null",
    )
