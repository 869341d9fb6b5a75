"""Where the nodes of a tree hang: under which parent, how deep, bearing on it how."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dagster_project.goals.algebra.equations import Equation
from dagster_project.goals.model import Role
from dagster_project.goals.resolve.tree import Tree
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.kpi.yamlnodes import Loc

Say = Callable[[Loc, str, str], None]


def place(tree: Tree, spec: GoalSpec, say: Say) -> None:
    """Hangs every node: the tree from the root down, then success factors, drivers, and the rest."""
    by_left = {equation.left: equation for equation in tree.equations}
    if not _hang(tree, tree.root, None, 0, "root", by_left, (), say):
        return
    for index, equation in enumerate(tree.equations):
        if equation.left not in tree.places:
            hint = f"use '{equation.left}' in an equation under '{tree.root}', or remove this one"
            message = f"nothing ties '{equation.left}' to the KGI '{tree.root}' in '{equation.text}'"
            say(("tree", index), message, hint)
    for index, factor in enumerate(spec.ksf):
        if factor.name in tree.places or factor.name in tree.kpis:
            hint = "give a node the level ksf to call it a success factor"
            say(("ksf", index, "name"), f"'{factor.name}' is a node already", hint)
            continue
        tree.ksf[factor.name] = factor
        tree.places[factor.name] = (tree.root, 1, "watched")
        for name in factor.holds:
            tree.places.setdefault(name, (factor.name, 2, "holds"))
    for name in [*spec.drivers, *spec.nodes]:
        tree.places.setdefault(name, (tree.root, 1, "watched"))


def _hang(
    tree: Tree,
    name: str,
    parent: str | None,
    depth: int,
    role: Role,
    by_left: Mapping[str, Equation],
    above: tuple[str, ...],
    say: Say,
) -> bool:
    """Whether no circle was met."""
    if name in above:
        equation = by_left[above[-1]]
        path = " → ".join([*above[above.index(name) :], name])
        message = f"a circle in '{equation.text}': {path}"
        say(("tree", tree.equations.index(equation)), message, "no name may define itself")
        return False
    if name in tree.places:
        return True
    tree.places[name] = (parent, depth, role)
    own, sound = by_left.get(name), True
    if own is None:
        return True
    for child in own.names:
        sound &= _hang(tree, child, name, depth + 1, own.role(child), by_left, (*above, name), say)
    return sound
