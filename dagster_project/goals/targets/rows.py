"""The rows of goal_tree and goal_targets: what is planned, whatever has come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dagster_project.goals.targets.lines import lines
from dagster_project.goals.targets.versions import Version


def tree_rows(versions: Iterable[Version]) -> Iterator[tuple[Any, ...]]:
    """A row a node, then a row an action, of every revision, in the columns of GOAL_TREE."""
    for version in versions:
        goal = version.goal
        for sort, node in enumerate(goal.nodes, start=1):
            kpi = node.kpi
            yield (
                goal.name,
                node.name,
                version.number,
                version.since,
                goal.label.ja,
                goal.label.en,
                node.label.ja,
                node.label.en,
                kpi.name if kpi is not None else None,
                node.dimension if kpi is not None else None,
                node.segment if kpi is not None else None,
                node.level,
                node.parent,
                node.depth,
                sort,
                node.role,
                node.equation,
                node.origin,
                kpi.unit if kpi is not None else None,
                node.direction if kpi is not None else None,
                node.owner,
                goal.period.start,
                goal.period.end,
                goal.goal_hash,
                *(node.within or (None, None)),
            )
        for sort, action in enumerate(goal.actions, start=len(goal.nodes) + 1):
            yield (
                goal.name,
                action.name,
                version.number,
                version.since,
                goal.label.ja,
                goal.label.en,
                action.label.ja,
                action.label.en,
                action.kpi.name,
                action.dimension,
                action.segment,
                "action",
                action.drives,
                goal.node(action.drives).depth + 1,
                sort,
                "drives",
                None,
                "given" if action.given is not None else "derived",
                action.kpi.unit,
                action.kpi.direction,
                action.owner,
                action.start,
                action.due,
                goal.goal_hash,
                None,
                None,
            )


def target_rows(versions: Iterable[Version]) -> Iterator[tuple[Any, ...]]:
    """A row a node with a target, segment, scenario and day, of every revision; in the columns of
    GOAL_TARGETS. A node without a target has none."""
    for version in versions:
        goal = version.goal
        for node in goal.nodes:
            for line in lines(goal, node):
                for scenario in goal.scenarios:
                    path = line.path(version, node, scenario)
                    if path is None or node.kpi is None:
                        continue
                    for day, due, through in zip(path.days, path.daily, path.cumulative, strict=True):
                        yield (
                            goal.name,
                            node.name,
                            scenario,
                            *line.published,
                            day,
                            version.number,
                            node.kpi.name,
                            node.kpi.unit,
                            float(due),
                            float(through),
                            float(path.target),
                            node.origin,
                            goal.goal_hash,
                            version.since,
                        )
