"""Which KPIs count or sum cases that are open first and closed later: deals, applications, tickets.

Nothing is declared for it. A KPI is deal-based where it counts or sums rows of an entity by a date on which
they close, and a stock over the same entity ends at that very date (`open_deals: from created_on until
closed_on`), which says when they open. A union that takes rows of such an entity counts too, by those rows:
`sales` over won deals and shop orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from dagster_project.kpi.model import OWN, Definitions, Entity, Kpi, Measure

DIALECT = "duckdb"
MACRO = "{{"  # what dbt has to render can't be read by itself


@dataclass(frozen=True)
class DealFlow:
    """Rows of `table` (of the entity `entity`), in SQL over its columns.

    opened, closed: columns. stages: columns of text that tell a stage, of which the filter names the last.
    belongs: whether a row is of the node's segment. counts: whether it is what the KPI counts, once closed.
    amount: what it brings then; None where rows are counted.
    """

    entity: str
    table: str
    key: tuple[str, ...]
    opened: str
    closed: str
    stages: tuple[str, ...]
    belongs: str
    counts: str
    amount: str | None
    is_kept: bool  # nightly changes of the entity are kept in state/snapshots


def deal_flow_of(kpi: Kpi, dimension: str, segment: str, definitions: Definitions) -> DealFlow | None:
    """How the KPI, at that segment, comes from cases that are open first; None where it does not."""
    measure = kpi.numerator.measure
    only = kpi.leaves[0]
    if kpi.formula is not None or kpi.denominator is not None or only.shape != OWN or only.offset:
        return None
    if not measure.adds_over_days or measure.spread is not None or measure.converts is not None:
        return None
    entity = definitions.entity(measure.entity)
    where = _segment(entity, dimension, segment)
    if where is None:
        return None
    for deals, columns, filters in _origins(entity, definitions):
        found = _flow(measure, where, deals, columns, filters, definitions)
        if found is not None:
            return found
    return None


def _origins(
    entity: Entity, definitions: Definitions
) -> Iterator[tuple[Entity, Mapping[str, str] | None, tuple[str, ...]]]:
    """(entity of cases, name there → its SQL here or None for the entity itself, filters)."""
    yield entity, None, ()
    for given in entity.inputs:
        if given.is_entity and given.columns and not entity.group_by:
            filters = (given.filter,) if given.filter else ()
            yield definitions.entity(given.relation), dict(given.columns), filters


def _segment(entity: Entity, dimension: str, segment: str) -> str | None:
    """The condition of the segment; None where no row can be told to be of it."""
    if dimension == "total":
        return "true"
    column = next((one.column for one in entity.dimensions if one.name == dimension), None)
    if column is None or segment.startswith("("):
        return None
    quoted = segment.replace("'", "''")
    return f"cast({column} as varchar) = '{quoted}'"


def _flow(
    measure: Measure,
    where: str,
    deals: Entity,
    columns: Mapping[str, str] | None,
    filters: tuple[str, ...],
    definitions: Definitions,
) -> DealFlow | None:
    written = [measure.time, where, *([measure.filter] if measure.filter else [])]
    written += [measure.sql] if measure.sql else []
    if any(MACRO in text for text in (*written, *filters, *(columns or {}).values())):
        return None
    here = [_over(text, columns) for text in written]
    if any(text is None for text in here):
        return None
    closed, belongs, *rest = [text for text in here if text is not None]
    opened = _opening(deals, closed, definitions)
    if opened is None:
        return None
    conditions = [*filters, *(rest[:1] if measure.filter else [])]
    return DealFlow(
        deals.name,
        deals.model or deals.name,
        deals.key,
        opened,
        closed,
        _stages(deals, conditions),
        belongs,
        " and ".join(f"({text})" for text in conditions) or "true",
        rest[-1] if measure.sql and measure.agg == "sum" else None,
        deals.snapshot,
    )


def _over(text: str, columns: Mapping[str, str] | None) -> str | None:
    """The expression over the cases' own columns; None where a column does not come from them."""
    if columns is None:
        return text
    tree = sqlglot.parse_one(text, read=DIALECT)
    names = {column.name for column in tree.find_all(exp.Column)}
    if not names <= set(columns):
        return None
    replaced = tree.transform(
        lambda node: (
            sqlglot.parse_one(f"({columns[node.name]})", read=DIALECT)
            if isinstance(node, exp.Column)
            else node
        )
    )
    bare = replaced
    while isinstance(bare, exp.Paren):
        bare = bare.this
    return bare.sql(dialect=DIALECT) if isinstance(bare, exp.Column) else replaced.sql(dialect=DIALECT)


def _opening(deals: Entity, closed: str, definitions: Definitions) -> str | None:
    """The column on which a stock over the entity begins that ends at `closed`."""
    for kpi in definitions.kpis:
        for operand in kpi.operands:
            stock = operand.measure.stock
            if stock is not None and operand.measure.entity == deals.name and stock.end == closed:
                return stock.start
    return None


def _stages(deals: Entity, conditions: list[str]) -> tuple[str, ...]:
    """Columns of text that the conditions read: where a case is won at a stage, it is open at others."""
    texts = {column.name for column in deals.columns if column.type == "text" and not column.pii}
    found: dict[str, None] = {}
    for text in conditions:
        for column in sqlglot.parse_one(text, read=DIALECT).find_all(exp.Column):
            if column.name in texts:
                found[column.name] = None
    return tuple(found)
