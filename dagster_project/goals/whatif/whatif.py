"""What if: other figures for some nodes of a tree, and what then becomes of the KGI and the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dagster_project.errors import UsageError
from dagster_project.goals.algebra.equations import evaluate
from dagster_project.goals.algebra.formula import Formula, formula_of
from dagster_project.goals.algebra.solve import solve
from dagster_project.goals.model import Goal, Node
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.text import Quantity, parse_quantity

Figures = Mapping[str, Fraction]


@dataclass(frozen=True)
class Base:
    """The period as it would come out without a change. By node:

    whole: its value for the whole period: the plan, or of what grows the pace, of a rate the actual.
    moving: the part that can still be changed: of a plan all of it; else of what grows the days to come,
    and of a rate its value on them.
    """

    kind: Literal["plan", "actual"]
    whole: Figures
    moving: Figures
    target: Fraction | None

    def done(self, name: str) -> Fraction:
        """What is settled already."""
        return self.whole[name] - self.moving[name] if name in self.whole else Fraction(0)


@dataclass(frozen=True)
class Change:
    """A figure to try: `node=text`."""

    node: str
    text: str
    quantity: Quantity


@dataclass(frozen=True)
class Outcome:
    """What the changes come to. Figures are of the whole period, of rates of the days still to come.

    formula: the KGI over its leaves, nodes that were changed among them. moving: their changed figures;
    settled: what the KGI has besides the formula at them.
    required: of each node that the plan derives, what it would have to be for the KGI to reach `target`, were
    everything given and assumed as it is after the changes; {} where that leaves nothing to be derived.
    """

    base: Base
    target: Fraction | None
    kgi_before: Fraction
    kgi: Fraction
    values: Figures
    required: Figures
    formula: Formula
    moving: Figures
    settled: Fraction


def plan_base(goal: Goal, published: Figures | None = None) -> Base:
    """The plan; targets that rest on a year before, and so are not written, from those published.

    Raises UsageError where the KGI has no target to start from.
    """
    known: dict[str, Fraction] = {}
    for node in goal.tree:
        value = goal.target(node.name)
        value = (published or {}).get(node.name) if value is None else value
        if value is not None:
            known[node.name] = value
    if goal.kgi.name not in known:
        raise UsageError(f"the plan of '{goal.name}' has no target for its KGI '{goal.kgi.name}'")
    return Base("plan", known, known, known[goal.kgi.name])


def actual_base(goal: Goal, actual: Figures, pace: Figures, target: Fraction | None) -> Base:
    """The period at its present pace, of which only the days still to come can be changed.

    actual, pace: by node, as published in kgi_attainment. Raises UsageError where the KGI has no actual yet,
    or nothing is left to change.
    """
    whole: dict[str, Fraction] = {}
    moving: dict[str, Fraction] = {}
    for node in goal.tree:
        if node.name in actual and node.name in pace:
            whole[node.name] = pace[node.name]
            grows = node.accumulates
            moving[node.name] = pace[node.name] - actual[node.name] if grows else actual[node.name]
    root = goal.kgi
    if root.name not in whole:
        raise UsageError(f"'{root.name}' has no actual value yet; write --from plan")
    if root.accumulates and not any(moving[name] for name in moving if goal.node(name).accumulates):
        raise UsageError("the period is over, and nothing of it can be changed; write --from plan")
    return Base("actual", whole, moving, target)


def read_changes(goal: Goal, texts: Sequence[str]) -> tuple[Change, ...]:
    """`deal_to_order_rate=22%`, `leads=+10%`. Raises UsageError for what can't be tried, with a way out."""
    nodes = {node.name: node for node in goal.tree}
    changes: dict[str, Change] = {}
    for written in texts:
        name, sign, text = (part.strip() for part in written.partition("="))
        if not sign:
            raise UsageError(f"'{written}': write a node and a figure, as in leads=+10%")
        if name not in nodes:
            hint = suggest(name, nodes) or f"nodes that bear on it: {', '.join(nodes)}"
            raise UsageError(f"'{name}' is no node that equations tie to '{goal.kgi.name}'; {hint}")
        if name in changes:
            raise UsageError(f"'{name}' is changed twice; write one figure for it")
        changes[name] = Change(name, text, _figure(nodes[name], text))
    for name in changes:
        above = nodes[name].parent
        while above is not None:
            if above in changes and above != goal.kgi.name:
                raise UsageError(f"'{above}' is made of '{name}'; change one of the two")
            above = nodes[above].parent
    return tuple(changes.values())


def _figure(node: Node, text: str) -> Quantity:
    unit = node.kpi.unit if node.kpi is not None else None
    try:
        quantity = parse_quantity(text)
    except ValueError as error:
        raise UsageError(f"'{node.name}': {error}") from None
    if quantity.form == "percent" and text.lstrip().startswith("-"):
        quantity = Quantity(
            quantity.value, "percent", relative=True
        )  # no share is below 0: ten per cent less
    if quantity.form == "number" and text.lstrip().startswith("+"):
        raise UsageError(f"'{node.name}={text}': write what it is to be, or a change as +10%")
    if quantity.form == "points" and unit != "percent":
        raise UsageError(f"'{node.name}' is in {unit}, which has no points; write +10% or a figure")
    if quantity.form == "percent" and not quantity.relative and unit not in ("percent", "rate"):
        raise UsageError(f"'{node.name}' is in {unit}; write a figure, or +{text} for a change")
    if quantity.form == "number" and unit == "percent" and abs(quantity.value) > 1:
        raise UsageError(f"'{node.name}' is a percentage; write {float(quantity.value):g}%")
    return quantity


