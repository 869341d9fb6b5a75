"""The lines of a node: as a whole, and by segment where a goal divides its targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.goals.model import Goal, Node
from dagster_project.goals.progress.days import TOTAL, Slice
from dagster_project.goals.targets.paths import Path
from dagster_project.goals.targets.versions import Version
from dagster_project.kpi.model import Kpi

WHOLE = (TOTAL, TOTAL)


@dataclass(frozen=True)
class Line:
    """What a target is for. `published`: dimension and segment in the tables, where a node as a whole is
    the total whatever it is read at. `dimension`, `segment`: what its actual is read at. `share`: its part of
    the target."""

    kpi: Kpi | None
    published: tuple[str, str]
    dimension: str
    segment: str
    share: Fraction = Fraction(1)

    @property
    def slice(self) -> Slice:
        return (self.kpi.name if self.kpi is not None else "", self.dimension, self.segment)

    def path(self, version: Version, node: Node, scenario: str) -> Path | None:
        """The way to its target: its share of what adds up over segments; of a rate, the rate itself."""
        whole = version.paths.get((scenario, node.name))
        if whole is None or self.published == WHOLE or self.kpi is None:
            return whole
        return whole.times(self.share) if self.kpi.grows or node.is_stock else whole


def lines(goal: Goal, node: Node) -> Iterator[Line]:
    """The node as a whole; then, where it is read as a whole and its KPI has the goal's dimension, each
    segment."""
    yield Line(node.kpi, WHOLE, node.dimension, node.segment)
    segments = goal.segments
    if segments is None or node.kpi is None or (node.dimension, node.segment) != WHOLE:
        return
    if segments.dimension in node.kpi.dimensions:
        for segment, share in segments.shares:
            yield Line(node.kpi, (segments.dimension, segment), segments.dimension, segment, share)
