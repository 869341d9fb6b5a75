"""Units of formulas: arithmetic over names, and parsed expressions over columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dagster_project.kpi.units import CONSTANT, COUNT, FRACTION, PLAIN, Unit, UnitError, summed


def unit_of(formula: str, units: Mapping[str, Unit]) -> Unit:
    """The unit of arithmetic over names: `leads * lead_to_deal_rate`, `revenue * 1.1`, `deals / 20%`.

    `units`: of each name; an unknown name counts as a plain number. Raises UnitError.
    """
    try:
        tree = sqlglot.parse_one(re.sub(r"(?<=\d)\s*%(?!\s*\w)", " * 0.01", formula), dialect="duckdb")
    except SqlglotError as error:
        raise UnitError(f"'{formula}' is no formula") from error
    return unit_of_tree(tree, units)


def check_equation(left: str, formula: str, units: Mapping[str, Unit]) -> Unit:
    """The unit of both sides of `left = formula`. Raises UnitError where they differ."""
    found = unit_of(formula, units)
    own = units.get(left, PLAIN)
    try:
        return own.plus(found)
    except UnitError as error:
        raise UnitError(f"'{left}' is {own}, but the formula gives {found}", error.hint) from error


def unit_of_tree(node: exp.Expr, units: Mapping[str, Unit]) -> Unit:
    """The unit of a parsed expression over columns or names. Raises UnitError."""
    if isinstance(node, exp.Column):
        return units.get(node.name, PLAIN)
    if isinstance(node, exp.Literal):
        return CONSTANT if node.is_string or node.name.isdigit() else FRACTION
    if isinstance(node, exp.Paren | exp.Neg):
        return unit_of_tree(node.this, units)
    if isinstance(node, exp.Add | exp.Sub | exp.Mod):
        what = {exp.Add: "adds", exp.Sub: "subtracts", exp.Mod: "divides"}[type(node)]
        return unit_of_tree(node.this, units).plus(unit_of_tree(node.expression, units), what)
    if isinstance(node, exp.Mul):
        return unit_of_tree(node.this, units).times(unit_of_tree(node.expression, units))
    if isinstance(node, exp.Div):
        return unit_of_tree(node.this, units).over(unit_of_tree(node.expression, units))
    if isinstance(node, exp.Case):
        for branch in node.args["ifs"]:
            unit_of_tree(branch.this, units)
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            branches.append(node.args["default"])
        return _alike(branches, units, "chooses between")
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least | exp.Nullif):
        return _alike(list(node.iter_expressions()), units, "chooses between")
    if isinstance(node, exp.Abs | exp.Round | exp.Floor | exp.Ceil):
        return unit_of_tree(node.this, units)
    if isinstance(node, exp.Cast):
        return unit_of_tree(node.this, units)
    if isinstance(node, exp.Count):
        return COUNT
    if isinstance(node, exp.Sum | exp.Min | exp.Max):
        return summed(unit_of_tree(node.this, units))
    if isinstance(node, exp.Anonymous) and node.name.lower().endswith("_between"):
        return Unit(((node.name.lower().partition("_")[0], 1),))
    if isinstance(node, exp.In | exp.Between | exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        _alike([side for side in node.iter_expressions() if isinstance(side, exp.Expr)], units, "compares")
        return CONSTANT
    if isinstance(node, exp.And | exp.Or | exp.Not):
        for side in node.iter_expressions():
            unit_of_tree(side, units)
        return CONSTANT
    return CONSTANT if isinstance(node, exp.Null | exp.Boolean | exp.Is) else PLAIN


def _alike(nodes: list[exp.Expr], units: Mapping[str, Unit], what: str) -> Unit:
    found = unit_of_tree(nodes[0], units)
    for node in nodes[1:]:
        found = found.plus(unit_of_tree(node, units), what)
    return found
