"""semantic_models: one for each entity that KPIs are measured on, its measures, dates and dimensions."""

from __future__ import annotations

from typing import Any

from dagster_project.kpi.compile.semantic.metrics import Metrics, kpi_meta
from dagster_project.kpi.compile.semantic.names import accepted
from dagster_project.kpi.compile.semantic.plain_sql import plain
from dagster_project.kpi.compile.semantic.rules import not_carried_kpis
from dagster_project.kpi.compile.shapes import segment
from dagster_project.kpi.model import Dimension, Entity, Measure


def semantic_model(entity: Entity, metrics: Metrics) -> dict[str, Any]:
    """The keys of one semantic model."""
    measures = [measure for measure in metrics.measures.values() if measure.entity == entity.name]
    keys: dict[str, Any] = {
        "label": f"{entity.label.ja} / {entity.label.en}",
        "model": f"ref('{entity.name}')",
        "primary_entity": accepted(entity.name),
        "dimensions": [*_times(entity), *_dimensions(entity)],
        "measures": [_measure(measure, metrics) for measure in measures],
    }
    lost = _not_carried(entity, metrics)
    if lost:
        keys["config"] = {"meta": {"kpi": {"not_carried": lost}}}
    return keys


def _times(entity: Entity) -> list[dict[str, Any]]:
    """The dates of record; a timestamp counts on its local date."""
    return [
        {
            "name": accepted(time.name),
            "type": "time",
            "expr": time.name if time.type == "date" else f"cast({time.name} as date)",
            "type_params": {"time_granularity": "day"},
        }
        for time in entity.times
    ]


def _dimensions(entity: Entity) -> list[dict[str, Any]]:
    """Segments are written as in our tables: as text, and (none) where a row has none."""
    times = {accepted(time.name) for time in entity.times}
    # Of two that become one name, the first; a date of record can't be a category as well.
    named = {accepted(dimension.name): dimension for dimension in reversed(entity.dimensions)}
    return [
        {
            "name": name,
            "type": "categorical",
            "expr": segment(dimension.column),
            "label": _label(dimension),
        }
        for name, dimension in reversed(named.items())
        if name not in times
    ]


def _label(dimension: Dimension) -> str:
    label = dimension.label
    return label.ja if label.ja == label.en else f"{label.ja} / {label.en}"


def _measure(measure: Measure, metrics: Metrics) -> dict[str, Any]:
    value = plain(measure.sql) if measure.sql else "1"
    keys: dict[str, Any] = {
        "name": metrics.measure_name(measure),
        "agg": measure.agg,
        "expr": f"case when {plain(measure.filter)} then {value} end" if measure.filter else value,
        "agg_time_dimension": accepted(measure.time),
    }
    if measure.agg == "percentile":
        keys["agg_params"] = {"percentile": measure.percentile, "use_discrete_percentile": False}
    return keys


def _not_carried(entity: Entity, metrics: Metrics) -> list[dict[str, Any]]:
    """KPIs of this entity that no metric can carry: what they say, and why."""
    reasons = not_carried_kpis(metrics.definitions)
    return [
        {"name": kpi.name, "reason": reasons[kpi.name], **kpi_meta(kpi)}
        for kpi in metrics.definitions.kpis
        if kpi.name in reasons and kpi.numerator.measure.entity == entity.name
    ]
