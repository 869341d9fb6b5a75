"""Conversions: of the rows of a base, the share that came to something within a window."""

from __future__ import annotations

from dataclasses import replace

from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import ColumnType, Conversion, Leaf, Measure, Operand, Place
from dagster_project.kpi.resolve.column_units import alike
from dagster_project.kpi.resolve.measures import Unresolvable
from dagster_project.kpi.resolve.resolver import Resolver, place_of
from dagster_project.kpi.resolve.values import Value, parse_span
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.spec.kpis import KpiSpec
from dagster_project.kpi.units import ONE


def conversion(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    spec = item.spec
    sides: dict[str, Measure] = {}
    for side in ("base", "conversion"):
        written = getattr(spec, side)
        if written is None:
            resolver.fail(
                item,
                (),
                f"{side} is missing",
                f"{side}: a KPI that counts, or {{entity: ..., time: ...}}",
            )
            raise Unresolvable
        if written.name is None and written.agg is None:
            written = written.model_copy(update={"agg": "count"})
        value = resolver.operand(item, side, written)
        measure = value.leaves[0].numerator.measure
        if (
            value.formula is not None
            or measure.agg != "count"
            or measure.is_anew
            or measure.spread
            or measure.stock
        ):
            resolver.fail(item, (side,), "a conversion counts rows", "name a KPI with agg: count")
            raise Unresolvable
        sides[side] = measure
    base, other = sides["base"], sides["conversion"]
    if spec.match is None and base.entity != other.entity:
        hint = "name the column that both share: match: lead_id"
        resolver.fail(item, (), f"match is missing: {base.entity} and {other.entity} are two entities", hint)
    for measure in (base, other):
        entity = resolver.builder.entities[measure.entity]
        columns = [column.name for column in entity.columns]
        if (
            spec.match is not None
            and spec.match not in columns
            and entity.name not in resolver.builder.broken
        ):
            hint = suggest(spec.match, columns)
            resolver.fail(item, ("match",), f"entity '{entity.name}' has no column '{spec.match}'", hint)
    if spec.match is not None:
        kinds = [_type_of(resolver, measure, spec.match) for measure in (base, other)]
        if None not in kinds and not alike(*kinds):  # type: ignore[arg-type]
            message = f"'{spec.match}' is {kinds[0]} of {base.entity} and {kinds[1]} of {other.entity}"
            resolver.fail(item, ("match",), message, "they never match: cast one of them in its entity")
    window: int | None = None
    if spec.window is None:
        resolver.fail(item, (), "window is missing", "window: 90 days, or none for ever")
    elif spec.window != "none":
        try:
            window, unit = parse_span(spec.window)
        except ValueError as error:
            resolver.fail(item, ("window",), str(error))
        else:
            if unit != "days":
                resolver.fail(item, ("window",), "a conversion window is a number of days", "window: 90 days")
    converts = Conversion(other.entity, other.time, other.filter, spec.match, window, spec.allow_before)
    converted = replace(base, name=f"{spec.name}__converted", converts=converts)
    # Ever: nothing ripens, and every day may still change.
    ripens = "provisional" if window is None or spec.immature == "provisional" else "immature"
    places = (place_of(base), Place(other.entity, other.time, window, ripens))  # type: ignore[arg-type]
    return Value((Leaf(Operand(converted, True), Operand(base, True), 1.0),), None, places, unit=ONE)


def _type_of(resolver: Resolver, measure: Measure, column: str) -> ColumnType | None:
    columns = resolver.builder.entities[measure.entity].columns
    return next((item.type for item in columns if item.name == column), None)
