"""What a KPI has come to so far in a period: as the period's row has it, else from the days."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.progress.days import Day, Slice, worst
from dagster_project.kpi.model import Kpi

PeriodRows = Mapping[Slice, tuple[float | None, str | None]]
Days = Mapping[date, Day]


class Measured(Protocol):
    """A KPI at a segment: a node of a goal, or what one is compared with."""

    @property
    def kpi(self) -> Kpi | None: ...
    @property
    def dimension(self) -> str: ...
    @property
    def segment(self) -> str: ...


@dataclass(frozen=True)
class Actual:
    """`value` from the period's start through `through`; where it is None, `reason` says why.

    `through`: the newest day of the period, up to the as-of date, that the sources know. Days before it that
    they don't know make `status` missing, so that a sum with a hole in it is never taken for a whole one.
    """

    value: float | None
    through: date | None
    status: str
    reason: str | None


def actual_of(
    node: Measured, period: Period, as_of: date, days: Days, total: Days, periods: PeriodRows
) -> Actual:
    """The node's value to date. `total`: the days of its KPI in total, which say what the sources know
    (a segment has no row on a day on which it had nothing)."""
    if node.kpi is None:
        return Actual(None, None, "missing", "no_kpi")
    if as_of < period.start:
        return Actual(None, None, "missing", "not_started")
    last = min(as_of, period.end)
    inside = [day for day in total.values() if period.start <= day.date <= last]
    through = max((day.date for day in inside if day.is_known), default=None)
    key = (node.kpi.name, node.dimension, node.segment)
    if through is None and not total and key in periods:
        # A KPI that has no days (grains: [month]) is still known for its periods.
        value, reason = periods[key]
        return Actual(value, last, "final", None if value is not None else reason or "no_data")
    if through is None:
        return Actual(None, None, "missing", "no_data")
    seen = [day for day in inside if day.date <= through]
    gaps = (through - period.start).days + 1 - len(seen)
    status = worst([*(day.status for day in seen), *(["missing"] if gaps else [])])
    if key in periods:
        value, reason = periods[key]
        return Actual(value, through, status, None if value is not None else reason or "no_data")
    if node.kpi.is_level:
        # A stock is what it was on the last known day; a segment without a row on it had nothing.
        level = days[through].numerator if through in days else 0.0
        return Actual(level, through, status, None if level is not None else "no_data")
    if not node.kpi.sums_of_sides:
        has_grain = period.grain in node.kpi.grains
        return Actual(None, through, status, "no_data" if has_grain else "not_additive")
    value, reason = _summed(node.kpi, [day for day in days.values() if period.start <= day.date <= through])
    return Actual(value, through, status, reason)


def _summed(kpi: Kpi, days: list[Day]) -> tuple[float | None, str | None]:
    tops = [day.numerator for day in days if day.numerator is not None]
    bottoms = [day.denominator for day in days if day.denominator is not None]
    if kpi.denominator is None:
        if not tops and not kpi.numerator.zero_when_empty:
            return None, "no_data"
        return math.fsum(tops), None
    bottom = math.fsum(bottoms)
    if bottom == 0:
        return None, "zero_denominator"
    return kpi.scale * math.fsum(tops) / bottom, None
