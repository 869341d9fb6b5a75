"""How strongly a node bears on its KGI: by how many percent the KGI moves when the node moves by one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from dagster_project.goals.algebra.formula import formula_of
from dagster_project.goals.model import PLAN, Goal

STEP = Fraction(1, 100)


def elasticities(goal: Goal) -> Mapping[str, float]:
    """Elasticity of the KGI at the plan's targets, by node; a node without target, or tied to nothing, lacks.

    The node moves by 1 %, all others of its tree stand: 1 for a factor of the KGI, its share for a term of a
    sum, below 0 for what the KGI is divided by.
    """
    targets = goal.targets[PLAN]
    found: dict[str, float] = {}
    for node in goal.nodes:
        if not node.is_tied or node.name not in targets or node.name == goal.kgi.name:
            continue
        elasticity = _elasticity(goal, node.name, targets)
        if elasticity is not None:
            found[node.name] = float(elasticity)
    return found


def _elasticity(goal: Goal, name: str, targets: Mapping[str, Fraction]) -> Fraction | None:
    # Without its own equation the node is a leaf, and what lies below it no longer counts.
    above = [equation.text for equation in goal.system if equation.left != name]
    formula = formula_of(goal.kgi.name, above, targets.keys())
    if formula is None or name not in formula.leaves:
        return None
    values = {leaf: targets[leaf] for leaf in formula.leaves}
    try:
        before = formula.evaluate(values)
        after = formula.evaluate({**values, name: values[name] * (1 + STEP)})
    except ZeroDivisionError:
        return None
    return (after / before - 1) / STEP if before else None
