"""A goal's targets anew, some of its figures being others: what would be required then."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

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

    Exact. A figure that no longer follows (a division by zero) is left out. The contradictions are in words:
    a tree that was over-determined and agreed may disagree now.
    """
    figures = given_figures(goal) | dict(changed)
    solution = solve(goal.system, figures, goal.kgi.name, pieces_of(goal.given))
    return dict(solution.values), tuple(str(conflict) for conflict in solution.conflicts)


def required(goal: Goal, changed: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Every node's target of the whole period, were the changed figures what the plan rests on.

    A plan that was revised has days before the revision that went by other figures; its targets are shifted
    by what the change makes of a whole period, so that a change of nothing requires nothing else.
    """
    now, _ = replan(goal, {})
    then, _ = replan(goal, changed)
    found = {}
    for name, value in then.items():
        target = goal.target(name)
        found[name] = value if target is None or name not in now else target + value - now[name]
    return found
