"""KPIs, resolved: every operand a named measure of its own, so that no column is divided by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dagster_project.kpi.expressions import NUMERIC, ExpressionError, compile_expression, compile_filter
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import GRAINS, Aggregation, Entity, Kpi, Label, Measure, Operand, Source
from dagster_project.kpi.resolve.hashes import entity_hashes
from dagster_project.kpi.spec.base import Loc, Written, resolve_label
from dagster_project.kpi.spec.kpis import KpiSpec, OperandSpec

_UNITS = ("count", "percent", "days", "hours", "minutes", "score", "rate")
_ZERO_BY_DEFAULT: frozenset[Aggregation] = frozenset({"count", "count_distinct", "sum"})


class _Unresolvable(Exception):
    """This KPI can't be resolved further; what is wrong is already among the issues."""


@dataclass
class _Resolver:
    written: Mapping[str, Written[KpiSpec]]
    departments: Mapping[str, str]
    entities: Mapping[str, Entity]
    hashes: Mapping[str, str]
    issues: list[Issue]

    def fail(self, item: Written[KpiSpec], loc: Loc, message: str, hint: str = "") -> None:
        self.issues.append(item.issue(loc, message, hint))

    # --- measures -------------------------------------------------------------------------------------

    def measure(
        self, item: Written[KpiSpec], name: str, spec: OperandSpec, place: Loc, filters: Sequence[str] = ()
    ) -> Measure:
        """The measure that `spec` writes out, under `name`; `filters` narrow it further."""
        entity = self._entity(item, spec, place)
        time = self._time(item, spec, entity, place)
        if spec.agg is None:
            self.fail(item, place, "agg is missing", "count, sum, average, count_distinct, min or max")
            raise _Unresolvable
        scope = {column.name: column.type for column in entity.columns if not column.pii}
        sql = kind = None
        if spec.expr is not None:
            try:
                compiled = compile_expression(spec.expr, scope)
                sql, kind = compiled.sql, compiled.type
            except ExpressionError as error:
                self.fail(item, (*place, "expr"), str(error), error.hint)
        elif spec.agg != "count":
            self.fail(item, place, f"agg {spec.agg} needs expr", "name the column that is aggregated")
            raise _Unresolvable
        if kind is not None and spec.agg in ("sum", "average", "min", "max") and kind not in NUMERIC:
            self.fail(item, (*place, "expr"), f"{spec.agg} of a {kind}: '{spec.expr}' is not a number")
        parts = []
        for text in (*filters, *([spec.filter] if spec.filter is not None else [])):
            try:
                parts.append(compile_filter(text, scope).sql)
            except ExpressionError as error:
                self.fail(item, (*place, "filter"), str(error), error.hint)
        condition = parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts) or None
        agg: Aggregation = spec.agg
        if agg == "count_distinct" and (sql,) == entity.key:
            agg = "count"  # a key is distinct already, and a plain count adds over days
        return Measure(name, entity.name, time, agg, sql, condition)

    def _entity(self, item: Written[KpiSpec], spec: OperandSpec, place: Loc) -> Entity:
        if spec.entity is None:
            self.fail(item, place, "entity is missing", "name the table it is measured on")
            raise _Unresolvable
        if spec.entity not in self.entities:
            hint = suggest(spec.entity, self.entities)
            self.fail(item, (*place, "entity"), f"unknown entity '{spec.entity}'", hint)
            raise _Unresolvable
        return self.entities[spec.entity]

    def _time(self, item: Written[KpiSpec], spec: OperandSpec, entity: Entity, place: Loc) -> str:
        known = [time.name for time in entity.times]
        time = spec.time or entity.default_time
        if time is None:
            choices = ", ".join(known) or "none is declared"
            self.fail(item, place, "time, the date of record, is missing", f"{entity.name} has: {choices}")
            raise _Unresolvable
        if time not in known:
            hint = suggest(time, known) or f"{entity.name} has: {', '.join(known)}"
            self.fail(item, (*place, "time"), f"'{time}' is no date of record of {entity.name}", hint)
            raise _Unresolvable
        return time

    # --- operands -------------------------------------------------------------------------------------

    def simple(self, item: Written[KpiSpec]) -> tuple[Operand, Operand | None, tuple[Measure, ...]]:
        spec = item.spec
        for key in ("numerator", "denominator", "basis"):
            if getattr(spec, key) is not None:
                self.fail(item, (key,), f"'{key}' belongs to type ratio", "type: ratio")
        if spec.scale != 1:
            self.fail(item, ("scale",), "'scale' belongs to type ratio", "multiply in expr")
        written = OperandSpec(
            agg=spec.agg, expr=spec.expr, filter=spec.filter, entity=spec.entity, time=spec.time
        )
        if spec.agg != "average":
            measure = self.measure(item, spec.name, written, ())
            zero = (
                measure.agg in _ZERO_BY_DEFAULT if spec.when_no_data is None else spec.when_no_data == "zero"
            )
            return Operand(measure, zero), None, (measure,)
        if spec.when_no_data == "zero":
            self.fail(item, ("when_no_data",), "an average of nothing is no value, never 0", "remove it")
        # An average is a sum over the count of the very same non-null rows.
        total = self.measure(item, f"{spec.name}__sum", written.model_copy(update={"agg": "sum"}), ())
        count = Measure(f"{spec.name}__count", total.entity, total.time, "count", total.sql, total.filter)
        return Operand(total, False), Operand(count, False), (total, count)

    def ratio(self, item: Written[KpiSpec]) -> tuple[Operand, Operand | None, tuple[Measure, ...]]:
        spec = item.spec
        for key in ("agg", "expr", "filter"):
            if getattr(spec, key) is not None:
                self.fail(item, (key,), f"'{key}' belongs to an operand", "numerator: {" + key + ": ...}")
        if spec.when_no_data == "zero":
            self.fail(item, ("when_no_data",), "a ratio of nothing is no value, never 0", "remove it")
        sides = []
        own: list[Measure] = []
        for side in ("numerator", "denominator"):
            written = getattr(spec, side)
            if written is None:
                self.fail(item, (), f"{side} is missing", f"{side}: a KPI name, or {{agg: ..., filter: ...}}")
                continue
            try:
                measure = self._operand(item, side, written)
            except _Unresolvable:
                continue
            if measure.name.startswith(f"{spec.name}__"):
                own.append(measure)
            sides.append(Operand(measure, measure.agg in _ZERO_BY_DEFAULT))
        if len(sides) != 2:
            raise _Unresolvable
        first, second = (side.measure for side in sides)
        if (first.entity, first.time) != (second.entity, second.time) and spec.basis is None:
            self.fail(
                item,
                (),
                f"the sides are dated by {first.entity}.{first.time} and {second.entity}.{second.time}",
                "write basis: period if both are meant of the same period",
            )
        if first == second or (first.agg, first.sql, first.filter, first.entity, first.time) == (
            second.agg,
            second.sql,
            second.filter,
            second.entity,
            second.time,
        ):
            self.fail(item, (), "numerator and denominator are the same measure: the ratio is always 1")
        return sides[0], sides[1], tuple(own)

    def _operand(self, item: Written[KpiSpec], side: str, written: OperandSpec) -> Measure:
        own_name = f"{item.spec.name}__{side}"
        if written.name is None:
            inherited = {
                key: getattr(item.spec, key)
                for key in ("entity", "time")
                if getattr(written, key) is None and (key == "entity" or written.entity is None)
            }
            return self.measure(item, own_name, written.model_copy(update=inherited), (side,))
        for key in ("agg", "expr", "entity", "time"):
            if getattr(written, key) is not None:
                self.fail(
                    item, (side, key), f"'{key}' comes with KPI '{written.name}'", "remove it, or the name"
                )
        other = self.written.get(written.name)
        if other is None:
            self.fail(item, (side,), f"unknown KPI '{written.name}'", suggest(written.name, self.written))
            raise _Unresolvable
        if other.spec.type != "simple" or other.spec.agg == "average":
            what = "an average" if other.spec.type == "simple" else f"a {other.spec.type}"
            self.fail(
                item, (side,), f"KPI '{written.name}' is {what}: a mean of means is wrong", "use its operands"
            )
            raise _Unresolvable
        base = OperandSpec(
            agg=other.spec.agg,
            expr=other.spec.expr,
            filter=written.filter,
            entity=other.spec.entity,
            time=other.spec.time,
        )
        if written.filter is None:
            quiet = _Resolver(self.written, self.departments, self.entities, self.hashes, [])
            return quiet.measure(
                other, other.spec.name, base.model_copy(update={"filter": other.spec.filter}), ()
            )
        filters = [other.spec.filter] if other.spec.filter is not None else []
        return self.measure(item, own_name, base, (side,), filters)

    # --- the whole ------------------------------------------------------------------------------------

    def resolve(self, item: Written[KpiSpec]) -> Kpi | None:
        spec = item.spec
        try:
            numerator, denominator, own = self.simple(item) if spec.type == "simple" else self.ratio(item)
        except _Unresolvable:
            return None
        measures = [numerator.measure, *([denominator.measure] if denominator else [])]
        dimensions = self._dimensions(item, [measure.entity for measure in measures])
        if spec.unit not in _UNITS and not (
            len(spec.unit) == 3 and spec.unit.isascii() and spec.unit.isupper()
        ):
            known = ", ".join(_UNITS)
            self.fail(
                item, ("unit",), f"unknown unit '{spec.unit}'", f"one of {known}, or a currency such as JPY"
            )
        direction = spec.direction
        if (direction.way is None) == (direction.within is None):
            self.fail(item, ("direction",), "direction is up, down or {within: [80%, 90%]}")
        if spec.valid_from and spec.retired_on and spec.retired_on <= spec.valid_from:
            self.fail(item, ("retired_on",), "retired before it is valid")
        label = resolve_label(spec.label, spec.name)
        content = (
            spec.type,
            spec.scale,
            [(m.entity, m.time, m.agg, m.sql, m.filter, self.hashes[m.entity]) for m in measures],
            [side.zero_when_empty for side in (numerator, denominator) if side],
            (str(spec.valid_from), str(spec.retired_on)),
        )
        return Kpi(
            name=spec.name,
            label=label,
            description=resolve_label(spec.description, "") if spec.description else Label("", ""),
            type=spec.type,
            department=self.departments[spec.name],
            numerator=numerator,
            denominator=denominator,
            scale=spec.scale,
            dimensions=dimensions,
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
            definition=_in_words(spec, numerator, denominator),
            definition_hash=hashlib.sha256(repr(content).encode()).hexdigest()[:12],
            measures=own,
            where=item.where,
        )

    def _dimensions(self, item: Written[KpiSpec], entities: Sequence[str]) -> tuple[str, ...]:
        sides = {name: [dimension.name for dimension in self.entities[name].dimensions] for name in entities}
        shared = [
            name for name in next(iter(sides.values())) if all(name in names for names in sides.values())
        ]
        if item.spec.dimensions is None:
            return tuple(shared)
        for name in item.spec.dimensions:
            if name not in shared:
                lacking = next(entity for entity, names in sides.items() if name not in names)
                hint = suggest(name, shared) or f"shared: {', '.join(shared) or 'none'}"
                self.fail(item, ("dimensions",), f"entity '{lacking}' has no dimension '{name}'", hint)
        return tuple(name for name in item.spec.dimensions if name in shared)


def _in_words(spec: KpiSpec, numerator: Operand, denominator: Operand | None) -> str:
    def words(measure: Measure) -> str:
        inner = measure.sql or "*"
        call = f"{measure.agg}({inner})" if measure.agg != "count_distinct" else f"count(distinct {inner})"
        condition = f" where {measure.filter}" if measure.filter else ""
        return f"{call}{condition} [{measure.entity}.{measure.time}]".replace("{{ ", "").replace(" }}", "")

    if denominator is None:
        return words(numerator.measure)
    scale = "" if spec.scale == 1 else f"{spec.scale:g} * "
    return f"{scale}{words(numerator.measure)} / {words(denominator.measure)}"


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
    hashes = entity_hashes(entities, sources)
    resolver = _Resolver(by_name, departments, entities_by_name, hashes, issues)
    kpis = [kpi for item in by_name.values() if (kpi := resolver.resolve(item)) is not None]
    return tuple(kpis), issues
