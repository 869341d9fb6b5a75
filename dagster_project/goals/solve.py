"""Back-calculation: from the KGI's target and the assumptions to a target for every node that they fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.goals.equations import Equation, evaluate

# Figures that differ by less are the same: people round what they write.
TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True)
class Solution:
    """`values`: of every node that is fixed. `derived_by`: for a node not given, its equation."""

    values: Mapping[str, Fraction]
    derived_by: Mapping[str, Equation]


@dataclass(frozen=True)
class Contradiction:
    """An equation that the figures break. `right` is None where it divides by zero.

    `alone`: what each name on the right would have to be, the others as they are, for it to hold.
    """

    equation: Equation
    left: Fraction
    right: Fraction | None
    alone: Mapping[str, Fraction]

    def __str__(self) -> str:
        name = self.equation.left
        if self.right is None:
            return f"'{self.equation.text}' divides by zero with these figures"
        share = f", {show(self.right / self.left * 100)} % of it" if self.left else ""
        return (
            f"'{self.equation.text}' does not hold: its right side comes to {show(self.right)}{share}, "
            f"but {name} is {show(self.left)}"
        )

    @property
    def hint(self) -> str:
        wanted = [f"{name} {show(value)}" for name, value in self.alone.items()]
        return f"to hold, one alone would have to be: {', or '.join(wanted)}" if wanted else ""


def solve(
    equations: Sequence[Equation], given: Mapping[str, Fraction]
) -> tuple[Solution, list[Contradiction]]:
    """Every value that follows from those given, and every equation that they break.

    An equation with one unknown that stands in it once is solved for it, again and again until nothing more
    follows. Exact: no value is rounded. Names that stay unknown have no value.
    """
    values = dict(given)
    derived_by: dict[str, Equation] = {}
    progress = True
    while progress:
        progress = False
        for equation in equations:
            unknown = [name for name in (equation.left, *equation.names) if name not in values]
            if len(unknown) != 1:
                continue
            try:
                value = equation.solve_for(unknown[0], values)
            except ZeroDivisionError:
                continue
            if value is not None:
                values[unknown[0]] = value
                derived_by[unknown[0]] = equation
                progress = True
    broken = [found for equation in equations if (found := _check(equation, values)) is not None]
    return Solution(values, derived_by), broken


def _check(equation: Equation, values: Mapping[str, Fraction]) -> Contradiction | None:
    unknown = [name for name in equation.names if name not in values]
    left = values.get(equation.left)
    if left is None or len(unknown) > 1:
        return None
    if unknown:
        return _unreachable(equation, unknown[0], left, values)
    try:
        right = evaluate(equation.right, values)
    except ZeroDivisionError:
        return Contradiction(equation, left, None, {})
    if abs(left - right) <= TOLERANCE * max(abs(left), abs(right)):
        return None
    return Contradiction(equation, left, right, _alone(equation, values))


def _unreachable(
    equation: Equation, name: str, left: Fraction, values: Mapping[str, Fraction]
) -> Contradiction | None:
    """A product with a factor of zero is zero whatever the unknown is: no other target is in reach."""
    try:
        at = [evaluate(equation.right, {**values, name: Fraction(guess)}) for guess in (1, 2, 7)]
    except ZeroDivisionError:
        return None
    if len(set(at)) > 1 or at[0] == left:
        return None
    return Contradiction(equation, left, at[0], _alone(equation, {**values, name: Fraction(1)}))


def _alone(equation: Equation, values: Mapping[str, Fraction]) -> dict[str, Fraction]:
    alone: dict[str, Fraction] = {}
    for name in equation.names:
        try:
            value = equation.solve_for(name, values)
        except ZeroDivisionError:
            continue
        if value is not None:
            alone[name] = value
    return alone


def show(value: Fraction) -> str:
    """A figure for a message: 300,000,000 or 1,666.67 or 0.05."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    size = abs(float(value))
    return f"{float(value):,.2f}" if size >= 1 else f"{float(value):.6g}"
