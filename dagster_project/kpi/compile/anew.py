"""Measures that days can't be added up to: computed anew over every span of days that a KPI needs.

Medians, filters that name the period, and conditions on the rows of each thing look at the rows; plain
distinct counts don't have to (`distinct`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dagster_project.kpi.compile.distinct import distinct_files, is_plain_count
from dagster_project.kpi.compile.measures import all_measures
from dagster_project.kpi.compile.shapes import SPAN_KEYS, dated, empty, of_cuts, segments, split_by_dimension
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
from dagster_project.kpi.compile.stocks import stock_files
from dagster_project.kpi.model import Definitions, Entity, Measure

COLUMNS = (
    ("measure", "varchar"),
    ("covered_from", "date"),
    ("data_through", "date"),
    ("shape", "varchar"),
    ("grain", "varchar"),
    ("period_start", "date"),
    ("span", "varchar"),
    ("dimension", "varchar"),
    ("segment", "varchar"),
    ("value", COUNTED),
)


def anew_files(definitions: Definitions) -> dict[str, str]:
    """kpi/anew_<...>.sql and stocks_<...>.sql with what they read (things_<...>.sql, levels_<...>.sql), and
    kpi/measures_anew.sql, their union."""
    files: dict[str, str] = {}
    counted: dict[tuple[str, str], list[Measure]] = {}
    for measure in all_measures(definitions):
        if not measure.is_anew:
            continue
        if is_plain_count(measure):
            counted.setdefault((measure.entity, measure.time), []).append(measure)
        else:
            entity = definitions.entity(measure.entity)
            files[f"kpi/anew_{measure.name}.sql"] = _over_rows(entity, measure)
    for (entity_name, time), measures in counted.items():
        entity = definitions.entity(entity_name)
        files |= distinct_files(entity, time, measures)
    files |= stock_files(definitions)
    names = [path.removeprefix("kpi/").removesuffix(".sql") for path in files]
    models = [name for name in names if name.startswith(("anew_", "stocks_"))]
    files["kpi/measures_anew.sql"] = _union(models)
    return files


def _union(models: Sequence[str]) -> str:
    head = generated("kpi_definitions/kpis") + config(materialized="view")
    if not models:
        return head + empty(list(COLUMNS))
    names = [name for name, _ in COLUMNS]
    return head + "\nunion all\n".join(select(names, ref(name)) for name in models) + "\n"


def spans_of(entity: Entity, time: str, measures: Sequence[str]) -> str:
    """The days of every span that the measures are needed over, those that are known."""
    listed = ", ".join(literal(name) for name in measures)
    return select(
        ["cuts.measure", "days.*"],
        f"{ref('measure_cuts')} as cuts",
        *of_cuts("span_days", "days"),
        f"inner join {ref('entity_days')} as known",
        f"    on known.entity = {literal(entity.name)}",
        f"    and known.time = {literal(time)}",
        "    and known.date = days.date",
        "    and known.is_known",
        f"where cuts.measure in ({listed})",
    )


def _undated(columns: Sequence[str], source: str, through: Sequence[str] = ()) -> str:
    """Rows without a date of record are in no period, and in the whole."""
    fixed = ["cuts.measure", "cuts.covered_from", "cuts.data_through", "cuts.shape"]
    fixed += ["'all' as grain", "date '0001-01-01' as period_start", "'current' as span", *through]
    return select(
        [*fixed, *columns],
        source,
        f"inner join {ref('measure_cuts')} as cuts",
        f"    on cuts.measure = {source}.measure",
        "    and cuts.shape = 'own'",
        f"where {source}.date is null",
    )


def _over_rows(entity: Entity, measure: Measure) -> str:
    """Rows joined with every span that their day lies in, filtered there, aggregated there."""
    day = dated(entity, measure.time)
    columns = [f"{literal(measure.name)} as measure", f"{day} as date", *segments(entity)]
    columns += [f"{column.name} as row__{column.name}" for column in entity.columns if not column.pii]
    rows = select(columns, ref(entity.name), f"where {measure.time} is null or {day} <= {as_of()}")
    carried = [f"row__{column.name}" for column in entity.columns if not column.pii]
    needed = [name for name in carried if _reads(measure, name.removeprefix("row__"))]
    split = split_by_dimension(entity, "entity_rows", ["measure", "date", *needed])
    keys = [f"spans.{key}" for key in SPAN_KEYS]
    joined = select(
        [*keys, "spans.from_date", "spans.through_date", "segments.dimension", "segments.segment", *needed],
        "segments",
        "inner join spans",
        "    on spans.measure = segments.measure",
        "    and spans.date = segments.date",
    )
    undated = _undated(
        ["segments.dimension", "segments.segment", *needed],
        "segments",
        ["cuts.covered_from as from_date", "cuts.data_through as through_date"],
    )
    condition = _in_span(measure.filter, needed) if measure.filter else "true"
    value = _in_span(measure.sql, needed) if measure.sql else "1"
    grouped = f"group by {', '.join([*SPAN_KEYS, 'dimension', 'segment'])}"
    parts = [
        ("entity_rows", rows),
        ("segments", split),
        ("spans", spans_of(entity, measure.time, [measure.name])),
        ("joined", joined + "\nunion all\n" + undated),
        (
            "chosen",
            select([*SPAN_KEYS, "dimension", "segment", f"{value} as value"], "joined", f"where {condition}"),
        ),
    ]
    if measure.also_in is not None:
        parts += _also_in(measure)
    source = "seen_again" if measure.also_in is not None else "chosen"
    if measure.having is not None:
        parts.append(
            (
                "things",
                select(
                    [*SPAN_KEYS, "dimension", "segment", "value"],
                    source,
                    "where value is not null",
                    f"{grouped}, value",
                    f"having {measure.having}",
                ),
            )
        )
        source = "things"
    final = select([*SPAN_KEYS, "dimension", "segment", f"{_aggregate(measure)} as value"], source, grouped)
    return generated(entity.where.file) + config(materialized="table") + ctes(parts, final)


def _reads(measure: Measure, column: str) -> bool:
    text = f"{measure.sql or ''} {measure.filter or ''}"
    return re.search(rf"\b{column}\b", re.sub(r"'[^']*'", "", text)) is not None


def _in_span(sql: str, carried: Sequence[str]) -> str:
    """`sql` over the joined rows: columns by their carried names, the period by the span's."""
    names = {name.removeprefix("row__"): name for name in carried}
    names |= {"period_start": "from_date", "period_end": "through_date"}
    parts = re.split(r"('(?:[^']|'')*')", sql)
    return "".join(
        part
        if part.startswith("'")
        else re.sub(r"\b[a-z_][a-z0-9_]*\b", lambda word: names.get(str(word[0]), str(word[0])), part)
        for part in parts
    )


