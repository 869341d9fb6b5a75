"""The targets of every scenario, solved from what is given; again, once the year before is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from dagster_project.goals.actions import Action
from dagster_project.goals.algebra.equations import Equation
from dagster_project.goals.algebra.order import steps
from dagster_project.goals.algebra.solve import Conflict, solve
from dagster_project.goals.given import Base, Given
from dagster_project.goals.model import PLAN, Goal

Bases = Mapping[Base, Fraction]


@dataclass(frozen=True)
class Figures:
    """What targets follow from."""

    equations: tuple[Equation, ...]
    root: str
    given: Mapping[str, Given]
    actions: tuple[Action, ...]
    scenarios: Mapping[str, Fraction]

    def derived_by(self) -> dict[str, Equation]:
        """The equation that each name not given is solved from, whether or not its figure is known yet."""
        found: dict[str, Equation] = {}
        for step in steps(self.equations, self.given):
            for name in step.names:
                own = next((e for e in step.equations if e.left == name), None)
                found[name] = own or next(e for e in step.equations if name in e.names)
        return found


@dataclass(frozen=True)
class Solved:
    """Targets of nodes and of actions by scenario, and the equations that each scenario's figures break."""

    targets: Mapping[str, Mapping[str, Fraction]]
    action_targets: Mapping[str, Mapping[str, Fraction]]
    conflicts: Mapping[str, tuple[Conflict, ...]]


def solve_scenarios(figures: Figures, bases: Bases) -> Solved:
    """Every scenario: what is given is scaled, what is assumed stands, the rest follows anew.

    Only the KGI and what grows (counts, sums) is scaled; a rate that is given as a target is the same in
    every scenario, or the product of a scaled count and a scaled rate would be scaled twice. A figure whose
    base is not in `bases` is unknown, and so is what rests on it.
    """
    targets, conflicts = {}, {}
    action_targets: dict[str, dict[str, Fraction]] = {}
    for scenario, factor in figures.scenarios.items():
        known = {
            name: value * factor if given.scaled else value
            for name, given in figures.given.items()
            if (value := given.at(bases)) is not None
        }
        solution = solve(figures.equations, known, figures.root, pieces_of(figures.given, factor))
        targets[scenario], conflicts[scenario] = solution.values, solution.conflicts
        action_targets[scenario] = {}
        for action in figures.actions:
            wanted = action.needed(solution.values.get(action.drives), factor, bases)
            if wanted is not None:
                action_targets[scenario][action.name] = wanted
    return Solved(targets, action_targets, conflicts)


def pieces_of(given: Mapping[str, Given], factor: Fraction = Fraction(1)) -> dict[str, Fraction]:
    """The size of one piece of what is given in whole ones, in a scenario of that factor."""
    return {name: factor if own.scaled else Fraction(1) for name, own in given.items() if own.in_pieces}


def with_bases(goal: Goal, bases: Bases) -> tuple[Goal, tuple[Conflict, ...]]:
    """The goal with the targets that rest on these actuals of earlier periods, and the equations that the
    plan's figures then break. A base that is not in `bases` stays unknown (`Goal.unknown_bases`)."""
    if not goal.bases:
        return goal, ()
    figures = Figures(goal.system, goal.kgi.name, goal.given, goal.actions, goal.scenarios)
    solved = solve_scenarios(figures, bases)
    order = [node.name for node in goal.nodes]
    targets = {
        scenario: {name: values[name] for name in order if name in values}
        for scenario, values in solved.targets.items()
    }
    unknown = frozenset(base for base in goal.bases if base not in bases)
    renewed = replace(goal, targets=targets, action_targets=solved.action_targets, unknown_bases=unknown)
    return renewed, solved.conflicts[PLAN]
