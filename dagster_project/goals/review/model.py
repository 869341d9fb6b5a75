"""A goal's review, as its figures: what `kpi review --json` prints and state/goal_reviews keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import pandas as pd

from dagster_project.goals.gap.gap import Gap
from dagster_project.goals.review.influence import Influence
from dagster_project.goals.review.track_record import TrackRecord

Cadence = Literal["weekly", "monthly", "quarterly"]
GRAINS: Mapping[Cadence, str] = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}


@dataclass(frozen=True)
class Standing:
    """Where a node stands: its row of kgi_attainment, plan."""

    node: str
    actual: float | None
    target_to_date: float | None
    target: float | None
    attainment: float | None
    status: str


@dataclass(frozen=True)
class Movement:
    """A node in the week, month or quarter that was last over. `due`: what the plan asked of it there, if
    that was inside the goal's period; `met`: whether it was reached."""

    node: str
    value: float
    previous: float | None
    previous_year: float | None
    due: float | None
    met: bool | None


@dataclass(frozen=True)
class Moved:
    """The last complete period of the cadence. `why`: the KGI's change from the period before, by the leaves
    of the tree; None where one of the two has no value."""

    grain: str
    start: date
    end: date
    nodes: tuple[Movement, ...]
    why: Gap | None


@dataclass(frozen=True)
class Driver:
    """A row of gap_drivers: what a leaf adds to the gap to the plan."""

    driver: str
    contribution: float


@dataclass(frozen=True)
class Assumption:
    """A row of assumption_review, and what each derived node would have to be if this one alone were what it
    came to: None where it would be below 0 or no longer follows. `significant` is None where `reason` says
    why it can't be told."""

    node: str
    assumed: float
    actual: float | None
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    method: str | None
    p_value: float | None
    significant: bool | None
    reason: str | None
    replanned: Mapping[str, float | None]


@dataclass(frozen=True)
class Required:
    """A derived node: its target as planned, and with every assumption at its actual value; None where that
    would be below 0 or no longer follows."""

    node: str
    planned: float
    replanned: float | None


@dataclass(frozen=True)
class Review:
    """One review of one goal, told from one publication."""

    goal: str
    goal_hash: str
    as_of: date
    publication_id: str
    cadence: Cadence
    standing: tuple[Standing, ...]
    moved: Moved | None
    gap: tuple[Driver, ...]
    assumptions: tuple[Assumption, ...]
    required: tuple[Required, ...]
    contradictions: tuple[str, ...]
    influence: tuple[Influence, ...]
    targets: tuple[TrackRecord, ...]
    revision: str | None

    @property
    def kgi(self) -> Standing | None:
        return self.standing[0] if self.standing else None


@dataclass(frozen=True)
class Published:
    """Tables of one publication, the columns as published; all nights that they hold."""

    publication_id: str
    as_of: date
    kgi_attainment: pd.DataFrame
    goal_targets: pd.DataFrame
    kpi_period: pd.DataFrame
    assumption_review: pd.DataFrame
    gap_drivers: pd.DataFrame


def as_json(review: Review) -> dict[str, Any]:
    """Plain values: dates as ISO text, fractions as fractions, missing as null."""
    plain: dict[str, Any] = _plain(asdict(replace(review, moved=None)))
    if review.moved is not None:
        plain["moved"] = _plain(asdict(replace(review.moved, why=None)))
        if (why := review.moved.why) is not None:
            plain["moved"]["why"] = {
                "change": float(why.gap),
                "drivers": [
                    {"node": one.node, "contribution": float(one.contribution)} for one in why.drivers
                ],
                "residual": float(why.residual),
            }
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value.isoformat() if isinstance(value, date) else value
