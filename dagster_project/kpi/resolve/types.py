"""The types of KPIs that are one formula over operands: simple, stock, ratio, derived, cumulative."""

from __future__ import annotations

import re
from dataclasses import replace

from dagster_project.kpi.expression_types import ExpressionError
from dagster_project.kpi.expressions import compile_expression, is_quotient
from dagster_project.kpi.model import Leaf, Measure, Operand, Shape
from dagster_project.kpi.resolve.keys import keys_of_operand
from dagster_project.kpi.resolve.measures import ZERO_BY_DEFAULT, Unresolvable
from dagster_project.kpi.resolve.resolver import Resolver, of_measure, place_of
from dagster_project.kpi.resolve.values import Value, combined, lacking_of, parse_span
from dagster_project.kpi.spec.base import Loc, Written
from dagster_project.kpi.spec.kpis import KpiSpec
from dagster_project.kpi.units import CONSTANT, COUNT, PLAIN, Unit, UnitError

CARRIED = ("min", "max", "median", "percentile", "only")


def _zero(item: Written[KpiSpec], measure: Measure) -> bool:
    if item.spec.when_no_data is not None:
        return item.spec.when_no_data == "zero"
    return measure.agg in ZERO_BY_DEFAULT


def simple(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    spec = item.spec
    if spec.agg != "average":
        measure = resolver.builder.build(item, spec.name, spec, ())
        if spec.when_no_data == "carry" and measure.agg not in CARRIED:
            hint = "zero is what a count or a sum of nothing is"
            resolver.fail(item, ("when_no_data",), f"a {measure.agg} that is carried is counted again", hint)
        return of_measure(measure, _zero(item, measure), carries=spec.when_no_data == "carry")
    if spec.when_no_data == "zero":
        resolver.fail(item, ("when_no_data",), "an average of nothing is no value, never 0", "remove it")
    carries = spec.when_no_data == "carry"
    if is_quotient(spec.expr or ""):
        hint = "type: ratio, with the sum of each side as numerator and denominator"
        message = "a mean of quotients weighs every row alike: that is no rate"
        resolver.fail(item, ("expr",), message, hint)
    # An average is a sum over the count of the very same non-null rows.
    total = resolver.builder.build(item, f"{spec.name}__sum", spec.model_copy(update={"agg": "sum"}), ())
    count = replace(total, name=f"{spec.name}__count", agg="count")
    leaf = Leaf(Operand(total, False, carries), Operand(count, False, carries), 1.0)
    return Value((leaf,), None, (place_of(total),), unit=total.unit.over(COUNT))


def stock(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    measure = resolver.builder.build(item, item.spec.name, item.spec, ())
    if item.spec.when_no_data == "carry":
        hint = "carry: 7 days, of a level with series:"
        resolver.fail(item, ("when_no_data",), "a level is carried by its own key", hint)
    return of_measure(measure, _zero(item, measure))


def ratio(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    spec = item.spec
    sides: list[Value] = []
    for side in ("numerator", "denominator"):
        written = getattr(spec, side)
        if written is None:
            resolver.fail(item, (), f"{side} is missing", f"{side}: a KPI name, or {{agg: ..., filter: ...}}")
            continue
        try:
            sides.append(resolver.operand(item, side, written))
        except Unresolvable:
            continue
    if len(sides) != 2:
        raise Unresolvable
    above, below = sides
    unit = _quotient(resolver, item, above, below)
    _check_basis(resolver, item, above, below)
    places = tuple(dict.fromkeys((*above.places, *below.places)))
    if above.formula is None and below.formula is None:
        top, bottom = above.leaves[0], below.leaves[0]
        same = replace(top.numerator.measure, name="") == replace(bottom.numerator.measure, name="")
        same_days = _days(top) == _days(bottom)
        if same and same_days:
            resolver.fail(item, (), "numerator and denominator are the same measure: the ratio is always 1")
        # Sides over other days have no row of sums in common.
        if top.denominator is None and bottom.denominator is None and same_days:
            leaf = replace(top, denominator=bottom.numerator, scale=spec.scale)
            return Value((leaf,), None, places, unit=unit, lacking=lacking_of(above, below))
    scale = "" if spec.scale == 1 else f"{spec.scale!r} * "
    return replace(combined(f"{scale}a / nullif(b, 0)", {"a": above, "b": below}, False, unit), places=places)


def _days(leaf: Leaf) -> tuple[Shape, int, str]:
    return leaf.shape, leaf.offset, leaf.offset_unit


def _quotient(resolver: Resolver, item: Written[KpiSpec], above: Value, below: Value) -> Unit:
    scale = item.spec.scale
    if scale != 1 and item.spec.unit == "percent":
        hint = "remove scale: 0.2 is shown as 20 %"
        resolver.fail(item, ("scale",), "a percent is stored as a fraction", hint)
    try:
        unit = above.unit.over(below.unit)
    except UnitError as error:
        resolver.fail(item, (), str(error), error.hint)
        return PLAIN
    return unit if scale == 1 else unit.times(CONSTANT)


def _check_basis(resolver: Resolver, item: Written[KpiSpec], above: Value, below: Value) -> None:
    dated = [
        {
            (o.measure.entity, o.measure.time)
            for leaf in side.leaves
            for o in (leaf.numerator,)
            if not o.measure.stock
        }
        for side in (above, below)
    ]
    if item.spec.basis is None and all(dated) and dated[0] != dated[1]:
        first, second = (" and ".join(sorted(f"{e}.{t}" for e, t in side)) for side in dated)
        hint = "write basis: period if both are meant of the same period"
        resolver.fail(item, (), f"the sides are dated by {first} and {second}", hint)


def derived(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    spec = item.spec
    if spec.expr is None:
        resolver.fail(item, (), "expr is missing", "expr: revenue - cost")
        raise Unresolvable
    given: dict[str, Value] = {}
    for index, written in enumerate(spec.input_metrics):
        place: Loc = ("input_metrics", index)
        alias = written.alias or written.name or ""
        if written.name is None:
            resolver.fail(item, place, "name is missing", "name a KPI")
            continue
        for finding in keys_of_operand(written, place, in_formula=True):
            resolver.fail(item, *finding)
        if alias in given or (written.alias and alias in resolver.written):
            message = f"'{alias}' stands for two KPIs"
            resolver.fail(item, (*place, "alias"), message, "choose an alias that no KPI has")
            continue
        given[alias] = resolver.named(item, written, place, f"{spec.name}__{alias}")
    words = set(re.findall(r"[a-z_][a-z0-9_]*", re.sub(r"'[^']*'", "", spec.expr)))
    for name in sorted(words & resolver.written.keys() - given.keys() - {spec.name}):
        value = resolver.value(resolver.written[name])
        if value is None:
            raise Unresolvable
        given[name] = value
    if words & resolver.builder.broken - given.keys() - resolver.written.keys():
        raise Unresolvable
    if spec.name in words and spec.name not in given:
        resolver.fail(
            item, ("expr",), f"is computed from itself: {spec.name} → {spec.name}", "name other KPIs"
        )
        raise Unresolvable
    try:
        compiled = compile_expression(
            spec.expr,
            dict.fromkeys(given, "number"),
            units={name: value.unit for name, value in given.items()},
        )
    except ExpressionError as error:
        unknown = re.search(r"unknown column '(\w+)'", str(error))
        message = f"unknown KPI '{unknown[1]}'" if unknown else str(error)
        hint = resolver.hint(unknown[1]) if unknown else error.hint
        resolver.fail(item, ("expr",), message, hint)
        raise Unresolvable from error
    used = {name: given[name] for name in given if name in compiled.columns}
    for name in given.keys() - used.keys():
        resolver.fail(item, ("input_metrics",), f"'{name}' is not used in expr", "remove it")
    linear = re.fullmatch(r"[a-z_][a-z0-9_]*(\s*[+-]\s*[a-z_][a-z0-9_]*)*", compiled.sql) is not None
    return combined(compiled.sql, used, linear, compiled.unit)


def cumulative(resolver: Resolver, item: Written[KpiSpec]) -> Value:
    spec = item.spec
    if spec.input_metric is None or spec.input_metric.name is None:
        resolver.fail(item, (), "input_metric is missing", "input_metric: revenue")
        raise Unresolvable
    if (spec.grain_to_date is None) == (spec.window is None):
        resolver.fail(item, (), "wants either grain_to_date: fiscal_year or window: 28 days")
        raise Unresolvable
    for finding in keys_of_operand(spec.input_metric, ("input_metric",), in_formula=False):
        resolver.fail(item, *finding)
    inner = resolver.named(item, spec.input_metric, ("input_metric",), f"{spec.name}__input")
    stock = inner.leaves[0].numerator.measure.stock
    is_level = inner.formula is None and inner.leaves[0].denominator is None and stock is not None
    if is_level and stock is not None and stock.period_agg in ("last", "opening"):
        name = spec.input_metric.name
        hint = f"its mean over the span is input_metric: {{name: {name}, period_agg: average}}"
        message = f"'{name}' is a stock: a level is not added up over days"
        resolver.fail(item, ("input_metric",), message, hint)
    try:
        if spec.grain_to_date is not None:
            return inner.shaped(Shape("to_date", grain=spec.grain_to_date))
        size, unit = parse_span(spec.window or "")
        return inner.shaped(Shape(unit, size))  # type: ignore[arg-type]
    except ValueError as error:
        place = "window" if spec.window else "input_metric"
        resolver.fail(
            item,
            (place,),
            f"'{spec.input_metric.name}' {error}" if place == "input_metric" else str(error),
        )
        raise Unresolvable from error
