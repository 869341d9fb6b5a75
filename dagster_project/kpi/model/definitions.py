"""All definitions together."""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.kpi.model.entities import Entity
from dagster_project.kpi.model.kpis import Kpi
from dagster_project.kpi.model.settings import CalendarRules, ProjectSettings
from dagster_project.kpi.model.sources import Source


@dataclass(frozen=True)
class Definitions:
    """Everything in kpi_definitions/ but the goals (see dagster_project.goals)."""

    settings: ProjectSettings
    calendar: CalendarRules
    sources: tuple[Source, ...]
    entities: tuple[Entity, ...]  # in an order in which each comes after what it is made from
    kpis: tuple[Kpi, ...]

    def kpi(self, name: str) -> Kpi:
        return next(kpi for kpi in self.kpis if kpi.name == name)

    def entity(self, name: str) -> Entity:
        return next(entity for entity in self.entities if entity.name == name)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)
