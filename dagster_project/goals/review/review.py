"""The review of a goal: what moved and why, which assumptions hold, what to drop, set anew or revise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.frames import as_date, number
from dagster_project.goals.gap.gap import explain
from dagster_project.goals.model import PLAN, Goal
from dagster_project.goals.review.influence import influences
from dagster_project.goals.review.model import (
    GRAINS,
    Assumption,
    Cadence,
    Driver,
    Moved,
    Movement,
    Published,
    Required,
    Review,
    Standing,
)
from dagster_project.goals.review.observed import TOTAL, read_targets
from dagster_project.goals.review.past import PastOf, read_past, slice_of
from dagster_project.goals.review.replan import replan, required
from dagster_project.goals.review.revision_block import Proposal, changes, revision_block
from dagster_project.goals.review.track_record import due_in, track_records, was_met
from dagster_project.goals.review.written_figure import written_figure


def review(goal: Goal, published: Published, cadence: Cadence, is_revised: bool = False) -> Review:
    """The review of a goal as of the publication. `goal`: as its newest revision has it on that day.
    `is_revised`: its file has revisions, which a further one stands below."""
    as_of = published.as_of
    slices = [key for node in goal.nodes if (key := slice_of(node)) is not None]
    past = read_past(published.kpi_period, slices, as_of)
    due = _due(goal, published.goal_targets)
    assumptions = _assumptions(goal, published.assumption_review, as_of)
    proposals = tuple(
        _proposal(goal, one) for one in assumptions if one.significant and one.actual is not None
    )
    _, contradictions = replan(goal, changes(goal, proposals))
    title = f"{cadence} review as of {as_of}"
    return Review(
        goal=goal.name,
        goal_hash=goal.goal_hash,
        as_of=as_of,
        publication_id=published.publication_id,
        cadence=cadence,
        standing=_standing(goal, published.kgi_attainment, as_of),
        moved=_moved(goal, past, due, GRAINS[cadence]),
        gap=_gap(goal, published.gap_drivers, as_of),
        assumptions=assumptions,
        required=_required(goal, published.assumption_review, as_of),
        contradictions=contradictions,
        influence=influences(goal, past),
        targets=track_records(goal, past, due),
        revision=None
        if contradictions
        else revision_block(goal, as_of, proposals, title, is_first=not is_revised),
    )


def _due(goal: Goal, goal_targets: pd.DataFrame) -> dict[str, dict[date, float]]:
    """Node → what is due on each day: of what accumulates the day's share, else the level."""
    shares = read_targets(goal_targets, "target_daily")
    levels = read_targets(goal_targets, "target_cumulative")
    return {
        node.name: (shares if node.accumulates else levels).get((goal.name, node.name), {})
        for node in goal.nodes
    }


def _rows(goal: Goal, table: pd.DataFrame, as_of: date) -> list[dict[str, Any]]:
    rows = table[table["goal"] == goal.name].to_dict("records")
    return [
        {str(name): value for name, value in row.items()} for row in rows if as_date(row["as_of"]) == as_of
    ]


def _standing(goal: Goal, kgi_attainment: pd.DataFrame, as_of: date) -> tuple[Standing, ...]:
    rows = {
        row["node"]: row
        for row in _rows(goal, kgi_attainment, as_of)
        if row["scenario"] == PLAN and row["dimension"] == TOTAL
    }
    return tuple(
        Standing(
            node=node.name,
            actual=number(row["actual"]),
            target_to_date=number(row["target_to_date"]),
            target=number(row["target"]),
            attainment=number(row["attainment"]),
            status=row["status"],
        )
        for node in goal.nodes
        if (row := rows.get(node.name)) is not None and node.kpi is not None
    )


def _moved(goal: Goal, past: PastOf, due: Mapping[str, Mapping[date, float]], grain: str) -> Moved | None:
    root = slice_of(goal.kgi)
    periods = past.get((root, grain), ()) if root is not None else ()
    if not periods:
        return None
    last = periods[-1]
    nodes: list[Movement] = []
    before: dict[str, Fraction] = {}
    after: dict[str, Fraction] = {}
    for node in goal.nodes:
        key = slice_of(node)
        own = past.get((key, grain), ()) if key is not None else ()
        same = next((one for one in reversed(own) if one.start == last.start), None)
        if same is None:
            continue
        days = due.get(node.name, {})
        asked = (
            None if node.accumulates and not node.adds_over_days else due_in(node, same.start, same.end, days)
        )
        met = None if asked is None else was_met(node, same, days)
        nodes.append(Movement(node.name, same.value, same.previous, same.previous_year, asked, met))
        after[node.name] = exact(same.value)
        if same.previous is not None:
            before[node.name] = exact(same.previous)
    why = explain(goal.kgi.name, goal.equations, before, after) if goal.equations else None
    return Moved(grain, last.start, last.end, tuple(nodes), why)


def _gap(goal: Goal, gap_drivers: pd.DataFrame, as_of: date) -> tuple[Driver, ...]:
    """The leaves and the residual of the gap to the plan, the largest first."""
    found = [
        Driver(row["driver"], contribution)
        for row in _rows(goal, gap_drivers, as_of)
        if row["versus"] == "plan"
        and row["dimension"] == TOTAL
        and (contribution := number(row["contribution"])) is not None
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.contribution)))


def _assumptions(goal: Goal, table: pd.DataFrame, as_of: date) -> tuple[Assumption, ...]:
    found = []
    for row in _rows(goal, table, as_of):
        if row["origin"] != "assumed":
            continue
        actual = number(row["actual"])
        significant = row["significant"]
        found.append(
            Assumption(
                node=row["node"],
                assumed=float(row["assumed"]),
                actual=actual,
                numerator=number(row["numerator"]),
                denominator=number(row["denominator"]),
                low=number(row["low"]),
                high=number(row["high"]),
                method=_text(row["method"]),
                p_value=number(row["p_value"]),
                significant=None if pd.isna(significant) else bool(significant),
                reason=_text(row["reason"]),
                replanned={} if actual is None else _alone(goal, row["node"], actual),
            )
        )
    order = {node.name: at for at, node in enumerate(goal.nodes)}
    return tuple(sorted(found, key=lambda one: order.get(one.node, 0)))


def _alone(goal: Goal, node: str, actual: float) -> dict[str, float | None]:
    """The targets that change when this assumption alone takes its actual value; None: there is no such."""
    values = required(goal, {node: exact(actual)})
    return {
        other.name: float(values[other.name]) if other.name in values else None
        for other in goal.nodes
        if other.origin == "derived" and values.get(other.name) != goal.target(other.name)
    }


def _required(goal: Goal, table: pd.DataFrame, as_of: date) -> tuple[Required, ...]:
    rows = {row["node"]: row for row in _rows(goal, table, as_of) if row["origin"] == "derived"}
    return tuple(
        Required(node.name, planned, number(rows[node.name]["required_if_replanned"]))
        for node in goal.nodes
        if node.name in rows and (planned := number(rows[node.name]["required"])) is not None
    )


def _proposal(goal: Goal, one: Assumption) -> Proposal:
    assert one.actual is not None
    kpi = goal.node(one.node).kpi
    assert kpi is not None
    chance = "p < 0.001" if (one.p_value or 0) < 0.001 else f"p = {one.p_value:.2g}"
    came, assumed = (written_figure(value, kpi.unit) for value in (one.actual, one.assumed))
    return Proposal(one.node, one.assumed, one.actual, f"{one.node} came to {came}, not {assumed} ({chance})")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
