"""What a KPI's value is made of: leaves (operands over a span of days) and, for some, a formula over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dagster_project.kpi.model import GRAINS, OWN, Grain, Leaf, Place, Shape
from dagster_project.kpi.units import PLAIN, Unit

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Value:
    """A KPI's value before it is a KPI: `formula` is SQL over x1, x2, ... (the leaves), None for one leaf.

    `linear`: the formula adds and subtracts whole leaves only, so it adds over days where they do.
    `unit`: what it is counted in; of a KPI that another names, settled with the unit that it declares.
    `lacking`: grains that it has no value at, and why.
    """

    leaves: tuple[Leaf, ...]
    formula: str | None
    places: tuple[Place, ...]
    linear: bool = False
    unit: Unit = PLAIN
    lacking: tuple[tuple[Grain, str], ...] = ()

    def shaped(self, shape: Shape) -> Value:
        """The same value over other days of the period. Raises ValueError for a shape of a shape."""
        if any(leaf.shape != OWN for leaf in self.leaves):
            raise ValueError("is cumulative itself: a window of a window has no meaning")
        leaves = tuple(replace(leaf, shape=shape) for leaf in self.leaves)
        return replace(self, leaves=leaves, linear=False, lacking=())

    def moved(self, offset: int, unit: str) -> Value:
        """The same value so many days or months before. Raises ValueError for a move of a move."""
        if any(leaf.offset for leaf in self.leaves):
            raise ValueError("looks back already: an offset of an offset is not read")
        leaves = tuple(replace(leaf, offset=offset, offset_unit=unit) for leaf in self.leaves)  # type: ignore[arg-type]
        before = f"{offset} {unit if offset > 1 else unit.removesuffix('s')} before"
        apart = tuple(
            (grain, f"grain {grain} has no counterpart {before}")
            for grain in GRAINS
            if not has_counterpart(grain, offset, unit)
        )
        return replace(self, leaves=leaves, lacking=(*self.lacking, *apart))

    def lacking_also(self, grains: Sequence[Grain] | None, name: str) -> Value:
        """The same value as others see it: without the grains that its KPI does not have."""
        if grains is None:
            return self
        own = tuple((grain, f"KPI '{name}' has no grain {grain}") for grain in GRAINS if grain not in grains)
        return replace(self, lacking=(*self.lacking, *own))


def combined(formula: str, names: dict[str, Value], linear: bool, unit: Unit) -> Value:
    """One value from `formula` over `names`; the parts' formulas are written in, equal leaves are shared."""
    leaves: list[Leaf] = []
    written: dict[str, str] = {}
    for name, value in names.items():
        positions = {}
        for number, leaf in enumerate(value.leaves, start=1):
            if leaf not in leaves:
                leaves.append(leaf)
            positions[f"x{number}"] = f"x{leaves.index(leaf) + 1}"
        inner = _renamed(value.formula or "x1", positions)
        written[name] = inner if value.formula is None else f"({inner})"
    whole = _renamed(formula, written)
    places = tuple(dict.fromkeys(place for value in names.values() for place in value.places))
    additive = linear and all(value.linear or value.formula is None for value in names.values())
    return Value(tuple(leaves), whole, places, additive, unit, lacking_of(*names.values()))


def lacking_of(*values: Value) -> tuple[tuple[Grain, str], ...]:
    """What a value that is computed from all of these lacks."""
    return tuple(dict.fromkeys(pair for value in values for pair in value.lacking))


def has_counterpart(grain: Grain, offset: int, unit: str) -> bool:
    """Whether a period of `grain` is a period again so many days or months before."""
    if unit == "days":
        return grain == "day" or (grain == "week" and offset % 7 == 0)
    months = {"day": 1, "week": 12, "month": 1, "quarter": 3, "half": 6, "fiscal_year": 12}
    return grain in months and offset % months[grain] == 0


def _renamed(formula: str, names: dict[str, str]) -> str:
    return _WORD.sub(lambda word: names.get(word[0], word[0]), formula)


def parse_span(text: str) -> tuple[int, str]:
    """`28 days`, `1 month`, `1 year`, `2 weeks` → (number, "days" | "months"). Raises ValueError."""
    match = re.fullmatch(r"(\d+)\s+(day|week|month|quarter|half|year|fiscal_year)s?", text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"'{text}' is no span of time; write 28 days, 1 month or 1 year")
    number, unit = int(match[1]), match[2]
    if unit in ("day", "week"):
        return number * (7 if unit == "week" else 1), "days"
    return number * {"month": 1, "quarter": 3, "half": 6, "year": 12, "fiscal_year": 12}[unit], "months"
