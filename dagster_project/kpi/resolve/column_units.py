"""What a column of an entity is counted in, and whether two columns can be matched."""

from __future__ import annotations

from dagster_project.kpi.expression_types import DATED, NUMERIC
from dagster_project.kpi.expressions import Expression
from dagster_project.kpi.model import ColumnType
from dagster_project.kpi.units import NUMBER, PLAIN, SHARE, Tax, Unit, money


def unit_of_type(kind: ColumnType, currency: str, tax: Tax | None = None) -> Unit:
    """The unit of a column that is given, not computed."""
    if kind == "money":
        return money(currency, tax)
    return {"percent": SHARE, "number": NUMBER}.get(kind, PLAIN)


def unit_of_column(compiled: Expression) -> Unit:
    """The unit of a column that holds an expression; text, dates and truths have none."""
    if compiled.type not in NUMERIC or compiled.unit.constant:
        return PLAIN
    return compiled.unit


def alike(one: ColumnType, other: ColumnType) -> bool:
    """Whether values of two columns can be equal."""
    return one == other or {one, other} <= NUMERIC or {one, other} <= DATED
