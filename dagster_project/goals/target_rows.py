"""The rows of goal_tree and goal_targets: what is planned, whatever has come of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dagster_project.goals.frames import TOTAL
from dagster_project.goals.model import Goal
from dagster_project.goals.paths import Shapes

FIRST_REVISION = 0


def tree_rows(goals: Sequence[Goal]) -> Iterator[tuple[Any, ...]]:
    """A row a node, in the columns of GOAL_TREE."""
    for goal in goals:
        for sort, node in enumerate(goal.nodes, start=1):
            kpi = node.kpi
            yield (
                goal.name,
                node.name,
                FIRST_REVISION,
                goal.period.start,
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
                kpi.direction if kpi is not None else None,
                node.owner,
                goal.period.start,
                goal.period.end,
                goal.goal_hash,
            )


def target_rows(goals: Sequence[Goal], shapes: Shapes) -> Iterator[tuple[Any, ...]]:
    """A row a node with a target, scenario and day; a node without a target has none."""
    for goal in goals:
        for node in goal.nodes:
            for scenario in goal.scenarios:
                target = goal.target(node.name, scenario)
                if target is None or node.kpi is None:
                    continue
                path = shapes.path(goal, node, target)
                for day, due, through in zip(path.days, path.daily, path.cumulative, strict=True):
                    yield (
                        goal.name,
                        node.name,
                        scenario,
                        TOTAL,
                        TOTAL,
                        day,
                        FIRST_REVISION,
                        node.kpi.name,
                        node.kpi.unit,
                        float(due),
                        float(through),
                        float(target),
                        node.origin,
                        goal.goal_hash,
                    )
