"""Why a goal stands where it does, read back from a publication: gaps, their drivers, funnel and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.report.marks import read_checks
from dagster_project.report.rows import rows

RESIDUAL = "_residual"
TOTAL = "total"


@dataclass(frozen=True)
class Driver:
    """A leaf of the tree, or `_residual`, and what it adds to the gap; see gap_drivers in docs/tables.md."""

    driver: str
    label: str
    parent: str | None
    unit: str | None
    before: float | None
    after: float | None
    measured: float | None
    contribution: float


@dataclass(frozen=True)
class Gap:
    """A gap in total or in one segment. `nodes`: the contribution of every node of the tree, an inner one the
    sum of the leaves under it, in the tree's order; without those on which nothing of the gap hangs."""

    versus: str
    dimension: str
    segment: str
    label: str
    unit: str | None
    through: date | None
    before: float
    after: float
    gap: float
    drivers: tuple[Driver, ...]
    nodes: Mapping[str, float]

    @property
    def is_explained(self) -> bool:
        """Whether a tree tells more than the KGI itself does."""
        return sum(driver.driver != RESIDUAL for driver in self.drivers) > 1


@dataclass(frozen=True)
class Step:
    """A node of the funnel; see goal_funnel in docs/tables.md."""

    node: str
    stage: str
    label: str
    unit: str
    is_volume: bool
    actual: float | None
    plan: float | None
    last_year: float | None
    previous_node: str | None
    step_rate: float | None
    step_rate_plan: float | None
    step_rate_last_year: float | None
    kgi_effect: float | None
    is_bottleneck: bool
    bottleneck_versus: str | None


@dataclass(frozen=True)
class Why:
    """Everything that a publication says about the causes of one goal.

    gaps: in total, by versus. segments: by (versus, dimension), the widest gap first. checks: rows of
    marks.read_checks.
    """

    goal: str
    label: str
    kgi: str
    kgi_label: str
    less_is_better: bool
    gaps: Mapping[str, Gap]
    segments: Mapping[tuple[str, str], tuple[Gap, ...]]
    funnel: tuple[Step, ...]
    checks: tuple[dict[str, Any], ...]

    @property
    def bottleneck(self) -> Step | None:
        return next((step for step in self.funnel if step.is_bottleneck), None)

    @property
    def has_steps(self) -> bool:
        """Whether one volume of the funnel leads to another."""
        return any(step.previous_node is not None for step in self.funnel)

    def step(self, node: str | None) -> Step | None:
        return next((step for step in self.funnel if step.node == node), None)


def read_why(
    connection: duckdb.DuckDBPyConnection, folder: Path, language: str, goal: str | None = None
) -> dict[str, Why]:
    """By goal, what the publication in `folder` says of all goals, or of one."""
    nodes = rows(
        connection,
        f"""
        select * from {parquet(folder, "goal_tree")}
        where goal = coalesce(?, goal)
        qualify 1 = row_number() over (partition by goal, node order by revision desc)
        order by goal, sort
        """,
        [goal],
    )
    drivers = rows(
        connection,
        f"""
        select facts.*, segments.label_{language} as segment_label
        from {parquet(folder, "gap_drivers")} as facts
        left join {parquet(folder, "kpi_segments")} as segments using (dimension, segment)
        where goal = coalesce(?, goal)
        order by goal, versus, dimension, segment, facts.sort
        """,
        [goal],
    )
    steps = rows(connection, f"select * from {parquet(folder, 'goal_funnel')} order by goal, sort")
    checks = read_checks(connection, folder)
    found = {}
    for name in dict.fromkeys(node["goal"] for node in nodes):
        tree = [node for node in nodes if node["goal"] == name]
        gaps = _gaps([row for row in drivers if row["goal"] == name], tree, language)
        whole = {gap.versus: gap for gap in gaps if gap.dimension == TOTAL}
        parts: dict[tuple[str, str], list[Gap]] = {}
        for gap in gaps:
            if gap.dimension != TOTAL:
                parts.setdefault((gap.versus, gap.dimension), []).append(gap)
        found[name] = Why(
            goal=name,
            label=tree[0][f"goal_label_{language}"],
            kgi=tree[0]["node"],
            kgi_label=tree[0][f"label_{language}"],
            less_is_better=tree[0]["direction"] == "down",
            gaps=whole,
            segments={key: tuple(sorted(own, key=lambda gap: -abs(gap.gap))) for key, own in parts.items()},
            funnel=tuple(_step(row, language) for row in steps if row["goal"] == name),
            checks=tuple(row for row in checks if row["goal"] == name),
        )
    return found


def _gaps(found: list[dict[str, Any]], tree: list[dict[str, Any]], language: str) -> list[Gap]:
    by_slice: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in found:
        by_slice.setdefault((row["versus"], row["dimension"], row["segment"]), []).append(row)
    return [
        Gap(
            versus=versus,
            dimension=dimension,
            segment=segment,
            label=own[0]["segment_label"] or segment,
            unit=own[0]["kgi_unit"],
            through=own[0]["through"],
            before=own[0]["kgi_before"],
            after=own[0]["kgi_after"],
            gap=own[0]["gap"],
            drivers=tuple(_driver(row, language) for row in own),
            nodes=_sums(own, tree),
        )
        for (versus, dimension, segment), own in by_slice.items()
    ]


def _driver(row: dict[str, Any], language: str) -> Driver:
    names = ("driver", "parent", "unit", "before", "after", "measured", "contribution")
    return Driver(label=row[f"label_{language}"], **{name: row[name] for name in names})


def _sums(drivers: Iterable[dict[str, Any]], tree: list[dict[str, Any]]) -> dict[str, float]:
    parents = {node["node"]: node["parent"] for node in tree}
    sums: dict[str, float] = {}
    for row in drivers:
        at: str | None = row["driver"]
        while at is not None and at in parents:
            sums[at] = sums.get(at, 0.0) + row["contribution"]
            at = parents[at]
    return {name: sums[name] for name in parents if name in sums}


def _step(row: dict[str, Any], language: str) -> Step:
    names = [name for name in Step.__dataclass_fields__ if name != "label"]
    return Step(label=row[f"label_{language}"], **{name: row[name] for name in names})
