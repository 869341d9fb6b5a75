"""The gap of a goal segment by segment, along each dimension of its KGI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.frames import TOTAL, Slice, as_date, number
from dagster_project.goals.gap.gap import Gap, explain
from dagster_project.goals.gap.identity import Check, implied_factors
from dagster_project.goals.gap.standing import Standing, Versus, compared_values
from dagster_project.goals.model import PLAN, Node

Figures = dict[str, Fraction]


def segment_gaps(
    standing: Standing,
    checks: Sequence[Check],
    kgi_attainment: pd.DataFrame,
    segment_rows: pd.DataFrame,
    versus: Versus,
) -> Iterator[tuple[str, str, Gap]]:
    """(dimension, segment, gap) where the KGI is read in total and both sides know the segment.

    Against the plan where the goal has targets by segment; against last year from `segment_rows` (of
    kpi_period, the goal's own period). A node that is read at one segment itself counts in that segment, and
    is nothing in the others of its dimension; one that a dimension does not split is explained by the node
    above it.
    """
    goal = standing.goal
    if standing.through is None or goal.kgi.kpi is None or goal.kgi.dimension != TOTAL:
        return
    source = (
        _Planned(standing, kgi_attainment)
        if versus == "plan"
        else _Compared(standing, compared_values(segment_rows, goal.period, _elapsed(standing)))
    )
    for dimension in goal.kgi.kpi.dimensions:
        for segment in source.segments(dimension):
            before, after = source.figures(dimension, segment)
            implied = implied_factors(checks, before) if versus == "last_year" else {}
            gap = explain(
                goal.kgi.name, goal.equations, before, after, implied, implied_factors(checks, after)
            )
            if gap is not None and (gap.before or gap.after):
                yield dimension, segment, gap


def _elapsed(standing: Standing) -> int:
    assert standing.through is not None
    return (standing.through - standing.goal.period.start).days + 1


@dataclass(frozen=True)
class _Compared:
    """This year beside the last, by slice."""

    standing: Standing
    values: Mapping[Slice, tuple[float | None, float | None]]

    def segments(self, dimension: str) -> list[str]:
        return sorted({segment for _, own, segment in self.values if own == dimension})

    def figures(self, dimension: str, segment: str) -> tuple[Figures, Figures]:
        before: Figures = {}
        after: Figures = {}
        for node in self.standing.goal.tree:
            now, then = self._values(node, dimension, segment)
            for found, value, whole in (
                (after, now, self.standing.actual),
                (before, then, self.standing.last_year),
            ):
                if value is None and node.adds_over_days and _splits(node, dimension) and node.name in whole:
                    value = 0.0  # segments have a row only where there is something
                if value is not None:
                    found[node.name] = exact(value)
        return before, after

    def _values(self, node: Node, dimension: str, segment: str) -> tuple[float | None, float | None]:
        if node.kpi is None or not _splits(node, dimension):
            return None, None
        if node.dimension == dimension and node.segment != segment:
            return None, None
        return self.values.get((node.kpi.name, dimension, segment), (None, None))


def _splits(node: Node, dimension: str) -> bool:
    """Whether the node has values by that dimension: only one dimension can be had at a time."""
    return node.kpi is not None and dimension in node.kpi.dimensions and node.dimension in (TOTAL, dimension)


class _Planned:
    """Actual beside what is due, of goals whose targets are given by segment."""

    def __init__(self, standing: Standing, kgi_attainment: pd.DataFrame) -> None:
        rows = kgi_attainment[
            (kgi_attainment["goal"] == standing.goal.name)
            & (kgi_attainment["scenario"] == PLAN)
            & (kgi_attainment["dimension"] != TOTAL)
        ]
        names = ("node", "dimension", "segment", "actual", "target_to_date", "data_through")
        self.values = {
            (node, dimension, segment): (number(due), number(actual))
            for node, dimension, segment, actual, due, through in zip(
                *(rows[name].tolist() for name in names), strict=True
            )
            if not pd.isna(through) and as_date(through) == standing.through
        }
        self.nodes = standing.goal.tree

    def segments(self, dimension: str) -> list[str]:
        return sorted({segment for _, own, segment in self.values if own == dimension})

    def figures(self, dimension: str, segment: str) -> tuple[Figures, Figures]:
        before: Figures = {}
        after: Figures = {}
        for node in self.nodes:
            due, actual = self.values.get((node.name, dimension, segment), (None, None))
            if due is not None:
                before[node.name] = exact(due)
            if actual is not None:
                after[node.name] = exact(actual)
        return before, after
