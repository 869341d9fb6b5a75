"""Equations solved together, exactly: a name that stands twice, or several unknowns in several equations.

The only module that needs sympy, which takes a moment to import: it is imported when such a tree is met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from dagster_project.goals.algebra.equations import Constant, Equation, Expression, Name, evaluate

MOST_NAMES = 4  # the time of an exact solution grows fast with the unknowns of a system that is not linear
DIGITS = 60  # of a root that is no fraction
NEAR = Fraction(1, 10**30)  # how near both sides of an equation are, then


class TooMany(Exception):
    """More unknowns than can be solved together."""


class Endless(Exception):
    """Solutions without number: the equations say the same twice."""


def solve_together(
    equations: Sequence[Equation], names: Sequence[str], values: Mapping[str, Fraction]
) -> list[dict[str, Fraction]]:
    """Every real solution for `names`, all other names being in `values`; [] where there is none.

    A linear system is solved at any size, another by a Groebner basis: its last polynomial holds one unknown,
    whose real roots give the others. Raises Endless, TooMany for more than MOST_NAMES unknowns in a system
    that is not linear, ZeroDivisionError for a division by a known zero.
    """
    import sympy
    from sympy.solvers.solveset import NonlinearError

    symbols = [sympy.Symbol(name) for name in names]
    known = {name: sympy.Rational(value.numerator, value.denominator) for name, value in values.items()}
    every = known | dict(zip(names, symbols, strict=True))
    sides = [every[e.left] - _of(e.right, every) for e in equations]
    if any(side.has(sympy.zoo, sympy.nan) for side in sides):
        raise ZeroDivisionError
    parts = [sympy.fraction(sympy.together(side)) for side in sides]
    try:
        points = list(sympy.linsolve([top for top, _ in parts], symbols))
        if any(sympy.Tuple(*point).free_symbols for point in points):
            raise Endless
        found = [list(map(_fraction, point)) for point in points]
    except NonlinearError:
        if len(names) > MOST_NAMES:
            raise TooMany from None
        found = _roots(parts, symbols)
    solutions = [dict(zip(names, point, strict=True)) for point in found]
    return [solution for solution in solutions if _holds(equations, {**values, **solution})]


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


def _roots(parts: Sequence[tuple[Any, Any]], symbols: Sequence[Any]) -> list[list[Fraction]]:
    """The real points at which every numerator is 0 and no denominator is."""
    import sympy

    bottoms = sympy.prod([bottom for _, bottom in parts])
    # One more unknown, the inverse of the denominators, keeps points out at which one of them is 0.
    inverse = sympy.Dummy("inverse")
    polynomials = [*(top for top, _ in parts), inverse * bottoms - 1]
    basis = sympy.groebner(polynomials, inverse, *symbols, order="grevlex")
    if basis.exprs == [1]:
        return []
    if not basis.is_zero_dimensional:
        raise Endless
    triangle = list(basis.fglm("lex").exprs)
    points: list[dict[Any, Any]] = [{}]
    for symbol in reversed(symbols):
        points = [
            {**point, symbol: root} for point in points for root in _real_roots(triangle, symbol, point)
        ]
    return [[_fraction(point[symbol]) for symbol in symbols] for point in points]


def _real_roots(triangle: Sequence[Any], symbol: Any, point: Mapping[Any, Any]) -> list[Any]:
    """The values of `symbol` at a point of the unknowns after it: rational ones exactly, others to DIGITS."""
    import sympy

    own = [
        sympy.Poly(reduced, symbol)
        for expression in triangle
        if expression.has(symbol) and (reduced := expression.subs(point)).free_symbols == {symbol}
    ]
    if not own:
        return []
    least = min(own, key=lambda polynomial: int(polynomial.degree()))
    return [
        root if root.is_Rational else sympy.Rational(str(root.evalf(DIGITS)))
        for root in dict.fromkeys(least.real_roots())
    ]


def _holds(equations: Sequence[Equation], values: Mapping[str, Fraction]) -> bool:
    for equation in equations:
        try:
            left, right = values[equation.left], evaluate(equation.right, values)
        except ZeroDivisionError:
            return False
        if abs(left - right) > NEAR * max(abs(left), abs(right), Fraction(1)):
            return False
    return True


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))
