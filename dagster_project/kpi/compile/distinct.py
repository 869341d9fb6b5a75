"""Distinct counts over spans of days, without looking at each thing in each span.

One scan of the entity leaves a row a day, slice and thing, with a mark by each measure that counts it. A span
is an unbroken run of days, so a thing is new to it on just one day: the one before which it was last seen
before the span, or never. Of each day it is therefore enough to know how many things were last seen on which
day before; a span adds up those of its days that are new to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.arrivals import arrivals, dimensions_of
from dagster_project.kpi.compile.in_parts import THIS_PART, by_day_config, is_in_parts, since_config
from dagster_project.kpi.compile.shapes import SPAN, dated, of_cuts, segments
from dagster_project.kpi.compile.sql import (
    COUNTED,
    as_of,
    config,
    ctes,
    generated,
    not_null,
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
    Between them kpi/arrivals_<...>.sql (`arrivals`), where both are written in parts.

    `measures`: the plain counts (`is_plain_count`) of this entity by this date of record.
    """
    place = f"{entity.name}__{time}"
    head, table = generated(entity.where.file), config(materialized="table")
    counted = arrivals(entity, time, [measure.name for measure in measures])
    things = _things(entity, time, measures)
    if not is_in_parts(entity, time):
        return {
            f"kpi/things_{place}.sql": head + table + things,
            f"kpi/anew_{place}.sql": head + table + _over_spans("arrivals", [("arrivals", counted)]),
        }
    of_spans = _over_spans(f"{ref(f'arrivals_{place}')} as arrivals", [])
    return {
        f"kpi/things_{place}.sql": head + by_day_config(entity, time, remembers=True) + things,
        f"kpi/arrivals_{place}.sql": head + since_config(entity, time) + counted,
        f"kpi/anew_{place}.sql": head + table + of_spans,
    }


def _things(entity: Entity, time: str, measures: Sequence[Measure]) -> str:
    """A row a day (NULL: undated), segments and thing; by each measure's name 1 where it counts the thing."""
    expressions: dict[str, list[Measure]] = {}
    for measure in measures:
        expressions.setdefault(str(measure.sql), []).append(measure)
    marked = "\nunion all\n".join(
        _marked(entity, time, expression, counting, measures) for expression, counting in expressions.items()
    )
    keys = ["date", *(column for _, column in dimensions_of(entity)), "thing"]
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
    conditions = [not_null(expression), f"({time} is null or {day} <= {as_of()})"]
    if is_in_parts(entity, time):
        conditions.append(THIS_PART)
    if None not in filters:
        conditions.append(" or ".join(f"({text})" for text in dict.fromkeys(filters)))
        if len(set(filters)) > 1:
            conditions[-1] = f"({conditions[-1]})"
    return select(columns, ref(entity.name), f"where {' and '.join(conditions)}")


def _over_spans(counted: str, before: Sequence[tuple[str, str]]) -> str:
    """Values of spans from `counted`, a relation of arrivals; `before`: CTEs that it stands in.

    Added up by the span's number, as all that a span is known by would be compared row by row.
    """
    grouped = ["measure", "span_number", "dimension", "segment"]
    added = select(
        [*grouped, f"cast(sum(things) as {COUNTED}) as value"], "spread", f"group by {', '.join(grouped)}"
    )
    keys = [f"spans.{key}" for key in SPAN]
    final = select(
        ["added.measure", *keys, "added.dimension", "added.segment", "added.value"],
        "added",
        f"inner join {ref('spans')} as spans",
        "    on spans.span_number = added.span_number",
    )
    return ctes(
        [
            *before,
            ("wanted", _wanted()),
            ("spread", f"{_in_spans(counted)}\nunion all\n{_undated(counted)}"),
            ("added", added),
        ],
        final,
    )


def _wanted() -> str:
    """The days of every span of every measure, with the first that counts of the span."""
    return select(
        [
            "cuts.measure",
            "spans.span_number",
            "spans.date",
            "greatest(spans.from_date, spans.covered_from) as first_date",
        ],
        f"{ref('measure_cuts')} as cuts",
        *of_cuts("span_days"),
    )


def _in_spans(counted: str) -> str:
    """Of every span the things that are in it for the first time."""
    return select(
        ["wanted.measure", "wanted.span_number", "arrivals.dimension", "arrivals.segment", "arrivals.things"],
        counted,
        "inner join wanted",
        "    on wanted.measure = arrivals.measure",
        "    and wanted.date = arrivals.date",
        "where arrivals.seen_before is null or arrivals.seen_before < wanted.first_date",
    )


def _undated(counted: str) -> str:
    """Things without a date of record are in no period, and in the whole, where they count once."""
    return select(
        ["cuts.measure", "spans.span_number", "arrivals.dimension", "arrivals.segment", "arrivals.things"],
        counted,
        f"inner join {ref('measure_cuts')} as cuts",
        "    on cuts.measure = arrivals.measure",
        "    and cuts.shape = 'own'",
        *of_cuts("spans"),
        "    and spans.grain = 'all'",
        "where",
        "    arrivals.date is null",
        "    and (arrivals.seen_before is null or arrivals.seen_before < cuts.covered_from)",
        "    and (arrivals.seen_after is null or arrivals.seen_after > cuts.data_through)",
    )
