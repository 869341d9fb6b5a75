"""What published tables say of a goal's targets: where each stands in history, which sources are behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.kpi.model import Definitions, Grain

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 6  # periods that a percentile is read from
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "half": 6, "fiscal_year": 12}


@dataclass(frozen=True)
class Standing:
    """`percentile`: the share of past periods that were worse than the target, a tie counted half.

    `periods`: how many, each a `grain`. `wanted`: the target as it stands for one of them.
    """

    percentile: float
    periods: int
    grain: Grain
    wanted: float


@dataclass(frozen=True)
class Evidence:
    """By node: the standing of its target, where there is one to tell, and its sources that are behind."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    stale: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_evidence(
    goal: Goal, definitions: Definitions, kpi_period: pd.DataFrame, source_freshness: pd.DataFrame
) -> Evidence:
    """From the published tables kpi_period and source_freshness, as they are.

    A target is held against like periods that were over before its own began: of the goal's grain where there
    are at least FEWEST, else against months, with an even month's part of what grows through the period.
    """
    behind = set(source_freshness.loc[source_freshness["status"] != "fresh", "source"])
    stale = {}
    standings = {}
    for node in goal.nodes:
        if node.kpi is None:
            continue
        late = tuple(sorted(sources_of(node, definitions) & behind))
        if late:
            stale[node.name] = late
        standing = _standing(goal, node, kpi_period)
        if standing is not None:
            standings[node.name] = standing
    return Evidence(standings, stale)


def sources_of(node: Node, definitions: Definitions) -> set[str]:
    """The raw exports that a node's KPI is measured on."""
    entities = {place.entity for place in node.kpi.places} if node.kpi else set()
    return {source for entity in definitions.entities if entity.name in entities for source in entity.sources}


def _standing(goal: Goal, node: Node, kpi_period: pd.DataFrame) -> Standing | None:
    target = goal.targets[PLAN].get(node.name)
    if target is None or node.direction == "within" or node.kpi is None:
        return None
    own = (
        (kpi_period["kpi"] == node.kpi.name)
        & (kpi_period["dimension"] == node.dimension)
        & (kpi_period["segment"] == node.segment)
        & kpi_period["is_complete"].astype(bool)
        & kpi_period["value"].notna()
    )
    rows = kpi_period[own]
    for grain, wanted in _forms(goal, node, float(target)):
        values = _before(rows[rows["grain"] == grain], goal.period.start)
        if len(values) >= FEWEST:
            return Standing(_harder_than(wanted, values, node.direction == "up"), len(values), grain, wanted)
    return None


def _forms(goal: Goal, node: Node, target: float) -> Iterable[tuple[Grain, float]]:
    """The target as one figure of the goal's grain, and of a month."""
    grain = goal.period.grain
    months = _MONTHS.get(grain)
    if months is None or grain == "range":
        return
    yield grain, target
    if months > 1:
        yield "month", target / months if node.accumulates else target


def _before(rows: pd.DataFrame, start: date) -> list[float]:
    import pandas as pd

    begins = pd.to_datetime(rows["period_start"])
    return [float(value) for value in rows.loc[begins < pd.Timestamp(start), "value"]]


def _harder_than(wanted: float, values: list[float], up: bool) -> float:
    worse = sum(value < wanted if up else value > wanted for value in values)
    return (worse + 0.5 * sum(value == wanted for value in values)) / len(values)
