"""How much each leaf of a tree moves the KGI, and which one alone would close the gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.goals.algebra.equations import Equation
from dagster_project.goals.algebra.formula import Formula, slope
from dagster_project.goals.model import Goal
from dagster_project.goals.whatif.whatif import Outcome

Figures = Mapping[str, Fraction]


@dataclass(frozen=True)
class SingleChange:
    """A leaf alone, the others as they are, moved so that the KGI reaches its target.

    before, after: as in Outcome.values. relative: the change of what can still be changed, 0.1 is 10 % more.
    is_possible: see Node.could_be.
    """

    node: str
    before: Fraction
    after: Fraction
    relative: Fraction
    is_possible: bool


def elasticities(outcome: Outcome) -> dict[str, Fraction]:
    """Of each leaf, by how many per cent the KGI moves when it moves by one: x / y * dy / dx.

    The largest comes first. A factor of a product has the product's share of the KGI. {} at a KGI of 0.
    """
    if outcome.kgi == 0:
        return {}
    expression = outcome.formula.expression
    found = {
        name: value * slope(expression, name, outcome.moving) / outcome.kgi
        for name, value in outcome.moving.items()
    }
    return dict(sorted(found.items(), key=lambda pair: -abs(pair[1])))


def is_reached(goal: Goal, outcome: Outcome) -> bool:
    """Whether the KGI reaches its target: at most it, where less is better."""
    if outcome.target is None:
        return True
    below = outcome.kgi <= outcome.target
    return below if goal.kgi.direction == "down" else outcome.kgi >= outcome.target


def single_changes(goal: Goal, outcome: Outcome) -> tuple[SingleChange, ...]:
    """Of each leaf the change that alone closes the gap, the least relative one first and the impossible
    ones last. () where there is no target, or it is reached. A leaf that can't close it has none."""
    if outcome.target is None or is_reached(goal, outcome):
        return ()
    wanted = outcome.target - outcome.settled
    found = []
    for name, value in outcome.moving.items():
        needed = _alone(outcome.formula, name, outcome.moving, wanted)
        if needed is None or value == 0:
            continue
        node = goal.node(name)
        done = outcome.base.done(name) if node.accumulates else Fraction(0)
        found.append(
            SingleChange(
                node=name,
                before=value + done,
                after=needed + done,
                relative=needed / value - 1,
                is_possible=node.could_be(needed, value),
            )
        )
    return tuple(sorted(found, key=lambda change: (not change.is_possible, abs(change.relative))))


def _alone(formula: Formula, name: str, values: Figures, wanted: Fraction) -> Fraction | None:
    """The value of one leaf at which the formula comes to `wanted`; None where no one value does.

    A leaf that stands more than once is solved for where the formula is linear in it.
    """
    root = formula.root
    try:
        if list(formula.leaves) == [root]:
            return wanted
        equation = Equation(root, formula.expression, "")
        found = equation.solve_for(name, {**values, root: wanted})
        if found is not None:
            return found
        at = [formula.evaluate({**values, name: Fraction(n)}) for n in (1, 2, 3)]
    except ZeroDivisionError:
        return None
    step = at[1] - at[0]
    if step == 0 or at[2] - at[1] != step:
        return None
    return (wanted - at[0]) / step + 1
