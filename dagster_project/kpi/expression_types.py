"""What expressions of definitions are made of, and their types: columns, functions, arithmetic."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from dagster_project.kpi.issues import a
from dagster_project.kpi.model import ColumnType

Scope = Mapping[str, ColumnType]

NUMERIC: frozenset[ColumnType] = frozenset({"integer", "number", "money", "percent"})
DATED: frozenset[ColumnType] = frozenset({"date", "timestamp"})
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

CASTS: Mapping[str, ColumnType] = {
    "VARCHAR": "text",
    "TEXT": "text",
    "BIGINT": "integer",
    "INT": "integer",
    "DOUBLE": "number",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPNTZ": "timestamp",  # what the parser calls it in this dialect
    "BOOLEAN": "boolean",
    "DECIMAL": "money",
}
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
LOGIC = (exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
LEAVES = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.DataType, exp.DataTypeParam)
SHAPES = (exp.Paren, exp.Neg, exp.Case, exp.If, exp.DPipe, exp.Star, exp.Distinct)


_TEXT: frozenset[ColumnType] = frozenset({"text"})
# What the first argument of a function is, where not anything goes.
_TAKES: Mapping[str, frozenset[ColumnType]] = {
    **dict.fromkeys(("abs", "round", "floor", "ceil", "sum"), NUMERIC),
    **dict.fromkeys(("lower", "upper", "trim", "length", "substring", "replace"), _TEXT),
    **dict.fromkeys(("year", "month", "day"), DATED),
}
_TAKES_AFTER: Mapping[str, frozenset[ColumnType]] = {
    "round": frozenset({"integer"}),
    "substring": frozenset({"integer"}),
    "replace": _TEXT,
}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")


class ExpressionError(ValueError):
    """The expression does not pass; `hint`: what to write instead; `unknown`: a column that is not there."""

    def __init__(self, message: str, hint: str = "", unknown: str | None = None) -> None:
        self.hint = hint
        self.unknown = unknown
        super().__init__(message)


def _name_of(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


_ALIASES = {"ceiling": "ceil", "substr": "substring", "try_cast": "cast", "len": "length"}


def function_name(node: exp.Func) -> str:
    """The name of a call as the list has it."""
    name = _name_of(node)
    return _ALIASES.get(name, name)


def type_of(node: exp.Expr, scope: Scope) -> ColumnType:
    """The type of a parsed expression. Raises ExpressionError where parts of it do not go together."""
    if isinstance(node, exp.Paren):
        return type_of(node.this, scope)
    if isinstance(node, exp.Neg):
        return _wanted(node.this, NUMERIC, "a number", scope)
    if isinstance(node, exp.Column):
        return scope[node.name]
    if isinstance(node, exp.Literal):
        if node.is_string:
            return "text"
        return "integer" if node.name.isdigit() else "number"
    if isinstance(node, (exp.Boolean, *COMPARISONS, *LOGIC)):
        _check_operands(node, scope)
        return "boolean"
    if isinstance(node, exp.Null):
        return "text"
    if isinstance(node, exp.DPipe):
        for side in (node.this, node.expression):
            if type_of(side, scope) == "boolean":
                raise ExpressionError(f"'{side.sql()}' is a boolean, not a text")
        return "text"
    if isinstance(node, ARITHMETIC):
        return _arithmetic_type(node, scope)
    if isinstance(node, exp.Case):
        for branch in node.args["ifs"]:
            _wanted(branch.this, frozenset({"boolean"}), "a condition", scope)
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            branches.append(node.args["default"])
        return _common_type(branches, scope, "the branches of case")
    if isinstance(node, exp.Func):
        return _function_type(node, scope)
    raise ExpressionError(f"'{node.sql()}' has no place in an expression")


def _function_type(node: exp.Func, scope: Scope) -> ColumnType:
    name = function_name(node)
    if isinstance(node, exp.Cast):
        kind, wanted = type_of(node.this, scope), CASTS[node.to.this.name]
        if (kind in DATED) != (wanted in DATED) and "text" not in (kind, wanted):
            raise ExpressionError(
                f"'{node.sql()}': {a(kind)} is never {a(wanted)}", "year(), month() or day()"
            )
        return wanted
    arguments: list[exp.Expr] = [
        item for item in node.iter_expressions() if not isinstance(item, exp.DataType)
    ]
    if not arguments and name != "count":
        raise ExpressionError(f"{name}() wants an argument")
    if name in BETWEEN_FUNCTIONS:
        for argument in arguments:
            if type_of(argument, scope) not in DATED:
                raise ExpressionError(f"{name}() takes dates or times, not '{argument.sql()}'")
    if name == "count":
        return "integer"
    kinds = [type_of(argument, scope) for argument in arguments]
    takes = _TAKES.get(name)
    if takes is not None and kinds[0] not in takes and not isinstance(arguments[0], exp.Null):
        what = {NUMERIC: "a number", DATED: "a date or time", _TEXT: "a text"}[takes]
        raise ExpressionError(f"{name}() takes {what}, and '{arguments[0].sql()}' is {a(kinds[0])}")
    for argument, kind in zip(arguments[1:], kinds[1:], strict=True):
        if kind not in _TAKES_AFTER.get(name, {kind}):
            what = "a text" if name == "replace" else "a whole number"
            raise ExpressionError(f"{name}() takes {what} here, and '{argument.sql()}' is {a(kind)}")
    declared = {**FUNCTIONS, **AGGREGATES}[name]
    if declared is not None:
        return declared
    if name in ("coalesce", "greatest", "least", "nullif"):
        return _common_type(arguments, scope, f"the arguments of {name}()")
    return type_of(arguments[0], scope)


def _wanted(node: exp.Expr, kinds: frozenset[ColumnType], what: str, scope: Scope) -> ColumnType:
    kind = type_of(node, scope)
    if kind not in kinds:
        raise ExpressionError(f"'{node.sql()}' is {a(kind)}, not {what}")
    return kind


def _arithmetic_type(node: exp.Expr, scope: Scope) -> ColumnType:
    left, right = type_of(node.this, scope), type_of(node.expression, scope)
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
    kinds = [type_of(node, scope) for node in nodes if not isinstance(node, exp.Null)]
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
        if type_of(node.this, scope) != "boolean":
            raise ExpressionError(f"not '{node.this.sql()}': that is no condition")
        return
    if isinstance(node, exp.And | exp.Or):
        for side in (node.this, node.expression):
            if type_of(side, scope) != "boolean":
                raise ExpressionError(f"'{side.sql()}' is no condition", "compare it with something")
        return
    if isinstance(node, exp.Boolean):
        return
    if isinstance(node, exp.Is):
        type_of(node.this, scope)
        return
    if isinstance(node.this, COMPARISONS):
        raise ExpressionError(f"'{node.sql()}' compares a comparison", "join two of them with and")
    left = type_of(node.this, scope)
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
        right = type_of(other, scope)
        dated_literal = (
            {left, right} & DATED
            and right == "text"
            and isinstance(other, exp.Literal)
            and not isinstance(node, exp.Like)
        )
        if dated_literal and not _MOMENT.fullmatch(other.name):
            raise ExpressionError(f"'{other.name}' is no date", "write '2026-04-01'")
        if isinstance(node, exp.Like) and {left, right} != {"text"}:
            raise ExpressionError(f"'{node.sql()}' compares {a(left)} with {a(right)}", "like is for texts")
        if left == right or {left, right} <= NUMERIC or {left, right} <= DATED or dated_literal:
            continue
        raise ExpressionError(f"'{node.sql()}' compares {a(left)} with {a(right)}")
