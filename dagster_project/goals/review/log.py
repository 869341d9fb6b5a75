"""The reviews in state/goal_reviews: what was seen, and what was decided; nothing else holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from dagster_project.goals import kept
from dagster_project.goals.columns import GOAL_REVIEWS
from dagster_project.goals.frames import frame
from dagster_project.state_version import claim

FOLDER = "goal_reviews"
KEY = ["review"]


def record(state: Path, review: Mapping[str, Any]) -> None:
    """Keeps one review; keys are the columns of GOAL_REVIEWS, those left out are NULL.

    Raises KeyError for a key that is no column, UnknownState where a later version has written state/.
    """
    claim(state)
    names = [name for name, _ in GOAL_REVIEWS]
    if unknown := [name for name in review if name not in names]:
        raise KeyError(f"goal_reviews has no column '{unknown[0]}'")
    row = tuple(review.get(name) for name in names)
    kept.append(state / FOLDER, frame([row], GOAL_REVIEWS), str(review["review"]))


def read_reviews(state: Path, known_at: datetime | None = None) -> pd.DataFrame:
    """Every review recorded, or those recorded by `known_at` (with a zone), columns GOAL_REVIEWS, by key."""
    rows = kept.read(state / FOLDER, GOAL_REVIEWS, KEY)
    if known_at is None:
        return rows
    until = known_at.astimezone(UTC).replace(tzinfo=None)
    by_then = pd.Series([moment <= until for moment in rows["recorded_at"]], index=rows.index, dtype=bool)
    return rows[by_then].reset_index(drop=True)
