"""Goals whose KPIs were renamed: the same goal, and the same nodes, under other names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dagster_project.goals.model import Goal, Node

_WORD = re.compile(r"\b[a-z][a-z0-9_]*\b")


def first_names(nodes: Iterable[Node]) -> dict[str, str]:
    """The name of today → the first that it had, of every renamed KPI among the nodes."""
    kpis = [node.kpi for node in nodes if node.kpi is not None]
    return {kpi.name: kpi.formerly[0] for kpi in kpis if kpi.formerly}


def under_first_names(text: str, first: Mapping[str, str]) -> str:
    """`text` as it was before anything was renamed, so that its hash does not follow names."""
    return _WORD.sub(lambda match: first.get(match[0], match[0]), text) if first else text


def old_nodes(goal: Goal) -> dict[str, str]:
    """The old name of a node → its name of today: a node that goes by its KPI's name was renamed with it."""
    taken = {node.name for node in goal.nodes}
    return {
        old: node.name
        for node in goal.nodes
        if node.kpi is not None and node.name == node.kpi.name
        for old in node.kpi.formerly
        if old not in taken
    }
