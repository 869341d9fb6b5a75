"""A KPI's days as goals read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

TOTAL = "total"  # dimension and segment of the whole

# The least certain of several statuses is the one that counts.
STATUSES = ("final", "closed", "provisional", "immature", "held", "missing")


class Day(NamedTuple):
    """One day of a KPI and segment. `is_known`: the sources know the day, whether or not it has a value.

    A tuple, for there are some hundred thousand of them in a night.
    """

    date: date
    numerator: float | None
    denominator: float | None
    status: str
    is_known: bool


Slice = tuple[str, str, str]  # kpi, dimension, segment
Daily = Mapping[Slice, Mapping[date, Day]]


def worst(statuses: Iterable[str]) -> str:
    """The least certain of the statuses; `missing` where there is none."""
    ranked = [STATUSES.index(status) for status in statuses]
    return STATUSES[max(ranked)] if ranked else "missing"