def _aggregate(measure: Measure) -> str:
    if measure.agg in ("median", "percentile"):
        share = measure.percentile if measure.percentile is not None else 0.5
        return f"cast({{{{ percentile('cast(value as double)', {share}) }}}} as {COUNTED})"
    if measure.agg == "only":
        # Two rows for one slice can't be told apart, and must not be added.
        return f"cast(case when count(value) = 1 then max(value) end as {COUNTED})"
    if measure.agg == "count_distinct":
        return f"cast(nullif(count(distinct value), 0) as {COUNTED})"
    if measure.agg == "count":
        return f"cast(nullif(count(value), 0) as {COUNTED})"
    function = measure.agg if measure.agg in ("min", "max") else "sum"
    return f"cast({function}(cast(value as {COUNTED})) as {COUNTED})"


def _also_in(measure: Measure) -> list[tuple[str, str]]:
    """Only things that are also there, in any segment, in the period after or before."""
    step = "previous_start" if measure.also_in == "previous_period" else "next_start"
    neighbours = select(
        [
            "grain",
            "period_start",
            "previous_start",
            "lead(period_start) over (partition by grain order by period_start) as next_start",
        ],
        ref("periods"),
    )
    there = select(
        ["covered_from", "data_through", "shape", "grain", "period_start", "value"],
        "chosen",
        "where dimension = 'total' and span = 'current' and value is not null",
    ).replace("select\n", "select distinct\n", 1)
    seen_again = select(
        [f"chosen.{name}" for name in (*SPAN_KEYS, "dimension", "segment", "value")],
        "chosen",
        "inner join neighbours",
        "    on neighbours.grain = chosen.grain",
        "    and neighbours.period_start = chosen.period_start",
        "inner join there",
        "    on there.covered_from = chosen.covered_from",
        "    and there.data_through = chosen.data_through",
        "    and there.shape = chosen.shape",
        "    and there.grain = chosen.grain",
        f"    and there.period_start = neighbours.{step}",
        "    and there.value = chosen.value",
    )
    return [("neighbours", neighbours), ("there", there), ("seen_again", seen_again)]
