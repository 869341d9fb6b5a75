"""KPIs, resolved: every operand a named measure of its own, so that no column is divided by itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dagster_project.kpi.expressions import ExpressionError, compile_expression
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import (
    GRAINS,
    Conversion,
    Entity,
    Kpi,
    Label,
    Leaf,
    Measure,
    Operand,
    Place,
    Shape,
    Source,
)
from dagster_project.kpi.resolve.hashes import entity_hashes
from dagster_project.kpi.resolve.measures import (
    ZERO_BY_DEFAULT,
    MeasureBuilder,
    Unresolvable,
    with_period_agg,
)
from dagster_project.kpi.resolve.values import Value, combined, parse_span
from dagster_project.kpi.resolve.words import in_words
from dagster_project.kpi.spec.base import Loc, Written, resolve_label
from dagster_project.kpi.spec.kpis import KpiSpec, MeasureSpec, OperandSpec

_UNITS = ("count", "percent", "days", "hours", "minutes", "score", "rate")
_KEYS_OF = {
    "numerator": "ratio",
    "denominator": "ratio",
    "basis": "ratio",
    "input_metrics": "derived",
    "input_metric": "cumulative",
    "grain_to_date": "cumulative",
    "base": "conversion",
    "conversion": "conversion",
    "match": "conversion",
}


def _place(measure: Measure) -> Place:
    return Place(measure.entity, measure.time)


@dataclass
class _Resolver:
    """Values by KPI name, found on demand, so that the order of definitions does not matter."""

    written: Mapping[str, Written[KpiSpec]]
    builder: MeasureBuilder
    values: dict[str, Value | None] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def fail(self, item: Written[KpiSpec], loc: Loc, message: str, hint: str = "") -> None:
        self.builder.fail(item, loc, message, hint)

    def value(self, item: Written[KpiSpec]) -> Value | None:
        """The value of a KPI; None where it can't be told, with the reason among the issues."""
        name = item.spec.name
        if name in self.path:
            cycle = " → ".join([*self.path[self.path.index(name) :], name])
            self.fail(item, (), f"is computed from itself: {cycle}", "break the cycle")
            return None
        if name not in self.values:
            self.path.append(name)
            try:
                self._check_keys(item)
                self.values[name] = getattr(self, f"_{item.spec.type}")(item)
            except Unresolvable:
                self.values[name] = None
            self.path.pop()
        return self.values[name]

    def _check_keys(self, item: Written[KpiSpec]) -> None:
        kind = item.spec.type
        for key, owner in _KEYS_OF.items():
            if kind != owner and getattr(item.spec, key):
                self.fail(item, (key,), f"'{key}' belongs to type {owner}", f"type: {owner}")
        if item.spec.window is not None and kind not in ("cumulative", "conversion"):
            self.fail(item, ("window",), "'window' belongs to type cumulative or conversion")
        if item.spec.scale != 1 and kind != "ratio":
            self.fail(item, ("scale",), "'scale' belongs to type ratio", "multiply in expr")
        if kind not in ("simple", "stock"):
            for key in ("agg", "filter", "having", "also_in", "spread"):
                if getattr(item.spec, key) is not None:
                    self.fail(item, (key,), f"'{key}' belongs to an operand", "{" + f"{key}: ..." + "}")
        if kind == "stock" and item.spec.time is None and item.spec.from_ is None:
            self.fail(
                item, (), "a stock is open from: until: (or through:), or a level with time: and series:"
            )
            raise Unresolvable
        if kind == "simple":
            for key in ("from_", "through", "until", "series", "carry", "period_agg"):
                if getattr(item.spec, key):
                    self.fail(
                        item, (key.rstrip("_"),), f"'{key.rstrip('_')}' belongs to type stock", "type: stock"
                    )
                    raise Unresolvable

    def _zero(self, item: Written[KpiSpec], measure: Measure) -> bool:
        if item.spec.when_no_data is not None:
            return item.spec.when_no_data == "zero"
        return measure.agg in ZERO_BY_DEFAULT

    def _of_measure(self, measure: Measure, zero: bool) -> Value:
        return Value((Leaf(Operand(measure, zero), None, 1.0),), None, (_place(measure),), linear=True)

    # --- types ----------------------------------------------------------------------------------------

    def _simple(self, item: Written[KpiSpec]) -> Value:
        spec = item.spec
        if spec.agg != "average":
            measure = self.builder.build(item, spec.name, spec, ())
            return self._of_measure(measure, self._zero(item, measure))
        if spec.when_no_data == "zero":
            self.fail(item, ("when_no_data",), "an average of nothing is no value, never 0", "remove it")
        # An average is a sum over the count of the very same non-null rows.
        total = self.builder.build(item, f"{spec.name}__sum", spec.model_copy(update={"agg": "sum"}), ())
        count = replace(total, name=f"{spec.name}__count", agg="count")
        return Value((Leaf(Operand(total, False), Operand(count, False), 1.0),), None, (_place(total),))

    def _stock(self, item: Written[KpiSpec]) -> Value:
        measure = self.builder.build(item, item.spec.name, item.spec, ())
        return self._of_measure(measure, self._zero(item, measure))

    def _ratio(self, item: Written[KpiSpec]) -> Value:
        spec = item.spec
        for key in ("expr",):
            if getattr(spec, key) is not None:
                self.fail(item, (key,), f"'{key}' belongs to an operand", "numerator: {" + key + ": ...}")
        if spec.when_no_data == "zero":
            self.fail(item, ("when_no_data",), "a ratio of nothing is no value, never 0", "remove it")
        sides: list[Value] = []
        for side in ("numerator", "denominator"):
            written = getattr(spec, side)
            if written is None:
                self.fail(item, (), f"{side} is missing", f"{side}: a KPI name, or {{agg: ..., filter: ...}}")
                continue
            try:
                sides.append(self._operand(item, side, written))
            except Unresolvable:
                continue
        if len(sides) != 2:
            raise Unresolvable
        above, below = sides
        self._check_basis(item, above, below)
        places = tuple(dict.fromkeys((*above.places, *below.places)))
        if above.formula is None and below.formula is None:
            top, bottom = above.leaves[0], below.leaves[0]
            if replace(top.numerator.measure, name="") == replace(bottom.numerator.measure, name=""):
                self.fail(item, (), "numerator and denominator are the same measure: the ratio is always 1")
            if top.denominator is None and bottom.denominator is None and top.shape == bottom.shape:
                return Value((replace(top, denominator=bottom.numerator, scale=spec.scale),), None, places)
        scale = "" if spec.scale == 1 else f"{spec.scale!r} * "
        return replace(combined(f"{scale}a / nullif(b, 0)", {"a": above, "b": below}, False), places=places)

    def _check_basis(self, item: Written[KpiSpec], above: Value, below: Value) -> None:
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
            self.fail(item, (), f"the sides are dated by {first} and {second}", hint)

    def _operand(self, item: Written[KpiSpec], side: str, written: OperandSpec) -> Value:
        if written.name is None:
            inherited = {
                key: getattr(item.spec, key)
                for key in ("entity", "time")
                if getattr(written, key) is None
                and (
                    key == "entity"
                    or (written.entity is None and not written.from_ and written.spread is None)
                )
            }
            spec = written.model_copy(update=inherited)
            measure = self.builder.build(item, f"{item.spec.name}__{side}", spec, (side,))
            return self._of_measure(measure, measure.agg in ZERO_BY_DEFAULT)
        value = self._named(item, written, (side,), f"{item.spec.name}__{side}")
        other = self.written[written.name].spec
        if value.leaves[0].denominator is not None or (value.formula is not None and other.type == "ratio"):
            what = "an average" if other.type == "simple" else f"a {other.type}"
            self.fail(
                item, (side,), f"KPI '{written.name}' is {what}: a mean of means is wrong", "use its operands"
            )
            raise Unresolvable
        return value

    def _named(self, item: Written[KpiSpec], written: OperandSpec, place: Loc, own_name: str) -> Value:
        """The value of the KPI that an operand names: narrowed, moved back, another of a stock's days."""
        for key in (
            "agg",
            "expr",
            "entity",
            "time",
            "spread",
            "having",
            "also_in",
            "from_",
            "until",
            "through",
        ):
            if getattr(written, key) is not None:
                self.fail(
                    item, (*place, key), f"'{key}' comes with KPI '{written.name}'", "remove it, or the name"
                )
        other = self.written.get(written.name or "")
        if other is None:
            hint = suggest(written.name or "", self.written)
            self.fail(item, place, f"unknown KPI '{written.name}'", hint)
            raise Unresolvable
        value = self.value(other)
        if value is None:
            raise Unresolvable  # what is wrong with it is told where it is defined
        if written.filter is not None:
            if other.spec.type != "simple" or other.spec.agg == "average":
                self.fail(item, (*place, "filter"), "only a simple KPI can be narrowed by a filter")
                raise Unresolvable
            base = MeasureSpec(**{name: getattr(other.spec, name) for name in MeasureSpec.model_fields})
            filters = [text for text in (other.spec.filter,) if text is not None]
            narrowed = base.model_copy(update={"filter": written.filter})
            measure = self.builder.build(item, own_name, narrowed, place, filters)
            value = self._of_measure(measure, measure.agg in ZERO_BY_DEFAULT)
        if written.period_agg is not None:
            stock = value.leaves[0].numerator.measure
            if stock.stock is None or value.formula is not None:
                self.fail(item, (*place, "period_agg"), f"KPI '{written.name}' is no stock")
                raise Unresolvable
            changed = with_period_agg(stock, written.period_agg, f"{stock.name}__{written.period_agg}")
            if written.period_agg == stock.stock.period_agg:
                changed = stock
            value = self._of_measure(changed, value.leaves[0].numerator.zero_when_empty)
        if written.offset_window is not None:
            try:
                value = value.moved(*parse_span(written.offset_window))
            except ValueError as error:
                self.fail(item, (*place, "offset_window"), str(error))
        return value

    def _derived(self, item: Written[KpiSpec]) -> Value:
        spec = item.spec
        if spec.expr is None:
            self.fail(item, (), "expr is missing", "expr: revenue - cost")
            raise Unresolvable
        given: dict[str, Value] = {}
        for index, written in enumerate(spec.input_metrics):
            place: Loc = ("input_metrics", index)
            alias = written.alias or written.name or ""
            if written.name is None:
                self.fail(item, place, "name is missing", "name a KPI")
                continue
            given[alias] = self._named(item, written, place, f"{spec.name}__{alias}")
        words = set(re.findall(r"[a-z_][a-z0-9_]*", re.sub(r"'[^']*'", "", spec.expr)))
        for name in sorted(words & self.written.keys() - given.keys() - {spec.name}):
            value = self.value(self.written[name])
            if value is None:
                raise Unresolvable
            given[name] = value
        if spec.name in words and spec.name not in given:
            self.fail(
                item, ("expr",), f"is computed from itself: {spec.name} → {spec.name}", "name other KPIs"
            )
            raise Unresolvable
        try:
            compiled = compile_expression(spec.expr, dict.fromkeys(given, "number"))
        except ExpressionError as error:
            unknown = re.search(r"unknown column '(\w+)'", str(error))
            message = f"unknown KPI '{unknown[1]}'" if unknown else str(error)
            hint = suggest(unknown[1], self.written) if unknown else error.hint
            self.fail(item, ("expr",), message, hint)
            raise Unresolvable from error
        used = {name: given[name] for name in given if name in compiled.columns}
        for name in given.keys() - used.keys():
            self.fail(item, ("input_metrics",), f"'{name}' is not used in expr", "remove it")
        linear = re.fullmatch(r"[a-z_][a-z0-9_]*(\s*[+-]\s*[a-z_][a-z0-9_]*)*", compiled.sql) is not None
        return combined(compiled.sql, used, linear)

    def _cumulative(self, item: Written[KpiSpec]) -> Value:
        spec = item.spec
        if spec.input_metric is None or spec.input_metric.name is None:
            self.fail(item, (), "input_metric is missing", "input_metric: revenue")
            raise Unresolvable
        if (spec.grain_to_date is None) == (spec.window is None):
            self.fail(item, (), "wants either grain_to_date: fiscal_year or window: 28 days")
            raise Unresolvable
        inner = self._named(item, spec.input_metric, ("input_metric",), f"{spec.name}__input")
        try:
            if spec.grain_to_date is not None:
                return inner.shaped(Shape("to_date", grain=spec.grain_to_date))
            size, unit = parse_span(spec.window or "")
            return inner.shaped(Shape(unit, size))  # type: ignore[arg-type]
        except ValueError as error:
            place = "window" if spec.window else "input_metric"
            self.fail(
                item,
                (place,),
                f"'{spec.input_metric.name}' {error}" if place == "input_metric" else str(error),
            )
            raise Unresolvable from error

    def _conversion(self, item: Written[KpiSpec]) -> Value:
        spec = item.spec
        sides: dict[str, Measure] = {}
        for side in ("base", "conversion"):
            written = getattr(spec, side)
            if written is None:
                self.fail(
                    item,
                    (),
                    f"{side} is missing",
                    f"{side}: a KPI that counts, or {{entity: ..., time: ...}}",
                )
                raise Unresolvable
            if written.name is None and written.agg is None:
                written = written.model_copy(update={"agg": "count"})
            value = self._operand(item, side, written)
            measure = value.leaves[0].numerator.measure
            if (
                value.formula is not None
                or measure.agg != "count"
                or measure.is_anew
                or measure.spread
                or measure.stock
            ):
                self.fail(item, (side,), "a conversion counts rows", "name a KPI with agg: count")
                raise Unresolvable
            sides[side] = measure
        base, other = sides["base"], sides["conversion"]
        if spec.match is None and base.entity != other.entity:
            hint = "name the column that both share: match: lead_id"
            self.fail(item, (), f"match is missing: {base.entity} and {other.entity} are two entities", hint)
        for measure in (base, other):
            entity = self.builder.entities[measure.entity]
            columns = [column.name for column in entity.columns]
            if spec.match is not None and spec.match not in columns:
                hint = suggest(spec.match, columns)
                self.fail(item, ("match",), f"entity '{entity.name}' has no column '{spec.match}'", hint)
        window: int | None = None
        if spec.window is None:
            self.fail(item, (), "window is missing", "window: 90 days, or none for ever")
        elif spec.window != "none":
            try:
                window, unit = parse_span(spec.window)
            except ValueError as error:
                self.fail(item, ("window",), str(error))
            else:
                if unit != "days":
                    self.fail(item, ("window",), "a conversion window is a number of days", "window: 90 days")
        converts = Conversion(other.entity, other.time, other.filter, spec.match, window, spec.allow_before)
        converted = replace(base, name=f"{spec.name}__converted", converts=converts)
        # Ever: nothing ripens, and every day may still change.
        ripens = "provisional" if window is None or spec.immature == "provisional" else "immature"
        places = (_place(base), Place(other.entity, other.time, window, ripens))  # type: ignore[arg-type]
        return Value((Leaf(Operand(converted, True), Operand(base, True), 1.0),), None, places)


