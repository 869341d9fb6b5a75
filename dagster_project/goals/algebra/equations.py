"""Equations of a goal tree: `revenue = orders * average_order_value`, evaluated and inverted exactly.

Grammar: `name = expression`, with + - * /, brackets, names and constants (12, 1_000.5, 20%). Figures are
fractions, so 21 / 35% is 60 and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dagster_project.kpi.text import parse_quantity

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[a-z][a-z0-9_]*)|(?P<number>\d[\d_]*(?:\.\d[\d_]*)?%?)|(?P<sign>[-+*/()]))"
)
MAX_LENGTH = 1_000
MAX_DEPTH = 50


@dataclass(frozen=True)
class Constant:
    value: Fraction


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Operation:
    sign: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


Expression = Constant | Name | Operation


@dataclass(frozen=True)
class Equation:
    """`left = right`; `text` as written."""

    left: str
    right: Expression
    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names on the right, in order, each once."""
        return tuple(dict.fromkeys(_names(self.right)))

    def role(self, name: str) -> Literal["term", "factor"]:
        """Whether `name` enters the right side as a term of a sum, or multiplied or divided."""
        return "term" if _is_term(self.right, name) else "factor"

    def stands_twice(self, name: str) -> bool:
        """Whether `name` stands more than once, so that no inversion step by step gives it."""
        return [self.left, *_names(self.right)].count(name) > 1

    def solve_for(self, name: str, values: Mapping[str, Fraction]) -> Fraction | None:
        """The value of `name` that makes both sides equal, every other name being in `values`.

        None where the name stands more than once, or where no single value does it (a factor of zero).
        Raises ZeroDivisionError where a division by zero is in the way.
        """
        if name == self.left:
            return None if name in self.names else evaluate(self.right, values)
        if self.left not in values or list(_names(self.right)).count(name) != 1:
            return None
        return _invert(self.right, name, values[self.left], values)


def parse(text: str) -> Equation:
    """The equation written in `text`. Raises ValueError in words for the person who wrote it."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"an equation of more than {MAX_LENGTH:,} characters")
    left, sign, right = text.partition("=")
    if not sign:
        raise ValueError(f"'{text}' is no equation; write it as revenue = orders * average_order_value")
    if "=" in right:
        raise ValueError(f"'{text}' has more than one '='; write an equation each")
    name = left.strip()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"one name stands left of '=', not '{name}'")
    return Equation(name, _Parser(right).parse(), " ".join(text.split()))


def evaluate(expression: Expression, values: Mapping[str, Fraction]) -> Fraction:
    """The expression's value. Raises KeyError for a name without value, ZeroDivisionError for x / 0."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Name):
        return values[expression.name]
    left, right = evaluate(expression.left, values), evaluate(expression.right, values)
    if expression.sign == "+":
        return left + right
    if expression.sign == "-":
        return left - right
    return left * right if expression.sign == "*" else left / right


def _invert(
    expression: Expression, name: str, wanted: Fraction, values: Mapping[str, Fraction]
) -> Fraction | None:
    while isinstance(expression, Operation):
        inside_left = name in _names(expression.left)
        other = evaluate(expression.right if inside_left else expression.left, values)
        if expression.sign == "+":
            wanted = wanted - other
        elif expression.sign == "-":
            wanted = wanted + other if inside_left else other - wanted
        elif expression.sign == "*":
            if other == 0:
                return None
            wanted = wanted / other
        elif inside_left:
            wanted = wanted * other
        elif other == 0 or wanted == 0:
            return None
        else:
            wanted = other / wanted
        expression = expression.left if inside_left else expression.right
    return wanted


def _names(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Name):
        yield expression.name
    elif isinstance(expression, Operation):
        yield from _names(expression.left)
        yield from _names(expression.right)


def _is_term(expression: Expression, name: str) -> bool:
    while isinstance(expression, Operation):
        if expression.sign not in "+-":
            return False
        expression = expression.left if name in _names(expression.left) else expression.right
    return True


class _Parser:
    """Recursive descent: sum = product {+|- product}; product = factor {*|/ factor}."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(
                    f"'{text[at:].strip()[0]}' can't stand in an equation; "
                    "use names in lower case, figures, + - * / and brackets"
                )
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self.at = 0

    def parse(self) -> Expression:
        expression = self._sum(0)
        if self.at < len(self.tokens):
            raise ValueError(
                f"'{self.tokens[self.at][1]}' is one too many; is an operator missing before it?"
            )
        return expression

    def _sign(self, signs: str) -> str | None:
        if self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind == "sign" and text in signs:
                self.at += 1
                return text
        return None

    def _sum(self, depth: int) -> Expression:
        left = self._product(depth)
        while sign := self._sign("+-"):
            left = Operation(sign, left, self._product(depth))  # type: ignore[arg-type]
        return left

    def _product(self, depth: int) -> Expression:
        left = self._factor(depth)
        while sign := self._sign("*/"):
            left = Operation(sign, left, self._factor(depth))  # type: ignore[arg-type]
        return left

    def _factor(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise ValueError("brackets nested too deeply")
        if self._sign("-"):
            return Operation("-", Constant(Fraction(0)), self._factor(depth + 1))
        if self._sign("("):
            inner = self._sum(depth + 1)
            if not self._sign(")"):
                raise ValueError("a bracket is not closed")
            return inner
        if self.at >= len(self.tokens):
            raise ValueError("the equation ends too early; a name or a figure is missing")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "name":
            return Name(text)
        if kind == "number":
            return Constant(parse_quantity(text).value)
        raise ValueError(f"a name or a figure is missing before '{text}'")
