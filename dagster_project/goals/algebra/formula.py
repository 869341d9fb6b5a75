"""A goal's equations as one formula: the KGI over the leaves of its tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.goals.algebra.equations import (
    Constant,
    Equation,
    Expression,
    Name,
    Operation,
    evaluate,
    parse,
)

MOST_TERMS = 10_000  # a tree whose nodes share nodes that share nodes could grow without end


@dataclass(frozen=True)
class Formula:
    """`root` = `expression`, whose names are the `leaves`, in the order in which they are written.

    `equations`: those that the expression was put together from, by the name on their left.
    """

    root: str
    expression: Expression
    leaves: tuple[str, ...]
    equations: Mapping[str, Equation]

    def evaluate(self, values: Mapping[str, Fraction]) -> Fraction:
        """The KGI at these leaves. Raises KeyError for one without value, ZeroDivisionError for x / 0."""
        return evaluate(self.expression, values)


def formula_of(root: str, equations: Iterable[str], known: Collection[str] | None = None) -> Formula | None:
    """The formula of `root`, taken down to its deepest nodes.

    known: names that have a value, default all. A node whose equation rests on one without a value is a leaf
    itself, if it has a value; so the tree is explained as deep as the figures reach. None where the root
    can't be reached in this way, and has no value either. A name has one equation, its first.

    Raises ValueError where the tree is too large to be written out.
    """
    written: dict[str, Equation] = {}
    for text in equations:
        equation = parse(text)
        written.setdefault(equation.left, equation)
    open_: dict[str, bool] = {}

    def is_reachable(name: str, above: frozenset[str]) -> bool:
        """Whether the name's equation can be used, or its own value; remembers which in `open_`."""
        if name not in open_:
            equation = written.get(name)
            inside = above | {name}
            open_[name] = (
                equation is not None
                and not inside & set(equation.names)
                and all(is_reachable(below, inside) for below in equation.names)
            )
        return open_[name] or known is None or name in known

    if not is_reachable(root, frozenset()):
        return None
    used: dict[str, Equation] = {}
    count = 0

    def written_out(expression: Expression) -> Expression:
        nonlocal count
        count += 1
        if count > MOST_TERMS:
            raise ValueError(
                f"the tree of '{root}' has more than {MOST_TERMS:,} terms when it is written out"
            )
        if isinstance(expression, Name) and open_.get(expression.name):
            used[expression.name] = written[expression.name]
            return written_out(written[expression.name].right)
        if isinstance(expression, Operation):
            return Operation(expression.sign, written_out(expression.left), written_out(expression.right))
        return expression

    whole = written_out(Name(root))
    return Formula(root, whole, tuple(dict.fromkeys(names_in(whole))), used)


def names_in(expression: Expression) -> list[str]:
    """The names of an expression as often as they stand in it, from left to right."""
    if isinstance(expression, Name):
        return [expression.name]
    if isinstance(expression, Operation):
        return [*names_in(expression.left), *names_in(expression.right)]
    return []


def slope(expression: Expression, name: str, values: Mapping[str, Fraction]) -> Fraction:
    """The derivative of the expression with respect to `name`, at `values`.

    Raises KeyError for a name without value, ZeroDivisionError for x / 0.
    """
    if isinstance(expression, Constant):
        return Fraction(0)
    if isinstance(expression, Name):
        return Fraction(int(expression.name == name))
    left, right = slope(expression.left, name, values), slope(expression.right, name, values)
    if expression.sign == "+":
        return left + right
    if expression.sign == "-":
        return left - right
    at_left, at_right = evaluate(expression.left, values), evaluate(expression.right, values)
    if expression.sign == "*":
        return left * at_right + at_left * right
    return (left * at_right - at_left * right) / at_right**2
