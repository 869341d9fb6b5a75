"""The shapes that measure models share: the day of a row, its segments, sums by day and segment."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.sql import block, literal, ref, select
from dagster_project.kpi.model import Entity

ROWS = "rows"
# What a span of days is known by, and what it is with the measure that is taken over it.
SPAN = ("covered_from", "data_through", "shape", "grain", "period_start", "span")
SPAN_KEYS = ("measure", *SPAN)


def row_measure(entity: str, time: str) -> str:
    """The measure that counts an entity's rows at a date of record; it tells which segments have any."""
    return f"{entity}__{time}__{ROWS}"


def dated(entity: Entity, time: str) -> str:
    """The local date of record: a timestamp counts on its date."""
    kind = next(item.type for item in entity.times if item.name == time)
    return time if kind == "date" else f"cast({time} as date)"


def segment(column: str) -> str:
    return f"coalesce(cast({column} as varchar), '(none)')"


def segments(entity: Entity) -> list[str]:
    """A select item for each dimension: its segment as text, (none) where the row has none."""
    return [f"{segment(dimension.column)} as {dimension.name}__segment" for dimension in entity.dimensions]


def by_day(entity: Entity, totals: Sequence[str]) -> str:
    """The final select of a wide model: CTE `contributions` by date, in total and by each dimension."""
    names = [dimension.name for dimension in entity.dimensions]
    sets = ["(date)", *(f"(date, {name}__segment)" for name in names)]
    columns = ["date", *_grouped_names(names), *totals]
    return select(columns, "contributions", f"group by grouping sets ({', '.join(sets)})")


def _grouped_names(dimensions: Sequence[str]) -> list[str]:
    if not dimensions:
        return ["'total' as dimension", "'total' as segment"]
    names = "\n".join(
        f"        when grouping({name}__segment) = 0 then {literal(name)}" for name in dimensions
    )
    segments = "\n".join(
        f"        when grouping({name}__segment) = 0 then {name}__segment" for name in dimensions
    )
    return [
        f"case\n{names}\n        else 'total'\n    end as dimension",
        f"case\n{segments}\n        else 'total'\n    end as segment",
    ]


def of_cuts(relation: str, alias: str = "spans") -> list[str]:
    """Joins `cuts` (measure_cuts) with the spans that it is needed over: relation is spans or span_days."""
    return [
        f"inner join {ref(relation)} as {alias}",
        f"    on {alias}.covered_from = cuts.covered_from",
        f"    and {alias}.data_through = cuts.data_through",
        f"    and {alias}.shape = cuts.shape",
    ]


def empty(columns: Sequence[tuple[str, str]]) -> str:
    return (
        "select\n" + block([f"cast(null as {kind}) as {name}" for name, kind in columns]) + "\nwhere false\n"
    )


def split_by_dimension(entity: Entity, source: str, columns: Sequence[str]) -> str:
    """`source` (with a <dimension>__segment column each) as rows of (columns, dimension, segment)."""
    parts = [select([*columns, "'total' as dimension", "'total' as segment"], source)]
    for dimension in entity.dimensions:
        name = f"{dimension.name}__segment"
        limited = f"case when over_limit.segment is null then {name} else '(other)' end as segment"
        parts.append(
            select(
                [*columns, f"{literal(dimension.name)} as dimension", limited],
                source,
                f"left join {ref('dimension_segments')} as over_limit",
                f"    on over_limit.dimension = {literal(dimension.name)}",
                f"    and over_limit.segment = {name}",
                "    and over_limit.is_over",
            )
        )
    return "\nunion all\n".join(parts)