def resolve_kpis(
    written: Sequence[tuple[str, Written[KpiSpec]]], entities: Sequence[Entity], sources: Sequence[Source]
) -> tuple[tuple[Kpi, ...], list[Issue]]:
    """All KPIs, from pairs of department and spec, in the order written; and every finding."""
    issues: list[Issue] = []
    by_name: dict[str, Written[KpiSpec]] = {}
    departments: dict[str, str] = {}
    for department, item in written:
        name = item.spec.name
        if name in by_name:
            first = by_name[name].where
            hint = "one definition for the whole company: rename one, or split it by a dimension"
            issues.append(item.issue((), f"defined twice, first at {first.file}:{first.line}", hint))
            continue
        if "__" in name:
            issues.append(
                item.issue(("name",), "'__' is kept for the measures of a KPI", "use one underscore")
            )
        by_name[name] = item
        departments[name] = department
    entities_by_name = {entity.name: entity for entity in entities}
    resolver = _Resolver(by_name, MeasureBuilder(entities_by_name, issues))
    hashes = entity_hashes(entities, sources)
    kpis = []
    for name, item in by_name.items():
        value = resolver.value(item)
        if value is not None:
            kpis.append(_kpi(item, departments[name], value, entities_by_name, hashes, issues))
    return tuple(kpis), issues


