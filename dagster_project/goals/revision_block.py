"""A revision of a goal, as YAML to be pasted into its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from dagster_project.goals.model import Goal

DIGITS = 3  # what is known of a measured rate


@dataclass(frozen=True)
class Proposal:
    """An assumption that does not hold: `measured` in place of `assumed`, `why` in words."""

    node: str
    assumed: float
    measured: float
    why: str


def revision_block(goal: Goal, as_of: date, proposals: tuple[Proposal, ...], title: str) -> str | None:
    """The lines under `revisions:`, from the day after `as_of`; None where there is nothing to revise, or no
    day of the period is left."""
    start = as_of + timedelta(days=1)
    units = {node.name: node.kpi.unit for node in goal.nodes if node.kpi is not None}
    written = {one.node: figure(one.measured, units[one.node]) for one in proposals}
    if not written or start > goal.period.end:
        return None
    reason = f"{title}: " + "; ".join(one.why for one in proposals)
    lines = [
        "revisions:",
        f"  - from: {max(start, goal.period.start)}",
        f"    reason: {json.dumps(reason, ensure_ascii=False)}",
        "    rebase: plan",
        "    nodes:",
        *(f"      {name}: {{assume: {text}}}" for name, text in written.items()),
    ]
    return "\n".join(lines) + "\n"


def figure(value: float, unit: str) -> str:
    """A measured value as it is written in a goal, to three significant digits: 15%, 1_040_000, 0.0123."""
    shown = _rounded(value * 100 if unit == "percent" else value)
    whole, point, rest = f"{shown:f}".partition(".")
    rest = rest.rstrip("0")
    grouped = f"{int(whole):_}" if abs(int(whole)) >= 1 else whole
    return grouped + (f".{rest}" if point and rest else "") + ("%" if unit == "percent" else "")


def as_written(text: str) -> Fraction:
    """The fraction that `figure` wrote."""
    value = Fraction(text.rstrip("%").replace("_", ""))
    return value / 100 if text.endswith("%") else value


def changes(goal: Goal, proposals: tuple[Proposal, ...]) -> Mapping[str, Fraction]:
    """What the block changes, exactly as it writes it."""
    units = {node.name: node.kpi.unit for node in goal.nodes if node.kpi is not None}
    return {one.node: as_written(figure(one.measured, units[one.node])) for one in proposals}


def _rounded(value: float) -> Decimal:
    exact = Decimal(repr(value))
    if exact == 0:
        return Decimal(0)
    return round(exact, DIGITS - 1 - exact.adjusted())
