"""KPIs, resolved: what a value is computed from, over which days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dagster_project.kpi.model.measures import Operand
from dagster_project.kpi.model.words import Grain, Label, Where
from dagster_project.kpi.units import PLAIN, Unit


@dataclass(frozen=True)
class Shape:
    """Over which days a KPI is taken for a period: its own days, to date from a longer grain's first day, or
    the last `size` days or months that end with it."""

    unit: Literal["own", "to_date", "days", "months"] = "own"
    size: int = 0
    grain: Literal["month", "quarter", "half", "fiscal_year"] | None = None

    @property
    def name(self) -> str:
        if self.unit == "own":
            return "own"
        return f"{self.grain}_to_date" if self.unit == "to_date" else f"last_{self.size}_{self.unit}"


OWN = Shape()


@dataclass(frozen=True)
class Leaf:
    """What a KPI is computed from: operands, taken over a shape, so many days or months before."""

    numerator: Operand
    denominator: Operand | None
    scale: float
    shape: Shape = OWN
    offset: int = 0
    offset_unit: Literal["days", "months"] = "months"


@dataclass(frozen=True)
class Place:
    """An entity and date of record whose days a KPI needs to know. `matures`: a day counts as known only so
    many days before the last known one; None: it need not ripen. `ripens`: what an unripe day is called."""

    entity: str
    time: str
    matures: int | None = None
    ripens: Literal["immature", "provisional"] | None = None


KpiType = Literal["simple", "ratio", "derived", "cumulative", "conversion", "stock"]


@dataclass(frozen=True)
class Kpi:
    """One KPI. With one leaf and no `formula` its value is scale * numerator / denominator, or the numerator;
    else `formula` is SQL over the leaves' values, named x1, x2, ... in order."""

    name: str
    label: Label
    description: Label
    type: KpiType
    department: str
    leaves: tuple[Leaf, ...]
    formula: str | None
    linear: bool  # the formula adds and subtracts whole leaves only
    places: tuple[Place, ...]
    dimensions: tuple[str, ...]
    grains: tuple[Grain, ...]
    unit: str
    direction: Literal["up", "down", "within"]
    within: tuple[float, float] | None
    level: Literal["kgi", "ksf", "kpi", "action"]
    funnel: str | None
    owner: str | None
    valid_from: date | None
    retired_on: date | None
    accumulates: bool
    definition: str  # one readable line of the formula
    definition_hash: str
    formerly: tuple[str, ...] = ()  # old names, oldest first
    reads: tuple[str, ...] = field(default=(), compare=False)  # the KPIs that its definition names
    measured: Unit = field(default=PLAIN, compare=False)  # by the formula: `unit` JPY may be JPY per count
    where: Where = field(default=Where("", 0), compare=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return tuple(
            operand
            for leaf in self.leaves
            for operand in (leaf.numerator, leaf.denominator)
            if operand is not None
        )

    @property
    def shows_sides(self) -> bool:
        """Whether numerator and denominator are published: not for min, max, medians and formulas."""
        only = self.leaves[0]
        return self.formula is None and (
            only.denominator is not None
            or only.numerator.measure.agg in ("count", "sum", "count_distinct", "only")
        )

    @property
    def adds(self) -> bool:
        """Whether values of days add up to a longer period, and those of segments to the total."""
        return (self.formula is None or self.linear) and all(
            leaf.denominator is None
            and leaf.shape == OWN
            and leaf.offset == 0
            and leaf.numerator.measure.adds_over_days
            for leaf in self.leaves
        )

    @property
    def grows(self) -> bool:
        """Whether the value grows through its period: counts and sums do, distinct counts too."""
        return (self.formula is None or self.linear) and all(
            leaf.denominator is None
            and leaf.shape == OWN
            and leaf.offset == 0
            and leaf.numerator.measure.stock is None
            and leaf.numerator.measure.agg in ("count", "sum", "count_distinct")
            for leaf in self.leaves
        )

    @property
    def is_level(self) -> bool:
        """Whether it is a level (a stock) as of the period's last day."""
        stock = self.leaves[0].numerator.measure.stock
        return (
            self.formula is None
            and self.leaves[0].denominator is None
            and stock is not None
            and stock.period_agg == "last"
        )

    @property
    def sums_of_sides(self) -> bool:
        """Whether a period's value follows from its days' numerators and denominators."""
        return self.adds or (
            self.formula is None
            and self.leaves[0].shape == OWN
            and all(operand.measure.adds_over_days for operand in self.operands)
        )

    @property
    def scale(self) -> float:
        return self.leaves[0].scale

    @property
    def numerator(self) -> Operand:
        return self.leaves[0].numerator

    @property
    def denominator(self) -> Operand | None:
        return self.leaves[0].denominator
