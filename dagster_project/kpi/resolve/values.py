"""What a KPI's value is made of: leaves (operands over a span of days) and, for some, a formula over them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dagster_project.kpi.model import OWN, Leaf, Place, Shape
from dagster_project.kpi.units import PLAIN, Unit

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Value:
    """A KPI's value before it is a KPI: `formula` is SQL over x1, x2, ... (the leaves), None for one leaf.

    `linear`: the formula adds and subtracts whole leaves only, so it adds over days where they do.
    `unit`: what it is counted in; of a KPI that another names, settled with the unit that it declares.
    """

    leaves: tuple[Leaf, ...]
    formula: str | None
    places: tuple[Place, ...]
    linear: bool = False
    unit: Unit = PLAIN

    def shaped(self, shape: Shape) -> Value:
        """The same value over other days of the period. Raises ValueError for a shape of a shape."""
        if any(leaf.shape != OWN for leaf in self.leaves):
            raise ValueError("is cumulative itself: a window of a window has no meaning")
        leaves = tuple(replace(leaf, shape=shape) for leaf in self.leaves)
        return replace(self, leaves=leaves, linear=False)

    def moved(self, offset: int, unit: str) -> Value:
        """The same value so many days or months before. Raises ValueError for a move of a move."""
        if any(leaf.offset for leaf in self.leaves):
            raise ValueError("looks back already: an offset of an offset is not read")
        leaves = tuple(replace(leaf, offset=offset, offset_unit=unit) for leaf in self.leaves)  # type: ignore[arg-type]
        return replace(self, leaves=leaves)


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
    return Value(tuple(leaves), whole, places, additive, unit)


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
