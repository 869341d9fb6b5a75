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
from sqlglot.errors import ParseError, TokenError

from dagster_project.kpi.issues import a, suggest
from dagster_project.kpi.model import ColumnType
from dagster_project.kpi.units import PLAIN, Unit, UnitError, unit_of_tree

Scope = Mapping[str, ColumnType]

NUMERIC: frozenset[str] = frozenset({"integer", "number", "money", "percent"})
DATED: frozenset[str] = frozenset({"date", "timestamp"})
# What a KPI's filter may name besides columns: the period that its value is for.
PERIOD_NAMES: Mapping[str, ColumnType] = {"period_start": "date", "period_end": "date", "grain": "text"}
BETWEEN_FUNCTIONS = ("days_between", "hours_between", "minutes_between")

# function → its type; None: that of its first argument
FUNCTIONS: Mapping[str, ColumnType | None] = {
    "coalesce": None,
    "nullif": None,
    "greatest": None,
    "least": None,
    "abs": None,
    "round": "number",
    "floor": "number",
    "ceil": "number",
    "lower": "text",
    "upper": "text",
    "trim": "text",
    "length": "integer",
    "substring": "text",
    "concat": "text",
    "replace": "text",
    "year": "integer",
    "month": "integer",
    "day": "integer",
    "cast": None,
    "days_between": "integer",
    "hours_between": "number",
    "minutes_between": "number",
}
AGGREGATES: Mapping[str, ColumnType | None] = {
    "count": "integer",
    "sum": None,
    "min": None,
    "max": None,
}

_CASTS: Mapping[str, ColumnType] = {
    "VARCHAR": "text",
    "TEXT": "text",
    "BIGINT": "integer",
    "INT": "integer",
    "DOUBLE": "number",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
    "DECIMAL": "money",
}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_LOGIC = (exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_LEAVES = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.DataType, exp.DataTypeParam)
_SHAPES = (exp.Paren, exp.Neg, exp.Case, exp.If, exp.DPipe, exp.Star, exp.Distinct)


class ExpressionError(ValueError):
    """The expression does not pass; `hint`: what to write instead; `unknown`: a column that is not there."""

    def __init__(self, message: str, hint: str = "", unknown: str | None = None) -> None:
        self.hint = hint
        self.unknown = unknown
        super().__init__(message)


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
    kind = _type_of(tree, scope)
    columns = frozenset(column.name for column in tree.find_all(exp.Column))
    try:
        unit = unit_of_tree(tree, units or {})
    except UnitError as error:
        raise ExpressionError(f"'{text}' {error}", error.hint) from error
    return Expression(_render(tree.transform(_guard_division).transform(_macro_call)), kind, columns, unit)


def compile_having(text: str, scope: Scope) -> Expression:
    """`text` as a condition on groups of rows, such as count(*) >= 2. Raises ExpressionError."""
    tree = _parse(text)
    grouped = tree.copy()
    for call in list(grouped.find_all(exp.Func)):
        if _function_name(call) in AGGREGATES:
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
    except (ParseError, TokenError) as error:
        detail = (
            error.errors[0]["description"] if isinstance(error, ParseError) and error.errors else "unclear"
        )
        raise ExpressionError(
            f"'{text}' is not an SQL expression: {detail}", "check brackets and quotes"
        ) from error
    if tree is None:
        raise ExpressionError("the expression is empty")
    return tree


def _name_of(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


_ALIASES = {"ceiling": "ceil", "substr": "substring", "try_cast": "cast", "len": "length"}


def _function_name(node: exp.Func) -> str:
    name = _name_of(node)
    return _ALIASES.get(name, name)


def _check_nodes(tree: exp.Expr, scope: Scope, *, aggregate: bool) -> None:
    if aggregate and not (isinstance(tree, exp.Func) and _function_name(tree) in AGGREGATES):
        raise ExpressionError(
            "with group_by a column is an aggregate", "write count(*), sum(x), min(x) or max(x)"
        )
    for node in tree.walk():
        if isinstance(node, (*_COMPARISONS, *_LOGIC, *_ARITHMETIC, *_LEAVES, *_SHAPES)):
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
            if isinstance(node, exp.DataType) and node.this.name not in _CASTS:
                known = "varchar, bigint, double, date, timestamp, boolean, decimal"
                raise ExpressionError(f"type {node.sql()} is not one of the language", f"use {known}")
            continue
        if isinstance(node, exp.Func):
            name = _function_name(node)
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
        if isinstance(divisor, exp.Literal) and float(divisor.name) != 0:
            return node
        node.set("expression", exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0)))
    return node


