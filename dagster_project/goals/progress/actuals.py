"""Actuals of this period and of earlier ones, read from kpi_period and kpi_daily."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.frames import as_date, number
from dagster_project.goals.given import Base
from dagster_project.goals.progress.days import TOTAL, Daily, Slice
from dagster_project.goals.progress.so_far import Actual, PeriodRows, actual_of
from dagster_project.kpi.model import Definitions, Kpi

__all__ = ["Actual", "PeriodRows", "actual_of", "base_actuals", "read_periods"]


@dataclass(frozen=True)
class _Slice:
    kpi: Kpi
    dimension: str
    segment: str


def read_periods(kpi_period: pd.DataFrame, period: Period, as_of: date) -> PeriodRows:
    """The rows of that very period, cut at the as-of date: slice → (value, status_reason).

    Rows that were cut at another day are left out: they are not what is asked for.
    """
    rows = kpi_period[(kpi_period["grain"] == period.grain)]
    elapsed = (min(as_of, period.end) - period.start).days + 1
    names = [
        "kpi", "dimension", "segment", "period_start", "elapsed_days", "value", "status_reason",
    ]  # fmt: skip
    found: dict[Slice, tuple[float | None, str | None]] = {}
    for kpi, dimension, segment, start, days, value, reason in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        if as_date(start) == period.start and int(days) == elapsed:
            found[kpi, dimension, segment] = (number(value), _text(reason))
    return found


def base_actuals(
    bases: Iterable[Base], definitions: Definitions, daily: Daily, kpi_period: pd.DataFrame
) -> dict[Base, Fraction]:
    """What each earlier period came to. One that is not known in full, from its first day to its last, has
    no entry."""
    found: dict[Base, Fraction] = {}
    for base in bases:
        measured = _Slice(definitions.kpi(base.kpi), base.dimension, base.segment)
        own = daily.get((base.kpi, base.dimension, base.segment), {})
        total = daily.get((base.kpi, TOTAL, TOTAL), {})
        periods = read_periods(kpi_period, base.period, base.period.end)
        actual = actual_of(measured, base.period, base.period.end, own, total, periods)
        if actual.value is not None and actual.through == base.period.end and actual.status != "missing":
            found[base] = exact(actual.value)
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
