"""Equations of a whole period as they hold for its remaining days: so a plan is revised from a day on.

An equation holds for quantities that grow through the period (orders, revenue: so many come in the days that
remain) and for levels (rates, prices, stocks) alike, but not term by term: of a fixed cost of 120 a year, 60
falls into the second half, while a headcount at the year's end is the whole of the hirings of both halves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from dagster_project.goals.algebra.equations import Constant, Equation, Expression, Name, Operation


@dataclass(frozen=True)
class Remainder:
    """`before`: of every name that grows, what it comes to before the remaining days. `left`: the share of
    the period that remains. A name stands for what its remaining days add; of a level, for the level.

    over: of names that grow and of which nothing is known before, the share of the period that is over. They
    count as if they had gone from the first day as they go in the remaining ones.
    """

    before: Mapping[str, Fraction]
    left: Fraction
    over: Mapping[str, Fraction] = field(default_factory=dict)

    def added(self, name: str, whole: Fraction) -> Fraction:
        """What the remaining days add of that figure of the whole period."""
        if name in self.over:
            return whole * (1 - self.over[name])
        return whole - self.before.get(name, 0)

    def whole(self, name: str, added: Fraction) -> Fraction:
        """The whole period's figure, the remaining days adding that."""
        if name in self.over:
            left = 1 - self.over[name]
            return added / left if left else added
        return added + self.before.get(name, 0)

    def equation(self, whole: Equation) -> Equation:
        """The equation of the remaining days; names and text stay."""
        right = whole.right
        if whole.left in self.before:
            right = self._added(right)
        elif self._grows(right):
            right = self._in_all(right)
        return Equation(whole.left, right, whole.text)

    def _grows(self, expression: Expression) -> bool:
        """Whether more days make it more. Of a product one factor does, of a quotient what is divided."""
        if isinstance(expression, Name):
            return expression.name in self.before
        if isinstance(expression, Constant):
            return False
        left, right = self._grows(expression.left), self._grows(expression.right)
        if expression.sign == "/":
            return left and not right
        return left != right if expression.sign == "*" else left or right

    def _added(self, expression: Expression) -> Expression:
        """What the remaining days add: all of it in what grows, their share of what does not."""
        if not self._grows(expression):
            return Operation("*", expression, Constant(self.left))
        if isinstance(expression, Operation) and expression.sign in "+-":
            return Operation(expression.sign, self._added(expression.left), self._added(expression.right))
        if isinstance(expression, Operation):
            left, right = expression.left, expression.right
            return Operation(
                expression.sign,
                self._added(left) if self._grows(left) else left,
                self._added(right) if self._grows(right) else right,
            )
        return expression

    def _in_all(self, expression: Expression) -> Expression:
        """What it comes to at the period's end: what was before, and what is added."""
        if isinstance(expression, Name) and expression.name in self.before:
            return Operation("+", Constant(self.before[expression.name]), expression)
        if isinstance(expression, Operation):
            return Operation(expression.sign, self._in_all(expression.left), self._in_all(expression.right))
        return expression
