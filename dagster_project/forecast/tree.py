"""The second number: where the tree's equations end when its drivers end where they are forecast.

It stands beside the direct forecast and never in its place: pushing drivers through equations helped on some
series and hurt on others. Where the two differ, the reason is looked for in the figures.

    agree              they differ by less than a quarter of the direct 80 % interval
    equation           the equation does not hold in the data to date, by about as much
    driver:<node>      the forecast of this driver departs most from its pace to date
    own_course         the drivers keep their pace, and the node's own forecast departs from its
    no_forecast:<node> a driver can't be forecast, so there is no second number
    not_defined        the equation has no value at the forecast drivers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.cases import Case
from dagster_project.forecast.distribution import normal_scores
from dagster_project.forecast.outcomes import Outcome, PastErrors
from dagster_project.goals.algebra.equations import Constant, Expression, Name
from dagster_project.goals.algebra.formula import Formula, formula_of
from dagster_project.goals.model import Goal

DRAWS = 4000
AGREE_WITHIN = 0.25  # of the width of the direct 80 % interval
MOST_OF_IT = 0.5  # of the difference, for the equation to be its reason
RELATION_WINDOWS = 6.0  # a correlation seen in so many windows is believed by half
SEED = 20260401


@dataclass(frozen=True)
class Forecasted:
    """A node that was forecast, and its pace: where the days so far would lead."""

    case: Case
    outcome: Outcome

    @property
    def pace(self) -> float | None:
        actual = self.outcome.actual
        gone = self.case.goal.period.days - self.case.horizon
        if actual is None or gone <= 0:
            return None
        return actual / gone * self.case.goal.period.days if self.case.kind == "sum" else actual


@dataclass(frozen=True)
class SecondNumber:
    """p10, p50, p90 of the node at its period's end; difference: p50 - the direct one. None: see reason."""

    p10: float | None
    p50: float | None
    p90: float | None
    difference: float | None
    reason: str | None


def second_number(goal: Goal, node: str, forecasts: Mapping[str, Forecasted | None]) -> SecondNumber | None:
    """By the equations below `node`; None where it has none. forecasts: of every node of the goal."""
    if not any(equation.left == node for equation in goal.system):
        return None
    known = {name for name, one in forecasts.items() if one is not None and len(one.outcome.ends)}
    formula = formula_of(node, goal.equations, known - {node})
    if formula is None:
        whole = formula_of(node, goal.equations)
        missing = next((name for name in (whole.leaves if whole else ()) if name not in known), node)
        return SecondNumber(None, None, None, None, f"no_forecast:{missing}")
    leaves = [one for name in formula.leaves if (one := forecasts[name]) is not None]
    ends = evaluate(formula.expression, dict(zip(formula.leaves, _joint(leaves), strict=True)))
    usable = np.broadcast_to(ends, DRAWS)
    usable = usable[np.isfinite(usable)]
    if len(usable) < 0.5 * DRAWS:
        return SecondNumber(None, None, None, None, "not_defined")
    p10, p50, p90 = (float(value) for value in np.quantile(usable, (0.1, 0.5, 0.9)))
    direct = forecasts.get(node)
    if direct is None or not len(direct.outcome.ends):
        return SecondNumber(p10, p50, p90, None, f"no_forecast:{node}")
    difference = p50 - float(np.median(direct.outcome.ends))
    return SecondNumber(p10, p50, p90, difference, _reason(formula, leaves, direct, difference))


def leaves_of(goal: Goal, node: str) -> tuple[str, ...]:
    """Every name that the node's second number can rest on."""
    formula = formula_of(node, goal.equations)
    if formula is None or not any(equation.left == node for equation in goal.system):
        return ()
    inner = [name for equation in formula.equations.values() for name in (equation.left, *equation.names)]
    return tuple(name for name in dict.fromkeys([*formula.leaves, *inner]) if name != node)


