"""The resolved definitions: frozen, typed, every name looked up. Everything downstream sees only these."""

from dagster_project.kpi.model.definitions import Definitions
from dagster_project.kpi.model.entities import Dimension, Entity, EntityColumn, EntityInput, Lookup, Time
from dagster_project.kpi.model.kpis import OWN, Kpi, KpiType, Leaf, Place, Shape
from dagster_project.kpi.model.measures import (
    Aggregation,
    Conversion,
    Measure,
    Operand,
    PeriodAgg,
    Spread,
    Stock,
)
from dagster_project.kpi.model.settings import CalendarRules, LintLimits, ProjectSettings
from dagster_project.kpi.model.sources import Covers, Format, Rates, Source, SourceColumn, Version
from dagster_project.kpi.model.words import GRAINS, SQL_TYPES, ColumnType, Grain, Label, Where

__all__ = [
    "Aggregation",
    "CalendarRules",
    "ColumnType",
    "Conversion",
    "Covers",
    "Definitions",
    "Dimension",
    "Entity",
    "EntityColumn",
    "EntityInput",
    "Format",
    "GRAINS",
    "Grain",
    "Kpi",
    "KpiType",
    "Label",
    "Leaf",
    "LintLimits",
    "Lookup",
    "Measure",
    "OWN",
    "Operand",
    "PeriodAgg",
    "Place",
    "ProjectSettings",
    "Rates",
    "SQL_TYPES",
    "Shape",
    "Source",
    "SourceColumn",
    "Spread",
    "Stock",
    "Time",
    "Version",
    "Where",
]
