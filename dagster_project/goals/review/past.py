"""The weeks, months and quarters that are over, of each node, read from the published kpi_period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dagster_project.goals.frames import Slice, as_date, number
from dagster_project.goals.model import Node

# A hole in the sources makes a period's value another one than it will be.
CERTAIN = ("final", "provisional", "closed")


@dataclass(frozen=True)
class Past:
    """One period that is over. `previous`, `previous_year`: None where they are not known."""

    start: date
    end: date
    value: float
    previous: float | None
    previous_year: float | None


PastOf = Mapping[tuple[Slice, str], tuple[Past, ...]]


def read_past(kpi_period: pd.DataFrame, slices: Iterable[Slice], as_of: date) -> PastOf:
    """(slice, grain) → its periods that were over and known by `as_of`, the oldest first."""
    wanted = set(slices)
    names = [
        "kpi", "dimension", "segment", "grain", "period_start", "period_end", "value", "previous_value",
        "previous_year_value",
    ]  # fmt: skip
    rows = kpi_period[
        kpi_period["kpi"].isin({kpi for kpi, _, _ in wanted})
        & kpi_period["is_complete"].astype(bool)
        & kpi_period["data_status"].isin(CERTAIN)
    ]
    found: dict[tuple[Slice, str], list[Past]] = {}
    for kpi, dimension, segment, grain, start, end, value, previous, year in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        key, known = (kpi, dimension, segment), number(value)
        if key in wanted and grain != "all" and known is not None and as_date(end) <= as_of:
            past = Past(as_date(start), as_date(end), known, number(previous), number(year))
            found.setdefault((key, grain), []).append(past)
    return {key: tuple(sorted(pasts, key=lambda past: past.start)) for key, pasts in found.items()}


def slice_of(node: Node) -> Slice | None:
    """What the node is read at; None for a sentence without a number."""
    return None if node.kpi is None else (node.kpi.name, node.dimension, node.segment)
