"""Stocks: what is open, or was last counted, at the end of a day; and what of it stands for a period.

A level a day and segment first (rows come in on their first day and go out after their last), then for each
span the level on its last day, on the day before it began, the mean of its days, or the mean of the two ends.
A counted level has days on which it is not known: its mean is that of the others.
"""

from __future__ import annotations

from dataclasses import replace

from dagster_project.kpi.compile.measures import all_measures
from dagster_project.kpi.compile.shapes import SPAN, dated, of_cuts, segments, split_by_dimension
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
from dagster_project.kpi.model import Definitions, Entity, Measure


def stock_files(definitions: Definitions) -> dict[str, str]:
    """kpi/levels_<stock>.sql, its daily levels; kpi/stocks_<measure>.sql for each way to read a period."""
    files: dict[str, str] = {}
    levels: dict[Measure, str] = {}
    for measure in all_measures(definitions):
        if measure.stock is None:
            continue
        entity = definitions.entity(measure.entity)
        base = replace(measure, name="", stock=replace(measure.stock, period_agg="last"))
        if base not in levels:
            levels[base] = f"levels_{measure.name}"
            files[f"kpi/{levels[base]}.sql"] = _levels(entity, measure)
        files[f"kpi/stocks_{measure.name}.sql"] = _stock(entity, measure, levels[base])
    return files


def open_rows(entity: Entity, measure: Measure) -> list[tuple[str, str]]:
    """CTE `open_rows`: first day in, first day out (NULL: still open), segments, what a row counts for."""
    stock = measure.stock
    assert stock is not None
    value = (
        f"cast({measure.sql} as varchar)"
        if measure.agg == "count_distinct"
        else f"cast({measure.sql} as {COUNTED})"
    )
    counted = f"cast(1 as {COUNTED})" if measure.agg == "count" else value
    if stock.start is not None:
        first = dated(entity, stock.start)
        out = "cast(null as date)"
        if stock.end is not None:
            out = f"cast({stock.end} as date)"
            if stock.end_is_in:
                out = "{{ add_days('" + out + "', 1) }}"
        columns = [f"{first} as first_in", f"{out} as first_out", *segments(entity), f"{counted} as counted"]
        condition = [f"{stock.start} is not null", f"{first} <= {as_of()}"]
        if measure.filter:
            condition.append(f"({measure.filter})")
        return [("open_rows", select(columns, ref(entity.name), f"where {' and '.join(condition)}"))]
    # A counted level holds until the series is counted again, at most as long as it may be carried.
    day = dated(entity, measure.time)
    series = ", ".join(stock.series)
    following = f"lead({day}) over (partition by {series} order by {day}, {', '.join(entity.key)})"
    rows = select(
        [f"{day} as first_in", f"{following} as counted_again", *segments(entity), f"{counted} as counted"],
        ref(entity.name),
        *([f"where ({measure.filter})"] if measure.filter else []),
    )
    out = "counted_again"
    if stock.carry_days is not None:
        out = "least(counted_again, {{ add_days('first_in', " + str(stock.carry_days + 1) + ") }})"
    names = [f"{dimension.name}__segment" for dimension in entity.dimensions]
    opened = select(
        ["first_in", f"{out} as first_out", *names, "counted"],
        "counted_rows",
        f"where first_in <= {as_of()}",
    )
    return [("counted_rows", rows), ("open_rows", opened)]


def _days(entity: Entity, measure: Measure) -> list[tuple[str, str]]:
    place = f"where entity = {literal(entity.name)} and time = {literal(measure.time)}"
    return [
        ("bounds", select(["min(date) as first_day", "max(date) as last_day"], ref("entity_days"), place)),
        # One day before the first is there for what a first period opened with.
        (
            "days",
            select(
                ["dim_date.date"],
                f"{ref('dim_date')} as dim_date",
                "inner join bounds",
                "    on dim_date.date between {{ add_days('bounds.first_day', -1) }} and bounds.last_day",
            ),
        ),
    ]


def _levels(entity: Entity, measure: Measure) -> str:
    parts = [*open_rows(entity, measure), *_days(entity, measure)]
    columns = ["first_in", "first_out", "counted"]
    parts.append(("split", split_by_dimension(entity, "open_rows", columns)))
    head = generated(entity.where.file) + config(materialized="table")
    if measure.agg == "count_distinct":
        final = select(
            [
                "days.date",
                "split.dimension",
                "split.segment",
                f"cast(count(distinct split.counted) as {COUNTED}) as value",
            ],
            "split",
            "inner join days",
            "    on days.date >= split.first_in",
            "    and (split.first_out is null or days.date < split.first_out)",
            "group by days.date, split.dimension, split.segment",
        )
        return head + ctes(parts, final)
    before = "greatest(first_in, {{ add_days('bounds.first_day', -1) }})"
    left = "greatest(first_out, {{ add_days('bounds.first_day', -1) }})"
    valid = "first_out is null or first_out > first_in"
    changes = "\nunion all\n".join(
        [
            select(
                [f"{before} as date", "dimension", "segment", "counted as change"],
                "split",
                "cross join bounds",
                f"where {valid}",
            ),
            select(
                [f"{left} as date", "dimension", "segment", "-counted as change"],
                "split",
                "cross join bounds",
                "where first_out > first_in and first_out <= bounds.last_day",
            ),
        ]
    )
    parts += [
        ("changes", changes),
        (
            "changed",
            select(
                ["date", "dimension", "segment", "sum(change) as change"],
                "changes",
                "group by date, dimension, segment",
            ),
        ),
        (
            "grid",
            select(
                ["days.date", "known.dimension", "known.segment"],
                "days",
                "cross join (select distinct dimension, segment from changed) as known",
            ),
        ),
        (
            "running",
            select(
                [
                    "grid.date",
                    "grid.dimension",
                    "grid.segment",
                    "sum(coalesce(changed.change, 0)) over (\n"
                    "        partition by grid.dimension, grid.segment order by grid.date\n    ) as value",
                ],
                "grid",
                "left join changed",
                "    on changed.date = grid.date",
                "    and changed.dimension = grid.dimension",
                "    and changed.segment = grid.segment",
            ),
        ),
    ]
    final = select(
        ["date", "dimension", "segment", f"cast(value as {COUNTED}) as value"],
        "running",
        "where value <> 0 or dimension = 'total'",
    )
    return head + ctes(parts, final)


