"""A KPI's definition as one readable line, for the catalogue."""

from __future__ import annotations

from dagster_project.kpi.model import Measure
from dagster_project.kpi.resolve.values import Value
from dagster_project.kpi.spec.kpis import KpiSpec


def in_words(spec: KpiSpec, value: Value) -> str:
    """The formula as one readable line."""
    if spec.type == "derived":
        moved = [
            f"{i.alias or i.name} = {i.name} {i.offset_window} before"
            for i in spec.input_metrics
            if i.offset_window
        ]
        return (spec.expr or "") + (f" ({'; '.join(moved)})" if moved else "")
    if spec.type == "cumulative" and spec.input_metric is not None:
        span = f"{spec.grain_to_date} to date" if spec.grain_to_date else f"last {spec.window}"
        return f"{spec.input_metric.name}, {span}"
    if value.formula is not None:
        sides = (spec.numerator, spec.denominator)
        return " / ".join((side.name if side else None) or "(written out)" for side in sides)
    leaf = value.leaves[0]
    top = _measure_in_words(leaf.numerator.measure)
    if leaf.denominator is None:
        return top
    scale = "" if leaf.scale == 1 else f"{leaf.scale:.10g} * "
    return f"{scale}{top} / {_measure_in_words(leaf.denominator.measure)}"


def _measure_in_words(measure: Measure) -> str:
    inner = measure.sql or "*"
    call = f"{measure.agg}({inner})" if measure.agg != "count_distinct" else f"count(distinct {inner})"
    condition = f" where {measure.filter}" if measure.filter else ""
    if measure.having:
        condition += f" having {measure.having}"
    if measure.also_in:
        condition += f" also in the {measure.also_in.replace('_', ' ')}"
    dated = f"[{measure.entity}.{measure.time}]"
    if measure.stock is not None and measure.stock.end is not None:
        word = "through" if measure.stock.end_is_in else "until"
        stock = measure.stock
        dated = f"[{measure.entity} open {stock.start} {word} {stock.end}, {stock.period_agg}]"
    if measure.converts is not None:
        c = measure.converts
        window = "ever" if c.window is None else f"within {c.window} days"
        condition += f" that came to {c.entity}.{c.time} {window}"
    return f"{call}{condition} {dated}".replace("{{ ", "").replace(" }}", "").replace('"', "")