def _type_of(node: exp.Expr, scope: Scope) -> ColumnType:
    if isinstance(node, exp.Paren | exp.Neg):
        return _type_of(node.this, scope)
    if isinstance(node, exp.Column):
        return scope[node.name]
    if isinstance(node, exp.Literal):
        if node.is_string:
            return "text"
        return "integer" if node.name.isdigit() else "number"
    if isinstance(node, (exp.Boolean, *_COMPARISONS, *_LOGIC)):
        _check_operands(node, scope)
        return "boolean"
    if isinstance(node, exp.Null):
        return "text"
    if isinstance(node, exp.DPipe):
        return "text"
    if isinstance(node, _ARITHMETIC):
        return _arithmetic_type(node, scope)
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            branches.append(node.args["default"])
        return _common_type(branches, scope, "the branches of case")
    if isinstance(node, exp.Func):
        return _function_type(node, scope)
    raise ExpressionError(f"'{node.sql()}' has no place in an expression")


def _function_type(node: exp.Func, scope: Scope) -> ColumnType:
    name = _function_name(node)
    if isinstance(node, exp.Cast):
        return _CASTS[node.to.this.name]
    arguments: list[exp.Expr] = [
        item for item in node.iter_expressions() if not isinstance(item, exp.DataType)
    ]
    if name in BETWEEN_FUNCTIONS:
        for argument in arguments:
            if _type_of(argument, scope) not in DATED:
                raise ExpressionError(f"{name}() takes dates or times, not '{argument.sql()}'")
    if name == "count":
        return "integer"
    declared = {**FUNCTIONS, **AGGREGATES}[name]
    if declared is not None:
        return declared
    if name in ("coalesce", "greatest", "least", "nullif"):
        return _common_type(arguments, scope, f"the arguments of {name}()")
    return _type_of(arguments[0], scope)


def _arithmetic_type(node: exp.Expr, scope: Scope) -> ColumnType:
    left, right = _type_of(node.this, scope), _type_of(node.expression, scope)
    for side, kind in ((node.this, left), (node.expression, right)):
        if kind in DATED:
            raise ExpressionError(
                f"'{node.sql()}': arithmetic on dates differs between engines", "use days_between(from, to)"
            )
        if kind not in NUMERIC:
            raise ExpressionError(f"'{side.sql()}' is {a(kind)}, not a number")
    if isinstance(node, exp.Div):
        return "number"
    if isinstance(node, exp.Mul):
        # money times money is no money; money times a count still is
        if {left, right} == {"integer", "money"}:
            return "money"
        return "integer" if left == right == "integer" else "number"
    return left if left == right else "number" if {left, right} != {"money", "integer"} else "money"


def _common_type(nodes: list[exp.Expr], scope: Scope, what: str) -> ColumnType:
    kinds = [_type_of(node, scope) for node in nodes if not isinstance(node, exp.Null)]
    if not kinds:
        return "text"
    if len(set(kinds)) == 1:
        return kinds[0]
    if set(kinds) <= NUMERIC:
        return "money" if set(kinds) <= {"money", "integer"} else "number"
    if set(kinds) <= DATED:
        return "timestamp"
    raise ExpressionError(f"{what} mix {' and '.join(sorted(set(kinds)))}")


def _check_operands(node: exp.Expr, scope: Scope) -> None:
    """Refuses a comparison of things that never compare as meant, such as a text with a number."""
    if isinstance(node, exp.Not):
        if _type_of(node.this, scope) != "boolean":
            raise ExpressionError(f"not '{node.this.sql()}': that is no condition")
        return
    if isinstance(node, exp.And | exp.Or):
        for side in (node.this, node.expression):
            if _type_of(side, scope) != "boolean":
                raise ExpressionError(f"'{side.sql()}' is no condition", "compare it with something")
        return
    if isinstance(node, exp.Boolean | exp.Is):
        return
    left = _type_of(node.this, scope)
    others = (
        node.expressions
        if isinstance(node, exp.In)
        else [node.args["low"], node.args["high"]]
        if isinstance(node, exp.Between)
        else [node.expression]
    )
    for other in others:
        if isinstance(other, exp.Null):
            raise ExpressionError(f"'{node.sql()}' is never true", "write `is null` or `is not null`")
        right = _type_of(other, scope)
        dated_literal = {left, right} & DATED and "text" in (left, right) and isinstance(other, exp.Literal)
        if left == right or {left, right} <= NUMERIC or {left, right} <= DATED or dated_literal:
            continue
        raise ExpressionError(f"'{node.sql()}' compares {a(left)} with {a(right)}")
