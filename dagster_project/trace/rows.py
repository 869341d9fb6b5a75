"""The rows behind a number: which rows of which entity a KPI counts for one period and segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import duckdb

from dagster_project.kpi.model import OWN, Definitions, Entity, Grain, Kpi, Leaf, Measure, Stock
from dagster_project.publish.engine import identifier, literal
from dagster_project.sandbox.render import render
from dagster_project.trace.lineage import FILE, LINE, lineage

TOTAL = "total"
Side = Literal["numerator", "denominator"]


@dataclass(frozen=True)
class Asked:
    """A period of a KPI, by its first day, in total or for one segment of a dimension."""

    kpi: Kpi
    grain: Grain
    period_start: date
    dimension: str = TOTAL
    segment: str = TOTAL


@dataclass(frozen=True)
class Part:
    """One side of a KPI: `measure`, taken from `first` through `last`, and its rows.

    columns: the entity's key, its date of record, `counts` (what the row counts for), _file and _line; a row
    that was made of several source rows stands once for each. note: what the rows alone don't tell.
    """

    measure: Measure
    side: Side
    first: date
    last: date
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    note: str | None = None

    @property
    def counted(self) -> int:
        """How many rows of the entity these are."""
        width = len(self.columns) - 2
        return len({row[:width] for row in self.rows})


@dataclass(frozen=True)
class _Taken:
    """The days that a leaf is taken over, both in, and whether rows without a day count too."""

    first: date
    last: date
    undated: bool


def parts(connection: duckdb.DuckDBPyConnection, definitions: Definitions, asked: Asked) -> Iterator[Part]:
    """Every side of the KPI with its rows, out of a database that holds the models of these definitions.

    Sides of a period that the data do not reach are left out.
    """
    for leaf in asked.kpi.leaves:
        bounds = _bounds(connection, asked, leaf)
        if bounds is None:
            continue
        # Rows without a date of record are in no period, and in the whole.
        undated = asked.grain == "all" and leaf.shape == OWN
        taken = _Taken(*bounds, undated)
        yield _part(connection, definitions, asked, leaf.numerator.measure, "numerator", taken)
        if leaf.denominator is not None:
            yield _part(connection, definitions, asked, leaf.denominator.measure, "denominator", taken)


def _bounds(connection: duckdb.DuckDBPyConnection, asked: Asked, leaf: Leaf) -> tuple[date, date] | None:
    """The first and last day that a leaf is taken over: as leaf_spans finds it."""
    found = connection.execute(
        """
        select greatest(spans.from_date, spans.covered_from), spans.through_date
        from main.kpi_coverage as coverage
        inner join main.period_roles as roles
            on roles.covered_from = coverage.covered_from and roles.data_through = coverage.data_through
        inner join main.spans as spans
            on spans.covered_from = roles.covered_from and spans.data_through = roles.data_through
            and spans.grain = roles.grain and spans.period_start = roles.span_start
            and spans.span = roles.span
        where coverage.kpi = $kpi and roles.grain = $grain and roles.period_start = $start
            and roles.base = 'current' and roles.back = $back and roles.back_unit = $unit
            and spans.shape = $shape
        """,
        {
            "kpi": asked.kpi.name,
            "grain": asked.grain,
            "start": asked.period_start,
            "back": leaf.offset,
            "unit": leaf.offset_unit,
            "shape": leaf.shape.name,
        },
    ).fetchone()
    return (found[0], found[1]) if found else None


def _part(
    connection: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    asked: Asked,
    measure: Measure,
    side: Side,
    taken: _Taken,
) -> Part:
    entity = definitions.entity(measure.entity)
    shown = [*entity.key, *([measure.time] if measure.time not in entity.key else [])]
    counts = measure.sql if measure.sql is not None else "1"
    conditions = [_in_time(measure, taken), *_of_segment(entity, asked)]
    if measure.filter:
        conditions.append(f"({measure.filter})")
    if measure.sql is not None:
        conditions.append(f"({measure.sql}) is not null")
    if measure.converts is not None:
        conditions.append(_converted(entity, measure))
    periods = (
        f"select date {literal(taken.first.isoformat())} as period_start, "
        f"date {literal(taken.last.isoformat())} as period_end, {literal(asked.grain)} as grain"
    )
    listed = ", ".join(f"entity_rows.{identifier(name)}" for name in shown)
    selected = (
        f"select {listed}, {counts} as counts from {_rows(entity, measure, taken.last)} as entity_rows "
        f"cross join ({periods}) as period where {' and '.join(conditions)}"
    )
    if measure.having is not None:
        selected = (
            f"select * from ({selected}) where counts in "
            f"(select counts from ({selected}) group by counts having {measure.having})"
        )
    traced = lineage(entity, definitions)
    keys = ", ".join(identifier(name) for name in entity.key)
    whole = (
        f"with counted as ({selected}), lines as ({traced}) "
        f"select counted.*, {FILE}, {LINE} from counted left join lines using ({keys}) order by all"
        if traced
        else f"select *, null as {FILE}, null as {LINE} from ({selected}) order by all"
    )
    rows = connection.execute(render("rows", whole).sql).fetchall()
    return Part(measure, side, taken.first, taken.last, (*shown, "counts", FILE, LINE), rows, _note(measure))


def _rows(entity: Entity, measure: Measure, last: date) -> str:
    """The entity; of levels only the newest row of each series, as of the last day."""
    relation = f"main.{identifier(entity.name)}"
    if measure.stock is None or measure.stock.start is not None:
        return relation
    day = f"cast({identifier(measure.time)} as date)"
    series = ", ".join(identifier(name) for name in measure.stock.series) or "true"
    where = [f"{day} <= date {literal(last.isoformat())}"]
    if measure.filter:
        where.append(f"({measure.filter})")
    return (
        f"(select * from {relation} where {' and '.join(where)} qualify row_number() over "
        f"(partition by {series} order by {day} desc, {', '.join(entity.key)} desc) = 1)"
    )


def _in_time(measure: Measure, taken: _Taken) -> str:
    since, until = f"date {literal(taken.first.isoformat())}", f"date {literal(taken.last.isoformat())}"
    if measure.stock is not None:
        return _in_stock(measure, measure.stock, since, until)
    if measure.spread is not None:
        spread = measure.spread
        return f"cast({spread.start} as date) <= {until} and cast({spread.through} as date) >= {since}"
    day = f"cast({identifier(measure.time)} as date)"
    between = f"{day} between {since} and {until}"
    return f"({identifier(measure.time)} is null or {between})" if taken.undated else between


def _in_stock(measure: Measure, stock: Stock, since: str, until: str) -> str:
    """Open on the days that the period is read at. Levels were chosen already."""
    if stock.start is None:
        day = f"cast({identifier(measure.time)} as date)"
        return "true" if stock.carry_days is None else f"{day} + {stock.carry_days} >= {until}"
    came, went = f"cast({stock.start} as date)", f"cast({stock.end} as date)" if stock.end else "null::date"
    sign = ">=" if stock.end_is_in else ">"
    if stock.period_agg == "opening":
        return f"{came} < {since} and ({went} is null or {went} {sign} {since} - 1)"
    if stock.period_agg == "last":
        return f"{came} <= {until} and ({went} is null or {went} {sign} {until})"
    return f"{came} <= {until} and ({went} is null or {went} {sign} greatest({since}, {came}))"


def _of_segment(entity: Entity, asked: Asked) -> list[str]:
    if asked.dimension == TOTAL:
        return []
    column = next(item.column for item in entity.dimensions if item.name == asked.dimension)
    own = f"coalesce(cast(entity_rows.{identifier(column)} as varchar), '(none)')"
    if asked.segment != "(other)":
        return [f"{own} = {literal(asked.segment)}"]
    return [
        f"{own} in (select segment from main.dimension_segments "
        f"where dimension = {literal(asked.dimension)} and is_over)"
    ]


def _converted(entity: Entity, measure: Measure) -> str:
    """The row came to the other end within its window."""
    converts = measure.converts
    assert converts is not None
    base, reached = f"cast(entity_rows.{measure.time} as date)", f"cast({converts.time} as date)"
    within = f"{reached} >= {base} - {converts.before}"
    if converts.window is not None:
        within += f" and {reached} <= {base} + {converts.window}"
    within += f" and {reached} <= (select as_of from night.run)"
    condition = f"({converts.filter}) and {within}" if converts.filter else within
    if converts.match is None:
        return f"({condition})"
    return (
        f"entity_rows.{converts.match} in (select {converts.match} "
        f"from main.{identifier(converts.entity)} as reached_rows where {converts.match} is not null "
        f"and reached_rows.{converts.match} = entity_rows.{converts.match} and {condition})"
    )


def _note(measure: Measure) -> str | None:
    if measure.also_in is not None:
        return f"counted are only those that have rows in the {measure.also_in.replace('_', ' ')} too"
    if measure.spread is not None:
        return "amounts over a span: a period holds its days' share of them"
    if measure.stock is not None and measure.stock.period_agg in ("average", "midpoint"):
        return f"the {measure.stock.period_agg} of the period's days: listed is what was open on any of them"
    return None
