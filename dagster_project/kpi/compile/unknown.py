"""What lies at the edge of the data: spans over which a measure is not known, though each of their days is.

A level is known where one of its series still holds; what is also in a neighbouring period, where that period
lies wholly in the data. Elsewhere there is no value, and never 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.measures import all_measures
from dagster_project.kpi.compile.shapes import SPAN, SPAN_KEYS, empty
from dagster_project.kpi.compile.sql import config, ctes, generated, literal, ref, select
from dagster_project.kpi.compile.stocks import known_days, spans_cut
from dagster_project.kpi.model import Definitions, Entity, Measure, Stock

TYPES = {"measure": "varchar", "shape": "varchar", "grain": "varchar", "span": "varchar", "why": "varchar"}
COLUMNS = tuple((name, TYPES.get(name, "date")) for name in (*SPAN_KEYS, "why"))


def unknown_files(definitions: Definitions) -> dict[str, str]:
    """kpi/unknown_<measure>.sql, and kpi/measures_unknown.sql, their union."""
    files: dict[str, str] = {}
    for measure in all_measures(definitions):
        entity = definitions.entity(measure.entity)
        if measure.also_in is not None:
            files[f"kpi/unknown_{measure.name}.sql"] = _beside(entity, measure)
        elif measure.stock is not None and measure.stock.start is None:
            files[f"kpi/unknown_{measure.name}.sql"] = _levels(entity, measure, measure.stock)
    names = [path.removeprefix("kpi/").removesuffix(".sql") for path in files]
    files["kpi/measures_unknown.sql"] = _union(names)
    return files


def _union(models: Sequence[str]) -> str:
    head = generated("kpi_definitions/kpis") + config(materialized="view")
    if not models:
        return head + empty(list(COLUMNS))
    names = [name for name, _ in COLUMNS]
    return head + "\nunion all\n".join(select(names, ref(name)) for name in models) + "\n"


def _columns(measure: Measure, why: str) -> list[str]:
    return [f"{literal(measure.name)} as measure", *(f"spans.{key}" for key in SPAN), f"{why} as why"]


def _beside(entity: Entity, measure: Measure) -> str:
    neighbours = select(
        [
            "grain",
            "period_start",
            "previous_start",
            "lead(period_end) over (partition by grain order by period_start) as next_end",
        ],
        ref("periods"),
    )
    known, why = "neighbours.previous_start >= spans.covered_from", "before_data"
    if measure.also_in == "next_period":
        known, why = "neighbours.next_end <= spans.data_through", "not_mature"
    # The whole has no neighbour.
    final = select(
        _columns(measure, literal(why)),
        "spans",
        "left join neighbours",
        "    on neighbours.grain = spans.grain",
        "    and neighbours.period_start = spans.period_start",
        f"where not coalesce({known}, false)",
    )
    parts = [("spans", spans_cut(measure)), ("neighbours", neighbours)]
    return generated(entity.where.file) + config(materialized="table") + ctes(parts, final)


def _levels(entity: Entity, measure: Measure, stock: Stock) -> str:
    parts = [*known_days(entity, measure), ("spans", spans_cut(measure))]
    head = generated(entity.where.file) + config(materialized="table")
    if stock.period_agg in ("average", "any"):
        final = select(
            _columns(measure, "'no_data'"),
            "spans",
            "left join known_days",
            "    on known_days.date between spans.from_date and spans.through_date",
            f"group by {', '.join(f'spans.{key}' for key in SPAN)}",
            "having count(known_days.date) = 0",
        )
        return head + ctes(parts, final)
    joins, lacks, why = [], [], "'no_data'"
    if stock.period_agg != "last":
        joins += ["left join known_days as opening"]
        joins += ["    on opening.date = {{ add_days('spans.from_date', -1) }}"]
        lacks.append("opening.date is null")
        why = "case when spans.from_date <= bounds.first_day then 'before_data' else 'no_data' end"
    if stock.period_agg != "opening":
        joins += ["left join known_days as ending", "    on ending.date = spans.through_date"]
        lacks.append("ending.date is null")
    final = select(
        _columns(measure, why), "spans", "cross join bounds", *joins, f"where {' or '.join(lacks)}"
    )
    return head + ctes(parts, final)
