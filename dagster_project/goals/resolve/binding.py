"""Names of a goal looked up: which KPI, at which segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagster_project.goals.given import Slice
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.kpi.issues import Issue, suggest, suggest_kpi
from dagster_project.kpi.model import Definitions, Kpi
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.yamlnodes import Loc

TOTAL = "total"


@dataclass
class Binder:
    """`known`: every KPI by name; `declared`: the segments that the definitions name, {} for any."""

    written: Written[GoalSpec]
    known: Mapping[str, Kpi]
    declared: Mapping[str, set[str]]
    issues: list[Issue] = field(default_factory=list)

    def say(self, loc: Loc, message: str, hint: str = "") -> None:
        self.issues.append(self.written.issue(loc, message, hint))

    def hint(self, name: str) -> str:
        """What to write instead of a name that no KPI has."""
        return suggest_kpi(name, {kpi.name: kpi.formerly for kpi in self.known.values()})

    def is_old_name(self, name: str) -> bool:
        return any(name in kpi.formerly for kpi in self.known.values())

    def slice_of(self, name: str, kpi: Kpi, where: dict[str, str] | None, loc: Loc) -> Slice:
        """What `name` is read at: its own `where`, else the goal's, else the total."""
        place: Loc = (*loc, "where") if where is not None else ("where",)
        chosen = where if where is not None else self.written.spec.where
        if not chosen:
            return TOTAL, TOTAL
        (dimension, segment), *_ = chosen.items()
        if dimension not in kpi.dimensions:
            has = f"it has: {', '.join(kpi.dimensions)}" if kpi.dimensions else "it has none"
            hint = suggest(dimension, kpi.dimensions) or has
            self.say((*place, dimension), f"'{name}': KPI '{kpi.name}' has no dimension '{dimension}'", hint)
        declared = self.declared.get(dimension, set())
        if declared and segment not in declared:
            hint = suggest(segment, declared) or f"declared: {', '.join(sorted(declared))}"
            self.say((*place, dimension), f"'{name}': dimension '{dimension}' has no '{segment}'", hint)
        return dimension, segment


def binder_for(written: Written[GoalSpec], definitions: Definitions) -> Binder:
    declared: dict[str, set[str]] = {}
    for entity in definitions.entities:
        for dimension in entity.dimensions:
            names = {segment for segment, _ in dimension.values}
            declared[dimension.name] = declared.get(dimension.name, set()) | names
    return Binder(written, {kpi.name: kpi for kpi in definitions.kpis}, declared)
