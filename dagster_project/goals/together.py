"""Equations solved together, exactly: a name that stands twice, or several unknowns in several equations.

The only module that needs sympy, which takes a second to import: it is imported when such a tree is met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from dagster_project.goals.equations import Constant, Equation, Expression, Name

MOST_NAMES = 12  # the time of an exact solution grows fast with the unknowns of a system that is not linear
DIGITS = 40  # of a root that is no fraction


class TooMany(Exception):
    """More unknowns than can be solved together."""


def solve_together(
    equations: Sequence[Equation], names: Sequence[str], values: Mapping[str, Fraction]
) -> list[dict[str, Fraction]]:
    """Every real solution for `names`, all other names being in `values`; [] where there is none.

    A linear system is solved at any size. Solutions with parameters are left out: they fix nothing.
    Raises TooMany for more than MOST_NAMES unknowns in a system that is not linear, ZeroDivisionError for
    a division by a known zero.
    """
    import sympy
    from sympy.solvers.solveset import NonlinearError

    symbols = [sympy.Symbol(name, real=True) for name in names]
    known = {name: sympy.Rational(value.numerator, value.denominator) for name, value in values.items()}
    unknown = dict(zip(names, symbols, strict=True))
    sides = [unknown.get(e.left, known.get(e.left)) - _of(e.right, {**known, **unknown}) for e in equations]
    if any(side.has(sympy.zoo, sympy.nan) for side in sides):
        raise ZeroDivisionError
    try:
        found = [dict(zip(symbols, point, strict=True)) for point in sympy.linsolve(sides, symbols)]
    except NonlinearError:
        if len(names) > MOST_NAMES:
            raise TooMany from None
        found = sympy.solve(sides, symbols, dict=True)
    solutions = []
    for solution in found:
        exact = {name: _fraction(solution.get(symbol)) for name, symbol in unknown.items()}
        whole = {name: value for name, value in exact.items() if value is not None}
        if len(whole) == len(names):
            solutions.append(whole)
    return solutions


def _of(expression: Expression, names: Mapping[str, Any]) -> Any:
    import sympy

    if isinstance(expression, Constant):
        return sympy.Rational(expression.value.numerator, expression.value.denominator)
    if isinstance(expression, Name):
        return names[expression.name]
    left, right = _of(expression.left, names), _of(expression.right, names)
    if expression.sign == "+":
        return left + right
    if expression.sign == "-":
        return left - right
    return left * right if expression.sign == "*" else left / right


def _fraction(value: Any) -> Fraction | None:
    """A real number as a fraction, a root to DIGITS digits; None for what is not a real number."""
    if value is None or value.free_symbols or value.is_finite is False:
        return None
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    real, imaginary = value.evalf(DIGITS).as_real_imag()
    if abs(imaginary) > 10 ** (10 - DIGITS) * (1 + abs(real)):
        return None
    return Fraction(str(real))
