"""Do the equations of a tree hold in the data? A mismatch is named with its amount and its likely reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from dagster_project.goals.algebra.equations import Equation, Expression, Name, Operation, evaluate
from dagster_project.goals.algebra.formula import names_in
from dagster_project.goals.gap.standing import Standing
from dagster_project.goals.model import Node
from dagster_project.kpi.model import OWN, Kpi, Measure

Status = Literal["holds", "mismatch", "unknown"]
Reason = Literal["rounding", "coverage", "timing", "segment", "undated", "definition"]

HOLDS = Fraction(1, 10**9)  # as a share of the larger side; sums of doubles differ by less
ROUNDED = Fraction(1, 10**6)


@dataclass(frozen=True)
class Check:
    """One equation at the actuals. `difference` is left - right; None, as a side, where it is not known.

    reasons: what may be behind a mismatch, the likeliest first:
    rounding    less than a millionth
    coverage    a node lacks days of the period, or its newest file is held
    timing      the nodes are counted by other dates of record than those that would have to cancel out
    segment     the nodes are read at segments that don't make up one another
    undated     rows without a date of record are in no day
    definition  none of these: the nodes don't count the same rows

    implied: where `timing` is the likeliest, the one rate on the right that is measured by itself, and what
    it would have to be for the equation to hold: (node, measured, implied). None where it can't be that.
    lacking: the nodes without a value.
    """

    equation: Equation
    status: Status
    left: Fraction | None
    right: Fraction | None
    reasons: tuple[Reason, ...] = ()
    implied: tuple[str, Fraction, Fraction] | None = None
    lacking: tuple[str, ...] = ()

    @property
    def difference(self) -> Fraction | None:
        return None if self.left is None or self.right is None else self.left - self.right


def check_identities(standing: Standing, undated: Mapping[str, float] | None = None) -> tuple[Check, ...]:
    """Every equation of the goal's tree at the actuals.

    undated: of each KPI that has any, the amount of its rows without a date of record.
    """
    nodes = {node.name: node for node in standing.goal.tree}
    return tuple(
        _check(equation, standing, nodes, undated or {})
        for equation in standing.goal.system
        if equation.left in nodes
    )


def implied_factors(checks: Iterable[Check], values: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The rates that don't fit their equations by timing only, as the equations imply them of `values`, which
    may be those of another year or of one segment."""
    found: dict[str, Fraction] = {}
    for check in checks:
        if check.implied is None or check.implied[0] not in values:
            continue
        implied = _solved(check.equation, check.implied[0], values)
        if implied is not None and implied >= 0:
            found[check.implied[0]] = implied
    return found


def planned_factors(standing: Standing) -> dict[str, Fraction]:
    """Rates that the plan to date implies otherwise than it has them: of one that was revised in the period
    the mean of before and after, as the counts that are due have it."""
    found: dict[str, Fraction] = {}
    nodes = {node.name: node for node in standing.goal.tree}
    for equation in standing.goal.system:
        names = (equation.left, *equation.names)
        if equation.left not in nodes or any(name not in standing.plan for name in names):
            continue
        implied = _implied(equation, nodes, standing.plan)
        if implied is not None and abs(implied[1] - implied[2]) > HOLDS * abs(implied[1]):
            found[implied[0]] = implied[2]
    return found


def _check(
    equation: Equation, standing: Standing, nodes: Mapping[str, Node], undated: Mapping[str, float]
) -> Check:
    values = standing.actual
    left = values.get(equation.left)
    lacking = tuple(name for name in (equation.left, *equation.names) if name not in values)
    if lacking:
        return Check(equation, "unknown", left, None, lacking=lacking)
    assert left is not None
    try:
        right = evaluate(equation.right, values)
    except ZeroDivisionError:
        return Check(equation, "unknown", left, None)
    size = max(abs(left), abs(right))
    if abs(left - right) <= HOLDS * size:
        return Check(equation, "holds", left, right)
    if abs(left - right) <= ROUNDED * size:
        return Check(equation, "mismatch", left, right, ("rounding",))
    own = [nodes[name] for name in (equation.left, *equation.names) if name in nodes]
    reasons = tuple(_reasons(equation, own, standing, undated)) or ("definition",)
    implied = _implied(equation, nodes, values) if reasons[0] == "timing" else None
    return Check(equation, "mismatch", left, right, reasons, implied)


