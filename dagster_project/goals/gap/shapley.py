"""How much of a change each leaf of a formula accounts for: the Shapley value, exactly.

The Shapley value of a leaf is what it adds when the leaves move one after the other from `before` to `after`,
averaged over all orders (L. S. Shapley, A value for n-person games, 1953). Over n leaves that is n! orders;
here it is the integral over q from 0 to 1 of what the leaf adds when each other leaf has moved with
probability q, independently (G. Owen, Multilinear extensions of games, 1972). In a tree the two sides of an
operation rest on different leaves, so their means are multiplied as polynomials in q, and the cost grows with
the square of the leaves. Only where a leaf stands on both sides of a product, or a sum below a fraction line,
are the subsets of those leaves counted one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from dagster_project.goals.algebra.equations import Constant, Expression, Name, Operation, evaluate
from dagster_project.goals.algebra.formula import names_in

MOST_COUNTED = 14  # leaves whose 2^n subsets are counted one by one: 16,384 evaluations, about a second

Polynomial = list[Fraction]  # coefficients of 1, q, q², ...
ONE = Fraction(1)


class TooManyLeaves(ValueError):
    """More leaves are tied to one another than can be counted."""


def shapley(
    expression: Expression, before: Mapping[str, Fraction], after: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    """The contribution of every name of the expression to its change from `before` to `after`.

    Their sum is exactly the change; a name that did not move contributes 0. Raises KeyError for a name
    without value, ZeroDivisionError where a mixture of both states divides by zero, TooManyLeaves where
    more than MOST_COUNTED moving names are tied to one another in a way that must be counted.
    """
    moved = _Moves(before, after).of(expression)
    return {
        name: sum((c / (n + 1) for n, c in enumerate(moved.adds.get(name, []))), Fraction(0))
        for name in dict.fromkeys(names_in(expression))
    }


@dataclass(frozen=True)
class _Moved:
    """`mean`: the expected value when each leaf has moved with probability q.
    `adds`: what each leaf that moves adds, in the mean, when it moves too."""

    mean: Polynomial
    adds: dict[str, Polynomial]


class _Moves:
    def __init__(self, before: Mapping[str, Fraction], after: Mapping[str, Fraction]) -> None:
        self.before, self.after = before, after

    def of(self, expression: Expression) -> _Moved:
        if isinstance(expression, Constant):
            return _Moved([expression.value], {})
        if isinstance(expression, Name):
            return self._leaf(expression.name, self.before[expression.name], self.after[expression.name])
        left, right = expression.left, expression.right
        if expression.sign in "+-":
            return _sum(self.of(left), self.of(right), 1 if expression.sign == "+" else -1)
        if self._moving(left) & self._moving(right):
            return self._counted(expression)
        other = self.of(right) if expression.sign == "*" else self._reciprocal(right)
        return _product(self.of(left), other)

    def _reciprocal(self, expression: Expression) -> _Moved:
        if isinstance(expression, Name):
            name = expression.name
            return self._leaf(name, ONE / self.before[name], ONE / self.after[name])
        if isinstance(expression, Operation) and expression.sign in "*/":
            left, right = expression.left, expression.right
            if not self._moving(left) & self._moving(right):
                other = self._reciprocal(right) if expression.sign == "*" else self.of(right)
                return _product(self._reciprocal(left), other)
        return self._counted(Operation("/", Constant(ONE), expression))

    def _leaf(self, name: str, before: Fraction, after: Fraction) -> _Moved:
        change = after - before
        return _Moved([before, change], {name: [change]}) if change else _Moved([before], {})

    def _moving(self, expression: Expression) -> set[str]:
        return {name for name in names_in(expression) if self.before[name] != self.after[name]}

    def _counted(self, expression: Expression) -> _Moved:
        """Both polynomials from the expression's value at every subset of its moving leaves."""
        moving = sorted(self._moving(expression))
        count = len(moving)
        if count > MOST_COUNTED:
            raise TooManyLeaves(
                f"{count} nodes that stand more than once, or in a sum that something is divided by, depend "
                f"on one another ({', '.join(moving[:5])}, ...); at most {MOST_COUNTED} can be told apart"
            )
        values = dict(self.before)
        at: list[Fraction] = []
        for subset in range(1 << count):
            for n, name in enumerate(moving):
                values[name] = self.after[name] if subset >> n & 1 else self.before[name]
            at.append(evaluate(expression, values))
        sums = [Fraction(0)] * (count + 1)
        steps = [[Fraction(0)] * count for _ in moving]
        for subset, value in enumerate(at):
            size = subset.bit_count()
            sums[size] += value
            for n in range(count):
                if not subset >> n & 1:
                    steps[n][size] += at[subset | 1 << n] - value
        return _Moved(
            _in_powers(sums, count),
            {name: _in_powers(own, count - 1) for name, own in zip(moving, steps, strict=True)},
        )


def _sum(left: _Moved, right: _Moved, sign: int) -> _Moved:
    adds = dict(left.adds)
    for name, own in right.adds.items():
        adds[name] = _added(adds.get(name, []), own, sign)
    return _Moved(_added(left.mean, right.mean, sign), adds)


def _product(left: _Moved, right: _Moved) -> _Moved:
    """Of two sides that rest on different leaves: the mean of the product is the product of the means."""
    return _Moved(
        _times(left.mean, right.mean),
        {name: _times(own, right.mean) for name, own in left.adds.items()}
        | {name: _times(own, left.mean) for name, own in right.adds.items()},
    )


def _added(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    total = [Fraction(0)] * max(len(left), len(right))
    for n, value in enumerate(left):
        total[n] += value
    for n, value in enumerate(right):
        total[n] += sign * value
    return total


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    total = [Fraction(0)] * (len(left) + len(right) - 1)
    for n, one in enumerate(left):
        for m, other in enumerate(right):
            total[n + m] += one * other
    return total


def _in_powers(sums: list[Fraction], count: int) -> Polynomial:
    """sum over s of sums[s] q^s (1 - q)^(count - s), in powers of q."""
    total = [Fraction(0)] * (count + 1)
    for size, value in enumerate(sums):
        for n, factor in enumerate(_falling(count - size)):
            total[size + n] += value * factor
    return total


@cache
def _falling(power: int) -> tuple[int, ...]:
    """(1 - q)^power in powers of q."""
    return tuple((-1) ** n * comb(power, n) for n in range(power + 1))
