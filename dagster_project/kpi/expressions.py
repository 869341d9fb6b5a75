"""Row-level SQL expressions of definitions: parsed, checked against an allow-list, typed, rendered.

What is not on the list does not pass: no sub-query, no aggregate or window, no function that reads files or
settings, no cast to a type we don't know. Rendering guards division (`a / nullif(b, 0)`) and turns
days_between and friends into the dbt macros that each engine implements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from dagster_project.kpi.expression_types import (
    AGGREGATES,
    ARITHMETIC,
    BETWEEN_FUNCTIONS,
    CASTS,
    COMPARISONS,
    FUNCTIONS,
    LEAVES,
    LOGIC,
    PERIOD_NAMES,
    SHAPES,
    ExpressionError,
    Scope,
    function_name,
    type_of,
)
from dagster_project.kpi.issues import a, suggest
from dagster_project.kpi.model import ColumnType
from dagster_project.kpi.unit_formulas import unit_of_tree
from dagster_project.kpi.units import PLAIN, Unit, UnitError


@dataclass(frozen=True)
class Expression:
    """A checked expression: SQL ready for a generated model, its type, the columns it reads."""

    sql: str
    type: ColumnType
    columns: frozenset[str]
    unit: Unit = PLAIN


def compile_expression(
    text: str, scope: Scope, *, aggregate: bool = False, units: Mapping[str, Unit] | None = None
) -> Expression:
    """`text` as checked SQL over the columns of `scope`; `units`: of each, a plain number where not said.

    With `aggregate`, the outermost function must be count, sum, min or max, as in a grouped entity.
    Raises ExpressionError.
    """
    tree = _parse(text)
    _check_nodes(tree, scope, aggregate=aggregate)
    kind = type_of(tree, scope)
    columns = frozenset(column.name for column in tree.find_all(exp.Column))
    try:
        unit = unit_of_tree(tree, units or {})
    except UnitError as error:
        raise ExpressionError(f"'{text}' {error}", error.hint) from error
    return Expression(
        _render(tree.transform(_guard_division).transform(_macro_call, copy=False)), kind, columns, unit
    )


def compile_having(text: str, scope: Scope) -> Expression:
    """`text` as a condition on groups of rows, such as count(*) >= 2. Raises ExpressionError."""
    tree = _parse(text)
    grouped = tree.copy()
    for call in list(grouped.find_all(exp.Func)):
        if function_name(call) in AGGREGATES:
            compile_expression(call.sql("duckdb"), scope, aggregate=True)
            call.replace(exp.Column(this=exp.Identifier(this="aggregated")))
    condition = compile_filter(grouped.sql("duckdb"), {"aggregated": "number"})
    if "aggregated" not in condition.columns:
        raise ExpressionError(f"'{text}' counts no rows", "write having: count(*) >= 2")
    return Expression(_render(tree.transform(_guard_division)), "boolean", frozenset())


def compile_filter(text: str, scope: Scope, units: Mapping[str, Unit] | None = None) -> Expression:
    """`text` as a condition; a NULL condition counts as false where it is used. Raises ExpressionError."""
    compiled = compile_expression(text, scope, units=units)
    if compiled.type != "boolean":
        raise ExpressionError(f"'{text}' is no condition but {a(compiled.type)}", "compare it with something")
    return compiled


def is_quotient(text: str) -> bool:
    """Whether `text` divides one thing of the row by another. False where it is no expression."""
    try:
        tree = _parse(text)
    except ExpressionError:
        return False
    while isinstance(tree, exp.Paren):
        tree = tree.this
    return isinstance(tree, exp.Div) and all(
        side.find(exp.Column) is not None for side in (tree.this, tree.expression)
    )


def _render(tree: exp.Expr) -> str:
    sql = tree.sql("duckdb", normalize_functions="lower", comments=False)
    # Identifiers are lower-case by rule, so all that stands outside string literals may be lowered.
    return re.sub(
        r"'(?:[^']|'')*'|[^']+", lambda part: part[0] if part[0][0] == "'" else part[0].lower(), sql
    )


def _macro_call(node: exp.Expr) -> exp.Expr:
    """days_between(a, b) → the dbt macro of that name; its arguments travel as text."""
    if isinstance(node, exp.Anonymous) and node.name.lower() in BETWEEN_FUNCTIONS:
        arguments = ", ".join(f'"{_render(argument)}"' for argument in node.expressions)
        return exp.Var(this="{{ " + f"{node.name.lower()}({arguments})" + " }}")
    return node


def _parse(text: str) -> exp.Expr:
    if ";" in text or "--" in text or "/*" in text:
        raise ExpressionError("';' and comments have no place in an expression", "remove them")
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb", into=exp.Condition)
    except Exception as error:  # the parser raises TypeErrors of its own on torn text
        known = isinstance(error, ParseError) and error.errors
        detail = error.errors[0]["description"] if isinstance(error, ParseError) and known else "unclear"
        raise ExpressionError(
            f"'{text}' is not an SQL expression: {detail}", "check brackets and quotes"
        ) from error
    if tree is None:
        raise ExpressionError("the expression is empty")
    return tree


def _check_nodes(tree: exp.Expr, scope: Scope, *, aggregate: bool) -> None:
    if aggregate and not (isinstance(tree, exp.Func) and function_name(tree) in AGGREGATES):
        raise ExpressionError(
            "with group_by a column is an aggregate", "write count(*), sum(x), min(x) or max(x)"
        )
    for node in tree.walk():
        if isinstance(node, (*COMPARISONS, *LOGIC, *ARITHMETIC, *LEAVES, *SHAPES)):
            if isinstance(node, exp.Column):
                _check_column(node, scope)
            if isinstance(node, (exp.Star, exp.Distinct)) and not aggregate:
                raise ExpressionError("'*' and distinct have no place in a row-level expression")
            if isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
                raise ExpressionError(
                    "if() differs between engines", "write case when ... then ... else ... end"
                )
            if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
                raise ExpressionError("a sub-query has no place in an expression", "list the values")
            if isinstance(node, exp.DataType) and node.this.name not in CASTS:
                known = "varchar, bigint, double, date, timestamp, boolean, decimal"
                raise ExpressionError(f"type {node.sql()} is not one of the language", f"use {known}")
            continue
        if isinstance(node, exp.Func):
            name = function_name(node)
            if name in AGGREGATES:
                if aggregate and node is tree:
                    continue
                raise ExpressionError(
                    f"{name}() aggregates rows", "choose the aggregate with agg:, or use group_by"
                )
            if name in FUNCTIONS:
                if name in BETWEEN_FUNCTIONS and len(node.expressions) != 2:
                    raise ExpressionError(f"{name}() takes two dates or times: {name}(from, to)")
                continue
            hint = suggest(name, FUNCTIONS) or f"allowed: {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionError(f"function {name}() is not allowed", hint)
        raise ExpressionError(f"'{node.sql()}' ({type(node).__name__.lower()}) has no place in an expression")


def _check_column(node: exp.Column, scope: Scope) -> None:
    if node.table:
        raise ExpressionError(f"'{node.sql()}' names a table", "name the column alone")
    if node.name in PERIOD_NAMES and node.name not in scope:
        raise ExpressionError(f"'{node.name}' belongs to KPIs", "a column is the same whatever the period")
    if node.name not in scope:
        hint = suggest(node.name, scope) or f"known: {', '.join(sorted(scope))}"
        raise ExpressionError(f"unknown column '{node.name}'", hint, node.name)


def _guard_division(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType) and node.this.name == "DECIMAL":
        return exp.DataType.build("decimal(18, 4)")  # an engine's default would cut money's fourth decimal
    if isinstance(node, exp.Div) and not isinstance(node.expression, exp.Nullif):
        divisor = node.expression
        if isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0:
            return node
        node.set("expression", exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0)))
    return node