def what_if(goal: Goal, base: Base, changes: Sequence[Change]) -> Outcome:
    """The outcome of the changes, exactly.

    A figure for what grows is the period's; a relative change is one of what is still to come. A figure for
    the KGI itself is another target.
    """
    root = goal.kgi.name
    target = base.target
    changed: dict[str, Fraction] = {}
    for change in changes:
        if change.node == root:
            target = _changed(goal.kgi, base.target or base.whole[root], change, Fraction(0))
            continue
        if change.node not in base.moving:
            raise UsageError(f"'{change.node}' has no figure to start from; write --from plan")
        node = goal.node(change.node)
        changed[change.node] = _changed(node, base.moving[change.node], change, base.done(change.node))
        if changed[change.node] > 1 >= base.moving[change.node] and _is_share(node):
            raise UsageError(
                f"'{change.node}' is a share of its denominator, which {change.text} puts above 100 %"
            )
    formula = _formula(goal, base.moving, changed)
    moving = dict(base.moving) | changed
    settled = base.whole[root] - _at(formula, base.moving)
    kgi = settled + _at(formula, moving)
    return Outcome(
        base=base,
        target=target,
        kgi_before=base.whole[root],
        kgi=kgi,
        values=_values(goal, base, formula, moving, kgi),
        required=_required(goal, base, moving, target, settled),
        formula=formula,
        moving={name: moving[name] for name in formula.leaves},
        settled=settled,
    )


def _is_share(node: Node) -> bool:
    """A percentage whose numerator is counted among its denominator: growth and the like may pass 100 %."""
    kpi = node.kpi
    if kpi is None or kpi.unit != "percent" or kpi.formula is not None:
        return False
    numerator, denominator = kpi.leaves[0].numerator.measure, kpi.leaves[0].denominator
    return denominator is not None and denominator.measure.entity == numerator.entity


def _changed(node: Node, moving: Fraction, change: Change, done: Fraction) -> Fraction:
    quantity = change.quantity
    if quantity.form == "points":
        return moving + quantity.value
    if quantity.relative:
        return moving * (1 + quantity.value)
    value = quantity.value - (done if node.accumulates else 0)
    if value < 0 <= quantity.value:
        raise UsageError(f"'{node.name}' stands at {float(done):,.6g} already, above {change.text}")
    return value


def _formula(goal: Goal, known: Figures, changed: Collection[str]) -> Formula:
    """Down to the deepest nodes with a figure, but no deeper than a node that was changed."""
    equations = [equation.text for equation in goal.system if equation.left not in changed]
    formula = formula_of(goal.kgi.name, equations, known)
    assert formula is not None  # the KGI has a figure
    out_of_reach = [name for name in changed if name not in formula.leaves]
    if out_of_reach:
        raise UsageError(
            f"'{out_of_reach[0]}' can't be followed up to '{goal.kgi.name}': nodes beside it have no figure"
        )
    return formula


def _at(formula: Formula, values: Figures) -> Fraction:
    try:
        return formula.evaluate(values)
    except ZeroDivisionError:
        raise UsageError("the tree divides by zero with these figures") from None


def _values(goal: Goal, base: Base, formula: Formula, moving: Figures, kgi: Fraction) -> dict[str, Fraction]:
    """Of each node above the leaves, and of the leaves, its value for the period after the changes."""
    before = _upwards(formula, base.moving)
    after = _upwards(formula, moving)
    found: dict[str, Fraction] = {}
    for node in goal.tree:
        name = node.name
        if name not in after or name not in base.whole:
            continue
        grown = base.whole[name] + after[name] - before[name]
        found[name] = grown if node.accumulates else after[name]
    return found | {goal.kgi.name: kgi}


def _upwards(formula: Formula, leaves: Figures) -> dict[str, Fraction]:
    """The leaves and every node that the formula's equations make of them."""
    values = {name: leaves[name] for name in formula.leaves}

    def value(name: str) -> Fraction:
        if name not in values:
            equation = formula.equations[name]
            values[name] = evaluate(equation.right, {below: value(below) for below in equation.names})
        return values[name]

    for name in formula.equations:
        value(name)
    return values


def _required(
    goal: Goal, base: Base, moving: Figures, target: Fraction | None, settled: Fraction
) -> dict[str, Fraction]:
    if target is None:
        return {}
    root = goal.kgi.name
    given = {name: moving[name] for name in goal.given if name in moving and name != root}
    solution = solve(goal.system, given | {root: target - settled})
    if solution.conflicts:
        return {}
    derived = [name for name in solution.derived_by if name in base.whole]
    return {
        name: solution.values[name] + (base.done(name) if goal.node(name).accumulates else 0)
        for name in derived
    }
