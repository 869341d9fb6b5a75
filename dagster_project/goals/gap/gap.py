"""Why a goal stands where it does: the gap to the plan, or to last year, by the leaves of its tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.goals.algebra.formula import Formula, formula_of
from dagster_project.goals.gap.shapley import TooManyLeaves, shapley
from dagster_project.goals.model import Node


@dataclass(frozen=True)
class Driver:
    """A leaf of the tree and what its move from `before` to `after` adds to the KGI.

    measured: the KPI's own value where `after` is what the equations imply of it (see identity.Check).
    """

    node: str
    before: Fraction
    after: Fraction
    measured: Fraction | None
    contribution: Fraction


@dataclass(frozen=True)
class Gap:
    """The KGI from `before` to `after`: the drivers' contributions and the residual are exactly the gap.

    residual: what the equations do not explain in the data: the KGI less the tree at its leaves, after less
    before. A plan's own equations hold, so against it this is the KGI's actual less the tree at actuals.
    """

    before: Fraction
    after: Fraction
    drivers: tuple[Driver, ...]
    residual: Fraction

    @property
    def gap(self) -> Fraction:
        return self.after - self.before


def explain(
    root: str,
    equations: Sequence[str],
    before: Mapping[str, Fraction],
    after: Mapping[str, Fraction],
    implied_before: Mapping[str, Fraction] | None = None,
    implied_after: Mapping[str, Fraction] | None = None,
) -> Gap | None:
    """The gap of `root` from `before` to `after`, values by node; None where the KGI lacks one of the two.

    The tree is taken as deep as both know it: a node below which something has no value, or where a mixture
    of both divides by zero, stands for all that is below it.
    """
    if root not in before or root not in after:
        return None
    measured = after
    before, after = {**before, **(implied_before or {})}, {**after, **(implied_after or {})}
    known = before.keys() & after.keys()
    formula, parts = _taken_apart(root, equations, known, before, after)
    drivers = tuple(
        Driver(
            name,
            before[name],
            after[name],
            measured[name] if measured.get(name, after[name]) != after[name] else None,
            parts[name],
        )
        for name in formula.leaves
    )
    residual = after[root] - before[root] - sum(parts.values())
    return Gap(before[root], after[root], drivers, residual)


def _taken_apart(
    root: str,
    equations: Sequence[str],
    known: Iterable[str],
    before: Mapping[str, Fraction],
    after: Mapping[str, Fraction],
) -> tuple[Formula, dict[str, Fraction]]:
    kept = list(equations)
    while True:
        formula = formula_of(root, kept, set(known))
        assert formula is not None  # the root itself is known
        try:
            return formula, shapley(formula.expression, before, after)
        except (ZeroDivisionError, TooManyLeaves) as trouble:
            # Divisions go first where one fails; else what was written last, which is deepest.
            divides = [text for text in kept if "/" in text.partition("=")[2]]
            is_division = isinstance(trouble, ZeroDivisionError) and bool(divides)
            kept.remove(divides[-1] if is_division else kept[-1])


def sums_of_leaves(nodes: Iterable[Node], contributions: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Of every node of the tree the contributions of what hangs below it, its own included.

    A leaf that stands in several equations hangs where it is named first, and counts there, once.
    """
    nodes = tuple(nodes)
    parents = {node.name: node.parent for node in nodes}
    sums = {node.name: Fraction(0) for node in nodes}
    for name, value in contributions.items():
        at: str | None = name
        while at is not None and at in sums:
            sums[at] += value
            at = parents[at]
    return sums
