"""Value tests, resolved: every name looked up, rows in known columns, periods as grain and first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from dagster_project.kpi.model import Grain, Where


@dataclass(frozen=True)
class Row:
    """Cells of one row by column, as written; None is an empty cell. `where`: its place in the YAML."""

    cells: tuple[tuple[str, str | None], ...]
    where: Where


@dataclass(frozen=True)
class Expectation:
    """What a KPI must be. Exactly one of `value`, `no_value` (the reason) and `no_row` says so."""

    kpi: str
    grain: Grain
    start: date  # the period's first day; 0001-01-01 of grain all
    dimension: str
    segment: str
    value: Fraction | None
    no_value: str | None
    no_row: bool
    status: str | None
    because: str
    where: Where

    @property
    def slice(self) -> str:
        """`month 2026-05, team east`"""
        shown = {"month": f"{self.start:%Y-%m}", "all": ""}.get(self.grain, self.start.isoformat())
        period = f"{self.grain} {shown}".strip()
        return period if self.dimension == "total" else f"{period}, {self.dimension} {self.segment}"


@dataclass(frozen=True)
class ValueTest:
    """A small world. `given`: (source, rows). `known_from`..`as_of`: the days that its sources know."""

    name: str
    says: str
    as_of: date
    known_from: date
    given: tuple[tuple[str, tuple[Row, ...]], ...]
    expect: tuple[Expectation, ...]
    where: Where

    @property
    def kpis(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(expectation.kpi for expectation in self.expect))