def _reasons(
    equation: Equation, nodes: Sequence[Node], standing: Standing, undated: Mapping[str, float]
) -> Iterator[Reason]:
    if any(standing.statuses.get(node.name) in ("missing", "held") for node in nodes):
        yield "coverage"
    kpis = {node.name: node.kpi for node in nodes if node.kpi is not None}
    rests = _rests(equation, kpis)
    if any(len(places) > 1 for places in rests):
        yield "timing"
    # A rate of the same segment fits any count of it; another segment on either side does not.
    if len({(node.dimension, node.segment) for node in nodes}) > 1:
        yield "segment"
    if any(kpi.name in undated for kpi in kpis.values()):
        yield "undated"


def _rests(equation: Equation, kpis: Mapping[str, Kpi]) -> Iterator[set[tuple[str, str]]]:
    """The (entity, date of record) of what does not cancel out, for each thing that ought to.

    In a product numerators and denominators cancel: deals * (orders / deals) are orders, whatever their
    dates; deals * (orders / closed deals) leave deals and closed deals over. In a sum each term is to be
    counted as the left side is.
    """
    powers = _powers(equation.right)
    sides = {name: _sides(kpi) for name, kpi in kpis.items()}
    if powers is None or any(own is None for own in sides.values()):
        left = _places(kpis[equation.left]) if equation.left in kpis else set()
        for name in equation.names:
            if name in kpis:
                yield left | _places(kpis[name])
        return
    over: Counter[Measure] = Counter()
    for name, own in sides.items():
        for measure, count in (own or {}).items():
            over[measure] += count * (-1 if name == equation.left else powers.get(name, 0))
    yield {(measure.entity, measure.time) for measure, count in over.items() if count}


def _powers(expression: Expression) -> dict[str, int] | None:
    """How often each name is multiplied, divisions counting down; None where anything is added."""
    if isinstance(expression, Name):
        return {expression.name: 1}
    if not isinstance(expression, Operation):
        return {}
    left, right = _powers(expression.left), _powers(expression.right)
    if left is None or right is None or expression.sign in "+-":
        return None
    sign = 1 if expression.sign == "*" else -1
    return {name: left.get(name, 0) + sign * right.get(name, 0) for name in {**left, **right}}


def _sides(kpi: Kpi) -> dict[Measure, int] | None:
    """What the KPI multiplies and divides, whatever it is called; None for formulas and other spans."""
    if kpi.formula is not None or any(leaf.shape != OWN or leaf.offset for leaf in kpi.leaves):
        return None
    found: Counter[Measure] = Counter()
    for leaf in kpi.leaves:
        found[replace(leaf.numerator.measure, name="")] += 1
        if leaf.denominator is not None:
            found[replace(leaf.denominator.measure, name="")] -= 1
    return dict(found)


def _places(kpi: Kpi) -> set[tuple[str, str]]:
    return {(operand.measure.entity, operand.measure.time) for operand in kpi.operands}


def _implied(
    equation: Equation, nodes: Mapping[str, Node], values: Mapping[str, Fraction]
) -> tuple[str, Fraction, Fraction] | None:
    """The one rate of a product that no equation defines; None where there are more, or none."""
    if _powers(equation.right) is None:
        return None
    rates = [
        name
        for name in dict.fromkeys(names_in(equation.right))
        if name in nodes and nodes[name].equation is None and _is_rate(nodes[name])
    ]
    if len(rates) != 1:
        return None
    implied = _solved(equation, rates[0], values)
    if implied is None or not nodes[rates[0]].could_be(implied, values[rates[0]]):
        return None
    return rates[0], values[rates[0]], implied


def _is_rate(node: Node) -> bool:
    return node.kpi is not None and not node.kpi.grows


def _solved(equation: Equation, name: str, values: Mapping[str, Fraction]) -> Fraction | None:
    try:
        return equation.solve_for(name, values)
    except (ZeroDivisionError, KeyError):
        return None
