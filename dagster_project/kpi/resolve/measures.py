"""Measures: what a KPI or an operand written out aggregates, of which rows, dated how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from dagster_project.kpi.expression_types import NUMERIC, PERIOD_NAMES, ExpressionError
from dagster_project.kpi.expressions import Expression, compile_expression, compile_filter, compile_having
from dagster_project.kpi.issues import Issue, a, suggest
from dagster_project.kpi.model import Aggregation, Entity, Measure, Spread, Stock
from dagster_project.kpi.spec.base import Loc, Written
from dagster_project.kpi.spec.kpis import KpiSpec, MeasureSpec
from dagster_project.kpi.units import COUNT, PLAIN, Unit, summed

ZERO_BY_DEFAULT: frozenset[Aggregation] = frozenset({"count", "count_distinct", "sum"})
_STOCK_KEYS = ("from_", "through", "until", "series", "carry", "period_agg")


class Unresolvable(Exception):
    """This KPI can't be resolved further; what is wrong is already among the issues."""


@dataclass
class MeasureBuilder:
    """Builds measures over the entities; findings go to `issues`."""

    entities: Mapping[str, Entity]
    issues: list[Issue]
    broken: Set[str] = frozenset()  # what is wrong elsewhere, and told there

    def fail(self, item: Written[KpiSpec], loc: Loc, message: str, hint: str = "") -> None:
        self.issues.append(item.issue(loc, message, hint))

    def _refuse(self, item: Written[KpiSpec], loc: Loc, error: ExpressionError, entity: Entity) -> None:
        """The error as a finding, but for a column that is lacking only because its entity is wrong."""
        if error.unknown is not None and entity.name in self.broken:
            return
        hint = error.hint
        if any(column.name == error.unknown and column.pii for column in entity.columns):
            hint = f"'{error.unknown}' is personal (pii) and never selectable"
        self.fail(item, loc, str(error), hint)

    def build(
        self, item: Written[KpiSpec], name: str, spec: MeasureSpec, place: Loc, filters: Sequence[str] = ()
    ) -> Measure:
        """The measure that `spec` writes out; `filters` narrow it further. Raises Unresolvable."""
        entity = self._entity(item, spec, place)
        stock = self._stock(item, spec, entity, place)
        spread = self._spread(item, spec, entity, place)
        time = stock.start if stock and stock.start else spread.start if spread else None
        time = time or self._time(item, spec, entity, place)
        if spec.agg is None:
            self.fail(
                item, place, "agg is missing", "count, sum, average, count_distinct, min, max or median"
            )
            raise Unresolvable
        scope = {column.name: column.type for column in entity.columns if not column.pii}
        units = {column.name: column.unit for column in entity.columns}
        own_scope = scope if stock else {**scope, **PERIOD_NAMES}
        compiled = self._expression(item, spec, entity, own_scope, units, place)
        reads = set(compiled.columns) if compiled else set()
        parts = []
        for text in (*filters, *([spec.filter] if spec.filter is not None else [])):
            try:
                condition = compile_filter(text, own_scope, units)
            except ExpressionError as error:
                self._refuse(item, (*place, "filter"), error, entity)
                continue
            parts.append(condition.sql)
            reads |= condition.columns
        filter_sql = parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts) or None
        agg: Aggregation = spec.agg
        sql = compiled.sql if compiled else None
        having = self._having(item, spec, scope, place)
        if (
            agg == "count_distinct"
            and (sql,) == entity.key
            and stock is None
            and not having
            and not spec.also_in
        ):
            agg = "count"  # a key is distinct already, and a plain count adds over days
        return Measure(
            name=name,
            entity=entity.name,
            time=time,
            agg=agg,
            sql=sql,
            filter=filter_sql,
            percentile=self._percentile(item, spec, place),
            having=having,
            also_in=spec.also_in,
            reads_period=bool(reads & PERIOD_NAMES.keys()),
            spread=spread,
            stock=stock,
            unit=COUNT
            if agg in ("count", "count_distinct")
            else summed(compiled.unit if compiled else PLAIN),
        )

    def _entity(self, item: Written[KpiSpec], spec: MeasureSpec, place: Loc) -> Entity:
        if spec.entity is None:
            self.fail(item, place, "entity is missing", "name the table it is measured on")
            raise Unresolvable
        if spec.entity not in self.entities and spec.entity in self.broken:
            raise Unresolvable
        if spec.entity not in self.entities:
            hint = suggest(spec.entity, self.entities)
            self.fail(item, (*place, "entity"), f"unknown entity '{spec.entity}'", hint)
            raise Unresolvable
        return self.entities[spec.entity]

    def _time(self, item: Written[KpiSpec], spec: MeasureSpec, entity: Entity, place: Loc) -> str:
        known = [time.name for time in entity.times]
        time = spec.time or entity.default_time
        if time is None:
            choices = ", ".join(known) or "none is declared"
            self.fail(item, place, "time, the date of record, is missing", f"{entity.name} has: {choices}")
            raise Unresolvable
        return self._known_time(item, time, entity, (*place, "time"))

    def _known_time(self, item: Written[KpiSpec], time: str, entity: Entity, place: Loc) -> str:
        known = [item.name for item in entity.times]
        if time not in known and entity.name in self.broken:
            raise Unresolvable
        if time not in known:
            hint = suggest(time, known) or f"{entity.name} has: {', '.join(known)}"
            self.fail(item, place, f"'{time}' is no date of record of {entity.name}", hint)
            raise Unresolvable
        return time

    def _stock(self, item: Written[KpiSpec], spec: MeasureSpec, entity: Entity, place: Loc) -> Stock | None:
        if not any(getattr(spec, key) for key in _STOCK_KEYS):
            return None
        if spec.through and spec.until:
            self.fail(
                item, place, "through (last day in) and until (first day out) are two things", "keep one"
            )
        end = spec.through or spec.until
        scope = {column.name: column.type for column in entity.columns}
        if end is not None and scope.get(end) not in ("date", "timestamp"):
            hint = suggest(end, [name for name, kind in scope.items() if kind in ("date", "timestamp")])
            self.fail(
                item, (*place, "through" if spec.through else "until"), f"'{end}' is no date here", hint
            )
        for name in spec.series:
            if name not in scope:
                self.fail(item, (*place, "series"), f"unknown column '{name}'", suggest(name, scope))
        if spec.from_ is not None:
            self._known_time(item, spec.from_, entity, (*place, "from"))
        elif not spec.series:
            self.fail(item, place, "a stock is open from: until: (or through:), or a level with series:")
            raise Unresolvable
        if spec.agg not in ("count", "sum", "count_distinct"):
            self.fail(item, (*place, "agg"), f"a stock is a count, sum or count_distinct, not {spec.agg}")
        return Stock(
            period_agg=spec.period_agg or "last",
            start=spec.from_,
            end=end,
            end_is_in=spec.through is not None,
            series=tuple(spec.series),
            carry_days=spec.carry,
        )

    def _spread(self, item: Written[KpiSpec], spec: MeasureSpec, entity: Entity, place: Loc) -> Spread | None:
        if spec.spread is None:
            return None
        if spec.time is not None:
            self.fail(item, (*place, "time"), "spread stands in place of time", "remove one of them")
        if spec.agg != "sum":
            self.fail(item, (*place, "agg"), "only a sum is spread over days", "agg: sum")
        start = self._known_time(item, spec.spread.from_, entity, (*place, "spread"))
        through = self._known_time(item, spec.spread.through, entity, (*place, "spread"))
        return Spread(start, through, spec.spread.over)

    def _expression(
        self,
        item: Written[KpiSpec],
        spec: MeasureSpec,
        entity: Entity,
        scope: Mapping[str, object],
        units: Mapping[str, Unit],
        place: Loc,
    ) -> Expression | None:
        if spec.expr is None:
            if spec.agg != "count":
                self.fail(item, place, f"agg {spec.agg} needs expr", "name the column that is aggregated")
                raise Unresolvable
            return None
        try:
            compiled = compile_expression(spec.expr, scope, units=units)  # type: ignore[arg-type]
        except ExpressionError as error:
            self._refuse(item, (*place, "expr"), error, entity)
            return None
        if spec.agg not in ("count", "count_distinct") and compiled.type not in NUMERIC:
            message = f"{spec.agg} of {a(compiled.type)}: '{spec.expr}' is not a number"
            self.fail(item, (*place, "expr"), message)
        return compiled

    def _percentile(self, item: Written[KpiSpec], spec: MeasureSpec, place: Loc) -> float | None:
        if spec.agg == "median":
            return 0.5
        if (spec.agg == "percentile") != (spec.percentile is not None):
            self.fail(item, place, "agg percentile and percentile: 0.9 belong together")
        return spec.percentile

    def _having(
        self, item: Written[KpiSpec], spec: MeasureSpec, scope: Mapping[str, object], place: Loc
    ) -> str | None:
        for key in ("having", "also_in"):
            if getattr(spec, key) is not None and spec.agg != "count_distinct":
                self.fail(item, (*place, key), f"{key} belongs to agg count_distinct")
        if spec.having is None:
            return None
        try:
            return compile_having(spec.having, scope).sql  # type: ignore[arg-type]
        except ExpressionError as error:
            self.fail(item, (*place, "having"), str(error), error.hint)
            return None


def with_period_agg(measure: Measure, period_agg: str, name: str) -> Measure:
    """The same stock, another of its days standing for a period."""
    assert measure.stock is not None
    return replace(measure, name=name, stock=replace(measure.stock, period_agg=period_agg))  # type: ignore[arg-type]
