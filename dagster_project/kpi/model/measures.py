"""Measures: one aggregate over one entity at one date of record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dagster_project.kpi.units import PLAIN, Unit

Aggregation = Literal[
    "count", "sum", "average", "count_distinct", "min", "max", "median", "percentile", "only"
]
PeriodAgg = Literal["last", "opening", "average", "midpoint", "any"]


@dataclass(frozen=True)
class Spread:
    """An amount over the days `start`..`through` (columns, both in), over calendar or business days."""

    start: str
    through: str
    over: Literal["calendar_days", "business_days"]


@dataclass(frozen=True)
class Stock:
    """Rows that are open between two dates, or levels that were counted.

    Open: from the column `start` to the column `end`; `end_is_in` says whether that day is in (`through`) or
    the first one out (`until`). Level: the newest row of each `series` by the measure's time, carried at most
    `carry_days`.
    """

    period_agg: PeriodAgg
    start: str | None = None
    end: str | None = None
    end_is_in: bool = False
    series: tuple[str, ...] = ()
    carry_days: int | None = None


@dataclass(frozen=True)
class Conversion:
    """A row of the base counts as converted when a row of `entity` at `time` passes `filter`, shares `match`
    (None: it is the row itself) and lies `before` days before to `window` days after it (None: ever)."""

    entity: str
    time: str
    filter: str | None
    match: str | None
    window: int | None
    before: int


@dataclass(frozen=True)
class Measure:
    """One aggregate over one entity at one date of record; its name is unique in the company.

    `time` of an open stock is its first day in. `reads_period`: filter or expression name period_start,
    period_end or grain, so it is computed anew for each span of days.
    """

    name: str
    entity: str
    time: str
    agg: Aggregation
    sql: str | None  # None: count of rows
    filter: str | None
    percentile: float | None = None
    having: str | None = None
    also_in: Literal["next_period", "previous_period"] | None = None
    reads_period: bool = False
    spread: Spread | None = None
    stock: Stock | None = None
    converts: Conversion | None = None
    unit: Unit = field(default=PLAIN, repr=False, compare=False)  # follows from the rest

    @property
    def is_anew(self) -> bool:
        """Whether it can't be put together from days and is computed over each span."""
        return self.stock is None and (
            self.agg in ("count_distinct", "median", "percentile", "only") or self.reads_period
        )

    @property
    def adds_over_days(self) -> bool:
        return self.agg in ("count", "sum") and self.stock is None and not self.reads_period


@dataclass(frozen=True)
class Operand:
    """A side of a KPI: which measure, and what an empty slice inside coverage is: 0, nothing, or (`carries`)
    what the last period of the slice with a value had."""

    measure: Measure
    zero_when_empty: bool
    carries: bool = False
