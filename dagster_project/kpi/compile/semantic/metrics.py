"""metrics: one for each KPI that they can carry, and one for each of its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dagster_project.kpi.compile.semantic.names import accepted
from dagster_project.kpi.compile.semantic.rules import dimensions_carried, not_carried
from dagster_project.kpi.model import OWN, Definitions, Kpi, Label, Leaf, Measure, Operand


@dataclass
class Metrics:
    """The metrics of a company. `parts`: KPI or part → the file's keys; `measures`: those they read."""

    definitions: Definitions
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    departments: dict[str, list[str]] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._elements = _elements(self.definitions)
        self._measure_names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._kpi_names: dict[str, str] = {}
        for kpi in self.definitions.kpis:
            self._kpi_names[kpi.name] = accepted(kpi.name, self._taken)
            self._taken.add(self._kpi_names[kpi.name])
        self._parts: dict[tuple[Any, ...], str] = {}
        self._labels: set[str] = set()
        carried = [
            kpi for kpi in self.definitions.kpis if not_carried(kpi, self.definitions.calendar) is None
        ]
        # What a KPI says on its own bears the KPI's name wherever it is a part of another.
        for kpi in carried:
            if kpi.formula is None and not kpi.leaves[0].offset:
                self._parts.setdefault(_identity(kpi.leaves[0]), self._kpi_names[kpi.name])
        for kpi in carried:
            self._kpi(kpi)

    def measure_name(self, measure: Measure) -> str:
        """The measure's name; unlike metrics, measures share their names with entities and dimensions."""
        if measure.name not in self._measure_names:
            name = accepted(measure.name, self._elements)
            self._measure_names[measure.name] = name
            self._elements.add(name)
        return self._measure_names[measure.name]

    def metric_name(self, kpi: str) -> str | None:
        """The metric that a KPI became; None where it could not."""
        name = self._kpi_names[kpi]
        return name if name in self.written else None

    # --- metrics ------------------------------------------------------------------------------------------

    def _kpi(self, kpi: Kpi) -> None:
        name = self._kpi_names[kpi.name]
        if kpi.formula is None and not kpi.leaves[0].offset:
            kind = self._of_leaf(kpi, kpi.leaves[0])
        else:
            kind = self._of_formula(kpi)
        description = _both(kpi.description) or kpi.definition
        self._write(kpi, name, self._label(_both(kpi.label), name), description, kind, _meta(kpi, self))

    def _of_formula(self, kpi: Kpi) -> dict[str, Any]:
        inputs, words = [], {}
        for number, leaf in enumerate(kpi.leaves, start=1):
            part = self._part(kpi, leaf)
            given: dict[str, Any] = {"name": part}
            words[f"x{number}"] = part
            if leaf.offset:
                words[f"x{number}"] = given["alias"] = f"{part}_{leaf.offset}_{leaf.offset_unit}_before"
                given["offset_window"] = f"{leaf.offset} {leaf.offset_unit}"
            inputs.append(given)
        formula = re.sub(r"\bx\d+\b", lambda found: words[found[0]], kpi.formula or "x1")
        return {"type": "derived", "type_params": {"expr": formula, "metrics": inputs}}

    def _of_leaf(self, kpi: Kpi, leaf: Leaf) -> dict[str, Any]:
        if leaf.denominator is None:
            return self._of_operand(leaf.numerator, leaf)
        above = self._part(kpi, Leaf(leaf.numerator, None, 1.0, leaf.shape))
        below = self._part(kpi, Leaf(leaf.denominator, None, 1.0, leaf.shape))
        if leaf.scale == 1:
            sides = {"numerator": {"name": above}, "denominator": {"name": below}}
            return {"type": "ratio", "type_params": sides}
        formula = f"{leaf.scale!r} * {above} / nullif({below}, 0)"
        return {
            "type": "derived",
            "type_params": {"expr": formula, "metrics": [{"name": above}, {"name": below}]},
        }

    def _of_operand(self, operand: Operand, leaf: Leaf) -> dict[str, Any]:
        measure: dict[str, Any] = {"name": self.measure_name(operand.measure)}
        self.measures[operand.measure.name] = operand.measure
        if operand.zero_when_empty:
            measure["fill_nulls_with"] = 0
        if leaf.shape == OWN:
            return {"type": "simple", "type_params": {"measure": measure}}
        if leaf.shape.unit == "to_date":
            grain = {"fiscal_year": "year"}.get(str(leaf.shape.grain), leaf.shape.grain)
            over = {"grain_to_date": grain}
        else:
            over = {"window": f"{leaf.shape.size} {leaf.shape.unit}"}
        params = {"measure": measure, "cumulative_type_params": {**over, "period_agg": "last"}}
        return {"type": "cumulative", "type_params": params}

    def _part(self, kpi: Kpi, leaf: Leaf) -> str:
        """The metric of a leaf, written where no KPI is that leaf."""
        identity = _identity(leaf)
        if identity not in self._parts:
            wanted = leaf.numerator.measure.name if leaf.denominator is None else f"{kpi.name}_part"
            if leaf.shape != OWN:
                wanted += f"_{leaf.shape.name}"
            name = accepted(wanted, self._taken)
            self._taken.add(name)
            self._parts[identity] = name
            meta = {"kpi": {"part_of": kpi.name}}
            self._write(kpi, name, self._label(name, name), "", self._of_leaf(kpi, leaf), meta)
        return self._parts[identity]

    def _write(
        self, kpi: Kpi, name: str, label: str, description: str, kind: dict[str, Any], meta: dict[str, Any]
    ) -> None:
        keys: dict[str, Any] = {"label": label}
        if description:
            keys["description"] = description
        self.written[name] = {**keys, **kind, "config": {"meta": meta}}
        self.departments.setdefault(kpi.department, []).append(name)

    def _label(self, label: str, name: str) -> str:
        """Labels must differ from one another."""
        found = label if label not in self._labels else f"{label} ({name})"
        self._labels.add(found)
        return found


def _identity(leaf: Leaf) -> tuple[Any, ...]:
    return (leaf.numerator, leaf.denominator, leaf.scale, leaf.shape)


def _both(label: Label) -> str:
    return label.ja if label.ja == label.en else f"{label.ja} / {label.en}"


def _elements(definitions: Definitions) -> set[str]:
    found = set()
    for entity in definitions.entities:
        found |= {accepted(entity.name)}
        found |= {accepted(time.name) for time in entity.times}
        found |= {accepted(dimension.name) for dimension in entity.dimensions}
    return found


def kpi_meta(kpi: Kpi) -> dict[str, Any]:
    """What a definition says and a metric has no key for."""
    meta: dict[str, Any] = {
        "department": kpi.department,
        "type": kpi.type,
        "definition": kpi.definition,
        "unit": kpi.unit,
        "direction": list(kpi.within) if kpi.within else kpi.direction,
        "level": kpi.level,
        "funnel": kpi.funnel,
        "owner": kpi.owner,
        "grains": list(kpi.grains),
        "accumulates": kpi.accumulates or None,
        "valid_from": kpi.valid_from and kpi.valid_from.isoformat(),
        "retired_on": kpi.retired_on and kpi.retired_on.isoformat(),
        "formerly": list(kpi.formerly) or None,
    }
    return {key: value for key, value in meta.items() if value is not None}


def _meta(kpi: Kpi, metrics: Metrics) -> dict[str, Any]:
    meta = kpi_meta(kpi)
    lost = [name for name in kpi.dimensions if name not in dimensions_carried(kpi, metrics.definitions)]
    if lost:
        meta["dimensions_of_both_sides"] = lost
    return {"kpi": meta}