def evaluate(expression: Expression, values: Mapping[str, Floats]) -> Floats:
    """The expression over arrays; NaN or infinite where a division has no value."""
    if isinstance(expression, Constant):
        return np.asarray(float(expression.value))
    if isinstance(expression, Name):
        return values[expression.name]
    left, right = evaluate(expression.left, values), evaluate(expression.right, values)
    with np.errstate(all="ignore"):
        operations: Mapping[str, Callable[[], Floats]] = {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "/": lambda: np.asarray(left / right),
        }
        return operations[expression.sign]()


def _joint(leaves: Sequence[Forecasted]) -> list[Floats]:
    """Equally likely ends of all leaves together, drawn as their errors went together at the same past
    origins (Gaussian copula)."""
    relations = np.eye(len(leaves))
    for row, one in enumerate(leaves):
        for column in range(row):
            other = leaves[column]
            found = relation(one.outcome.errors, other.outcome.errors, max(one.case.horizon, 1))
            relations[row, column] = relations[column, row] = found
    values, vectors = np.linalg.eigh(relations)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    random = np.random.default_rng(SEED)
    scores = np.stack([random.permutation(_SCORES) for _ in leaves], axis=1) @ root.T
    ranks = np.argsort(np.argsort(scores, axis=0), axis=0)
    return [_resampled(leaf.outcome.ends)[ranks[:, index]] for index, leaf in enumerate(leaves)]


def relation(one: PastErrors | None, other: PastErrors | None, horizon: int) -> float:
    """The correlation of errors of the same past origins, shrunk by how few windows they come from; 0 where
    there is none to be seen."""
    if one is None or other is None:
        return 0.0
    apart = (other.first - one.first).days
    first, second = one.values[max(apart, 0) :], other.values[max(-apart, 0) :]
    size = min(len(first), len(second))
    first, second = first[:size], second[:size]
    usable = np.isfinite(first) & np.isfinite(second)
    first, second = first[usable], second[usable]
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    windows = len(first) / horizon
    found = float(np.corrcoef(first, second)[0, 1])
    return float(np.clip(found * windows / (windows + RELATION_WINDOWS), -0.95, 0.95))


def _reason(formula: Formula, leaves: Sequence[Forecasted], direct: Forecasted, difference: float) -> str:
    low, high = np.quantile(direct.outcome.ends, (0.1, 0.9))
    scale = max(abs(float(np.median(direct.outcome.ends))), abs(difference))
    if abs(difference) <= max(AGREE_WITHIN * (high - low), 1e-6 * scale):
        return "agree"
    paces = [leaf.pace for leaf in leaves]
    at_pace = _value(formula, paces)
    if at_pace is None or direct.pace is None:
        return "own_course"
    if (at_pace - direct.pace) / difference >= MOST_OF_IT:
        return "equation"
    middles: list[float | None] = [float(np.median(leaf.outcome.ends)) for leaf in leaves]
    at_middles = _value(formula, middles)
    moved: dict[str, float] = {}
    for index, name in enumerate(formula.leaves):
        other = _value(formula, [*middles[:index], paces[index], *middles[index + 1 :]])
        if at_middles is not None and other is not None:
            moved[name] = (at_middles - other) / difference
    most = max(moved, key=lambda name: moved[name], default=None)
    from_own = (direct.pace - float(np.median(direct.outcome.ends))) / difference
    return f"driver:{most}" if most is not None and moved[most] > max(from_own, 0.0) else "own_course"


def _value(formula: Formula, values: Sequence[float | None]) -> float | None:
    if any(value is None for value in values):
        return None
    given = {name: np.asarray(value) for name, value in zip(formula.leaves, values, strict=True)}
    found = float(evaluate(formula.expression, given))
    return found if np.isfinite(found) else None


def _resampled(ends: Floats) -> Floats:
    shares = (np.arange(len(ends)) + 0.5) / len(ends)
    return np.asarray(np.interp((np.arange(DRAWS) + 0.5) / DRAWS, shares, ends))


_SCORES = normal_scores(DRAWS)