def spans_cut(measure: Measure) -> str:
    """The spans that the measure is needed over, from the first day that is covered."""
    return select(
        [f"spans.{key}" for key in SPAN]
        + ["greatest(spans.from_date, spans.covered_from) as from_date", "spans.through_date"],
        f"{ref('measure_cuts')} as cuts",
        *of_cuts("spans"),
        f"where cuts.measure = {literal(measure.name)}",
    )


def known_days(entity: Entity, measure: Measure) -> list[tuple[str, str]]:
    """CTE `known_days`: the days of a counted level on which one of its series holds."""
    # A filter says which levels count, not which are known.
    rows = open_rows(entity, replace(measure, filter=None))
    held = select(
        ["first_in", "first_out"], "open_rows", "where first_out is null or first_out > first_in"
    ).replace("select\n", "select distinct\n", 1)
    bounds = select(
        ["min(date) as first_day", "max(date) as last_day"],
        ref("entity_days"),
        f"where entity = {literal(entity.name)} and time = {literal(measure.time)}",
    )
    days = select(
        ["dim_date.date"],
        f"{ref('dim_date')} as dim_date",
        "inner join bounds",
        "    on dim_date.date between bounds.first_day and bounds.last_day",
        "inner join held",
        "    on dim_date.date >= held.first_in",
        "    and (held.first_out is null or dim_date.date < held.first_out)",
    ).replace("select\n", "select distinct\n", 1)
    return [*rows, ("held", held), ("bounds", bounds), ("known_days", days)]


def _with_known_days(entity: Entity, measure: Measure) -> list[tuple[str, str]]:
    """CTE `spans` with known_days, how many of them there are in each."""
    columns = [*(f"all_spans.{key}" for key in SPAN), "all_spans.from_date", "all_spans.through_date"]
    spans = select(
        [*columns, "count(*) as known_days"],
        "all_spans",
        "inner join known_days",
        "    on known_days.date between all_spans.from_date and all_spans.through_date",
        f"group by {', '.join(columns)}",
    )
    return [*known_days(entity, measure), ("all_spans", spans_cut(measure)), ("spans", spans)]


def _stock(entity: Entity, measure: Measure, levels: str) -> str:
    stock = measure.stock
    assert stock is not None
    head = generated(entity.where.file) + config(materialized="table")
    parts = [("spans", spans_cut(measure))]
    name = f"{literal(measure.name)} as measure"
    keys = [f"spans.{key}" for key in SPAN]
    if stock.period_agg == "any":
        parts = [*open_rows(entity, measure), *parts]
        parts.append(("split", split_by_dimension(entity, "open_rows", ["first_in", "first_out", "counted"])))
        total = "count(distinct split.counted)" if measure.agg == "count_distinct" else "sum(split.counted)"
        final = select(
            [name, *keys, "split.dimension", "split.segment", f"cast({total} as {COUNTED}) as value"],
            "split",
            "inner join spans",
            "    on split.first_in <= spans.through_date",
            "    and (split.first_out is null or split.first_out > spans.from_date)",
            # In and out on one day is open at the end of none.
            "    and (split.first_out is null or split.first_out > split.first_in)",
            f"group by {', '.join([*keys, 'split.dimension', 'split.segment'])}",
        )
        return head + ctes(parts, final)
    opening = "{{ add_days('spans.from_date', -1) }}"
    days_in_all = "({{ days_between('spans.from_date', 'spans.through_date') }} + 1)"
    if stock.period_agg == "average" and stock.start is None:
        parts, days_in_all = _with_known_days(entity, measure), "any_value(spans.known_days)"
    days = {
        "last": ("levels.date = spans.through_date", "sum(levels.value)"),
        "opening": (f"levels.date = {opening}", "sum(levels.value)"),
        "midpoint": (
            f"(levels.date = {opening} or levels.date = spans.through_date)",
            "sum(levels.value) / 2",
        ),
        "average": (
            "levels.date between spans.from_date and spans.through_date",
            f"sum(levels.value) / {days_in_all}",
        ),
    }
    condition, value = days[stock.period_agg]
    grouped = [*keys, "spans.from_date", "spans.through_date", "levels.dimension", "levels.segment"]
    final = select(
        [name, *keys, "levels.dimension", "levels.segment", f"cast({value} as {COUNTED}) as value"],
        "spans",
        f"inner join {ref(levels)} as levels",
        f"    on {condition}",
        f"group by {', '.join(grouped)}",
    )
    return head + ctes(parts, final)
