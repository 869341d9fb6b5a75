"""A revision of a goal, as YAML to be pasted into its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from dagster_project.goals.model import Goal
from dagster_project.goals.review.written_figure import as_written, written_figure


@dataclass(frozen=True)
class Proposal:
    """An assumption that does not hold: `measured` in place of `assumed`, `why` in words."""

    node: str
    assumed: float
    measured: float
    why: str


def revision_block(
    goal: Goal, as_of: date, proposals: tuple[Proposal, ...], title: str, is_first: bool = True
) -> str | None:
    """The revision from the day after `as_of`; None where there is nothing to revise, or no day is left.

    With the key `revisions:` where it `is_first`, else an item to stand below those that are there.
    """
    start = as_of + timedelta(days=1)
    units = {node.name: node.kpi.unit for node in goal.nodes if node.kpi is not None}
    written = {one.node: written_figure(one.measured, units[one.node]) for one in proposals}
    if not written or start > goal.period.end:
        return None
    reason = f"{title}: " + "; ".join(one.why for one in proposals)
    lines = [
        *(["revisions:"] if is_first else []),
        f"  - from: {max(start, goal.period.start)}",
        f"    reason: {json.dumps(reason, ensure_ascii=False)}",
        "    rebase: plan",
        "    nodes:",
        *(f"      {name}: {{assume: {text}}}" for name, text in written.items()),
    ]
    return "\n".join(lines) + "\n"


def changes(goal: Goal, proposals: tuple[Proposal, ...]) -> Mapping[str, Fraction]:
    """What the block changes, exactly as it writes it."""
    units = {node.name: node.kpi.unit for node in goal.nodes if node.kpi is not None}
    return {one.node: as_written(written_figure(one.measured, units[one.node])) for one in proposals}