def _kpi(
    item: Written[KpiSpec],
    department: str,
    value: Value,
    entities: Mapping[str, Entity],
    hashes: Mapping[str, str],
    issues: list[Issue],
) -> Kpi:
    spec = item.spec
    measures = [
        operand.measure for leaf in value.leaves for operand in (leaf.numerator, leaf.denominator) if operand
    ]
    if spec.unit not in _UNITS and not (len(spec.unit) == 3 and spec.unit.isascii() and spec.unit.isupper()):
        hint = f"one of {', '.join(_UNITS)}, or a currency such as JPY"
        issues.append(item.issue(("unit",), f"unknown unit '{spec.unit}'", hint))
    direction = spec.direction
    if (direction.way is None) == (direction.within is None):
        issues.append(item.issue(("direction",), "direction is up, down or {within: [80%, 90%]}"))
    if spec.valid_from and spec.retired_on and spec.retired_on <= spec.valid_from:
        issues.append(item.issue(("retired_on",), "retired before it is valid"))
    content = (
        [(leaf.scale, leaf.shape, leaf.offset, leaf.offset_unit) for leaf in value.leaves],
        value.formula,
        [(replace(measure, name=""), hashes[measure.entity]) for measure in measures],
        [hashes[measure.converts.entity] for measure in measures if measure.converts],
        [
            operand.zero_when_empty
            for leaf in value.leaves
            for operand in (leaf.numerator, leaf.denominator)
            if operand
        ],
        (str(spec.valid_from), str(spec.retired_on)),
    )
    return Kpi(
        name=spec.name,
        label=resolve_label(spec.label, spec.name),
        description=resolve_label(spec.description, "") if spec.description else Label("", ""),
        type=spec.type,
        department=department,
        leaves=value.leaves,
        formula=value.formula,
        linear=value.linear,
        places=value.places,
        dimensions=_dimensions(item, [measure.entity for measure in measures], entities, issues),
        grains=tuple(grain for grain in GRAINS if spec.grains is None or grain in spec.grains),
        unit=spec.unit,
        direction=direction.way or "within",
        within=(direction.within[0], direction.within[1]) if direction.within else None,
        level=spec.level,
        funnel=spec.funnel,
        owner=spec.owner,
        valid_from=spec.valid_from,
        retired_on=spec.retired_on,
        accumulates=spec.accumulates,
        definition=in_words(spec, value),
        definition_hash=hashlib.sha256(repr(content).encode()).hexdigest()[:12],
        where=item.where,
    )


def _dimensions(
    item: Written[KpiSpec], names: Sequence[str], entities: Mapping[str, Entity], issues: list[Issue]
) -> tuple[str, ...]:
    sides = {name: [dimension.name for dimension in entities[name].dimensions] for name in names}
    shared = [name for name in next(iter(sides.values())) if all(name in others for others in sides.values())]
    if item.spec.dimensions is None:
        return tuple(shared)
    for name in item.spec.dimensions:
        if name not in shared:
            lacking = next(entity for entity, others in sides.items() if name not in others)
            hint = suggest(name, shared) or f"shared: {', '.join(shared) or 'none'}"
            issues.append(item.issue(("dimensions",), f"entity '{lacking}' has no dimension '{name}'", hint))
    return tuple(name for name in item.spec.dimensions if name in shared)
