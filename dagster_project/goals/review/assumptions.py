"""assumption_review: what the plan assumed against what is measured, and what would be required instead.

How a value is judged follows from what it is made of (see goals/review/intervals.py):

    binomial   hits of trials: both sides count rows, and no more hits than trials
    poisson    a count that grows through the period, or counted events over any other denominator
    t          every other ratio, average or sum, with its days as the sample
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from dagster_project.goals.columns import ASSUMPTION_REVIEW
from dagster_project.goals.frames import as_date, frame, read_days
from dagster_project.goals.model import Goal, Node
from dagster_project.goals.review.intervals import (
    CONFIDENCE,
    Finding,
    binomial,
    poisson,
    ratio_over_days,
    student,
)
from dagster_project.goals.review.observed import (
    Observed,
    is_date,
    observe,
    read_attained,
    read_sides,
    read_targets,
)
from dagster_project.goals.review.replan import required as required_with
from dagster_project.goals.tables import slices_of
from dagster_project.kpi.model import OWN, Kpi, Measure

LEAST_DAYS = 5  # a spread told from fewer days says nothing


@dataclass(frozen=True)
class Measured:
    """What an assumption came to. `value`: on the scale of what was assumed, so of a count the whole period's
    at the pace so far; `exact` the same as a fraction. `finding` is None where `reason` says why."""

    value: float | None
    exact: Fraction | None
    numerator: float | None
    denominator: float | None
    finding: Finding | None
    reason: str | None


def build_assumption_review(
    goals: Sequence[Goal],
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    goal_targets: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> pd.DataFrame:
    """A row a node that is assumed or derived in the plan, columns ASSUMPTION_REVIEW.

    Frames: the published columns; only kgi_attainment's rows of `as_of` count. Of an assumed node: assumed
    against actual, with interval and p-value, or the reason why there is none. Of every row: `required`, the
    plan's target, and `required_if_replanned`, what it would be with every assumption at its actual value.
    """
    days = read_days(kpi_daily, slices_of(goals))
    targets = read_targets(goal_targets, "target_daily")
    attained = read_attained(kgi_attainment, as_of)
    sides = read_sides(kpi_period)
    rows: list[tuple[Any, ...]] = []
    for goal in goals:
        seen = {
            node.name: observe(goal, node, attained, days, sides, targets)
            for node in goal.nodes
            if (goal.name, node.name) in attained
        }
        rows += _goal_rows(goal, seen, attained, as_of, run_id)
    return frame(rows, ASSUMPTION_REVIEW)


def _goal_rows(
    goal: Goal,
    seen: Mapping[str, Observed],
    attained: Mapping[tuple[str, str], Mapping[str, Any]],
    as_of: date,
    run_id: str,
) -> Iterator[tuple[Any, ...]]:
    measured = {
        node.name: measure(node, float(assumed), seen[node.name])
        for node in goal.nodes
        if node.origin == "assumed" and node.name in seen and (assumed := goal.target(node.name)) is not None
    }
    actual = {name: found.exact for name, found in measured.items() if found.exact is not None}
    again = required_with(goal, actual)
    for node in goal.nodes:
        required = goal.target(node.name)
        if node.name not in seen or node.origin not in ("assumed", "derived") or node.kpi is None:
            continue
        found = measured.get(node.name, Measured(seen[node.name].actual, None, None, None, None, None))
        finding, row = found.finding, attained[goal.name, node.name]
        yield (
            as_of,
            goal.name,
            node.name,
            node.kpi.name,
            node.label.ja,
            node.label.en,
            node.kpi.unit,
            node.origin,
            _float(required) if node.origin == "assumed" else None,
            found.value,
            found.numerator,
            found.denominator,
            finding.low if finding else None,
            finding.high if finding else None,
            CONFIDENCE if finding else None,
            finding.method if finding else None,
            finding.p_value if finding else None,
            finding.significant if finding else None,
            found.reason,
            _float(required),
            _float(again.get(node.name)),
            as_date(row["data_through"]) if is_date(row["data_through"]) else None,
            goal.goal_hash,
            run_id,
        )


def measure(node: Node, assumed: float, seen: Observed) -> Measured:
    """The node's value against what was assumed for the whole period."""
    value = seen.pace if node.accumulates else seen.actual
    top, bottom = seen.sides
    if node.kpi is None or value is None:
        return Measured(None, None, top, bottom, None, "no_data")
    exact = Fraction(value)
    if _whole(top) and _whole(bottom) and bottom and node.kpi.scale == 1 and node.kpi.formula is None:
        exact = Fraction(round(top or 0), round(bottom))
    try:
        finding, reason = _judge(node, node.kpi, assumed, value, seen)
    except ValueError:
        finding, reason = None, "no_spread"
    return Measured(value, exact, top, bottom, finding, reason)


def _judge(
    node: Node, kpi: Kpi, assumed: float, value: float, seen: Observed
) -> tuple[Finding | None, str | None]:
    top, bottom = seen.sides
    if (
        kpi.formula is None
        and len(kpi.leaves) == 1
        and kpi.leaves[0].shape == OWN
        and not kpi.leaves[0].offset
    ):
        above, below = kpi.numerator.measure, kpi.denominator.measure if kpi.denominator else None
        if below is None and node.accumulates and _counts(above) and _whole(seen.actual) and seen.share:
            return poisson(round(seen.actual or 0), seen.share, assumed), None
        if below is not None and _counts(above) and _whole(top) and bottom and not node.accumulates:
            hits, rate = round(top or 0), assumed / kpi.scale
            if _counts(below) and _whole(bottom) and 0 <= hits <= bottom and 0 <= rate <= 1:
                return _scaled(binomial(hits, round(bottom), rate), kpi.scale), None
            if hits >= 0 and bottom > 0 and rate >= 0:
                return _scaled(poisson(hits, bottom, rate), kpi.scale), None
    if node.accumulates:
        return _sum_over_days(node, assumed, value, seen)
    return _ratio(kpi, assumed, seen)


def _sum_over_days(
    node: Node, assumed: float, value: float, seen: Observed
) -> tuple[Finding | None, str | None]:
    """A sum against its plan: what each day was off by is the sample; both scaled to the whole period."""
    if not node.adds_over_days or not seen.share:
        return None, "not_additive"
    off = [(day.numerator or 0.0) - seen.due.get(day.date, 0.0) for day in seen.days if day.is_known]
    if len(off) < LEAST_DAYS:
        return None, "too_few_days"
    _, error, freedom = ratio_over_days([(difference, 1.0) for difference in off])
    return student(value, error * len(off) / seen.share, freedom, assumed), None


def _ratio(kpi: Kpi, assumed: float, seen: Observed) -> tuple[Finding | None, str | None]:
    if kpi.denominator is None or not kpi.sums_of_sides:
        return None, "not_additive"
    sides = [(day.numerator or 0.0, day.denominator) for day in seen.days if day.denominator]
    if len(sides) < LEAST_DAYS:
        return None, "too_few_days"
    value, error, freedom = ratio_over_days(sides)
    return _scaled(student(value, error, freedom, assumed / kpi.scale), kpi.scale), None


def _scaled(found: Finding, scale: float) -> Finding:
    low, high = sorted((found.low * scale, found.high * scale))
    return Finding(found.value * scale, low, high, found.p_value, found.method)


def _counts(measure: Measure) -> bool:
    return measure.agg in ("count", "count_distinct")


def _whole(value: float | None) -> bool:
    return value is not None and abs(value - round(value)) < 1e-6


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
