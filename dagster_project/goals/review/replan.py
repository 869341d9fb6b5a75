"""A goal's targets anew, some of its figures being others: what would be required then."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from dagster_project.goals.algebra.remainder import Remainder
from dagster_project.goals.algebra.solve import solve
from dagster_project.goals.model import Goal
from dagster_project.goals.resolve.growth import pieces_of


def given_figures(goal: Goal) -> dict[str, Fraction]:
    """The plan's figures that the others follow from: targets as written, and assumptions."""
    figures: dict[str, Fraction] = {}
    for node in goal.nodes:
        target = goal.target(node.name)
        if node.origin in ("given", "assumed") and target is not None:
            figures[node.name] = target
    return figures


def replan(goal: Goal, changed: Mapping[str, Fraction]) -> tuple[dict[str, Fraction], tuple[str, ...]]:
    """(every node's figure, what contradicts) with `changed` in place of the plan's given figures.

    Exact, and of the whole period; of a plan that was revised only the days from the revision on are planned
    anew: those before went by other figures, and stay. A figure that no longer follows (a division by zero)
    is left out. The contradictions are in words: a tree that was over-determined and agreed may disagree now.
    """
    rest = goal.remainder or Remainder({}, Fraction(1))
    figures = given_figures(goal) | dict(changed)
    known = {name: rest.added(name, value) for name, value in figures.items()}
    system = [rest.equation(equation) for equation in goal.system] if goal.remainder else goal.system
    solution = solve(system, known, goal.kgi.name, pieces_of(goal.given))
    values = {name: rest.whole(name, value) for name, value in solution.values.items()}
    return values, tuple(str(conflict) for conflict in solution.conflicts)


def required(goal: Goal, changed: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Every node's target of the whole period, were the changed figures what the plan rests on.

    Left out is what can't be asked for: of what grows, less than nothing, where the plan asks for something.
    """
    then, _ = replan(goal, changed)
    asked = {node.name for node in goal.nodes if node.kpi and node.kpi.grows and _is_above_0(goal, node.name)}
    return {name: value for name, value in then.items() if value >= 0 or name not in asked}


def _is_above_0(goal: Goal, name: str) -> bool:
    target = goal.target(name)
    return target is not None and target > 0
