"""Targets that were met in every month, or in none: they steer nothing, and what would be one that does.

Of a goal that is shorter than a hundred days the weeks are looked at instead of the months.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from dagster_project.calendar.fiscal import MONTHS
from dagster_project.goals.model import Goal, Node
from dagster_project.goals.progress.attainment import attain
from dagster_project.goals.review.past import Past, PastOf, slice_of

LEAST_PERIODS = 3  # fewer say nothing about a target
LEAST_HISTORY = 6
REACHED = 0.75  # the share of the last periods that a proposed target lies above: one in four reached it
SHORT_GOAL = 100  # days
DAYS_OF = {"month": 365.25 / 12, "week": 7}
LAST = {"month": 12, "week": 26}  # how many periods a proposal is drawn from

Record = Literal["never_missed", "never_met"]
Grain = Literal["month", "week"]


@dataclass(frozen=True)
class TrackRecord:
    """`periods`: how many of the goal's months (or weeks: `grain`) are over. `each`: the proposal for one of
    them, `proposed` for the goal's whole period; None where the history gives none that is harder, or easier,
    than the present one. `history`: how many months or weeks it is drawn from."""

    node: str
    record: Record
    grain: Grain
    periods: int
    target: float | None  # None: a band that its KPI keeps to
    proposed: float | None
    each: float | None
    history: int


def track_records(
    goal: Goal, past: PastOf, due: Mapping[str, Mapping[date, float]]
) -> tuple[TrackRecord, ...]:
    """Of every node with a target that was met in all of the goal's months (or weeks) so far, or in none.

    due: node → what was due on each day of the period: of what accumulates the day's share, else the level.
    A value that grows but whose months do not add up (distinct counts, rates that accumulate) has no target
    of a month, and is left out.
    """
    grain: Grain = "month" if goal.period.days > SHORT_GOAL else "week"
    first, last = goal.period.start, goal.period.end
    found = []
    for node in goal.nodes:
        key, target = slice_of(node), goal.target(node.name)
        if key is None or target is None and node.within is None:
            continue
        periods = past.get((key, grain), ())
        inside = [one for one in periods if one.start >= first and one.end <= last]
        met = [was_met(node, one, due.get(node.name, {})) for one in inside]
        told = [one for one in met if one is not None]
        if len(told) >= LEAST_PERIODS and (all(told) or not any(told)):
            record: Record = "never_missed" if told[0] else "never_met"
            values = [one.value for one in periods[-LAST[grain] :]]
            found.append(_record(goal, node, record, grain, len(told), values))
    return tuple(found)


def was_met(node: Node, past: Past, due: Mapping[date, float]) -> bool | None:
    """Whether a period's value reached what was due in it, or lay in its band; None where nothing was due."""
    asked = due_in(node, past.start, past.end, due)
    if asked is None and node.within is None:
        return None
    return attain(node.direction, asked, past.value, node.within).attained


def due_in(node: Node, start: date, end: date, due: Mapping[date, float]) -> float | None:
    """What was due from `start` to `end`: the sum of the days of what adds up, else the last day's level.

    None where nothing was, and for what grows but does not add up."""
    inside = {day: value for day, value in due.items() if start <= day <= end}
    if not inside or node.accumulates and not node.adds_over_days:
        return None
    return math.fsum(inside.values()) if node.accumulates else inside[max(inside)]


def _record(
    goal: Goal, node: Node, record: Record, grain: Grain, count: int, values: Sequence[float]
) -> TrackRecord:
    given = goal.target(node.name)
    target = None if given is None else float(given)
    none = TrackRecord(node.name, record, grain, count, target, None, None, len(values))
    if target is None or len(values) < LEAST_HISTORY:
        return none
    up = node.direction == "up"
    each = quantile(values, REACHED if up else 1 - REACHED)
    whole = each * _periods_of(goal, grain) if node.adds_over_days else each
    harder = whole > target if up else whole < target
    if harder != (record == "never_missed") or whole == target:
        return none
    return replace(none, proposed=whole, each=each)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between the ordered values, the least being 0 and the largest 1."""
    order = sorted(values)
    at = share * (len(order) - 1)
    below = math.floor(at)
    above = min(below + 1, len(order) - 1)
    return order[below] + (order[above] - order[below]) * (at - below)


def _periods_of(goal: Goal, grain: Grain) -> float:
    if grain == "month" and goal.period.grain in MONTHS:
        return MONTHS[goal.period.grain]
    return goal.period.days / DAYS_OF[grain]
