"""The resolver of KPIs: values by name, found on demand, and the operands that name other KPIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dagster_project.kpi.issues import suggest_kpi
from dagster_project.kpi.model import Leaf, Measure, Operand, Place
from dagster_project.kpi.resolve.keys import keys_of_operand, keys_of_type
from dagster_project.kpi.resolve.measures import (
    ZERO_BY_DEFAULT,
    MeasureBuilder,
    Unresolvable,
    with_period_agg,
)
from dagster_project.kpi.resolve.values import Value, parse_span
from dagster_project.kpi.spec.base import Loc, Written
from dagster_project.kpi.spec.kpis import KpiSpec, MeasureSpec, OperandSpec
from dagster_project.kpi.units import disagreement, fitting, is_unit, settled


def place_of(measure: Measure) -> Place:
    return Place(measure.entity, measure.time)


def of_measure(measure: Measure, zero: bool, *, carries: bool = False) -> Value:
    """The value that is one measure."""
    leaf = Leaf(Operand(measure, zero, carries), None, 1.0)
    return Value((leaf,), None, (place_of(measure),), linear=True, unit=measure.unit)


@dataclass
class Resolver:
    """Values by KPI name, found on demand, so that the order of definitions does not matter."""

    written: Mapping[str, Written[KpiSpec]]
    builder: MeasureBuilder
    types: Mapping[str, Callable[[Resolver, Written[KpiSpec]], Value]]
    values: dict[str, Value | None] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    reads: dict[str, dict[str, None]] = field(default_factory=dict)  # KPI → those that it names, in order

    def fail(self, item: Written[KpiSpec], loc: Loc, message: str, hint: str = "") -> None:
        self.builder.fail(item, loc, message, hint)

    def hint(self, name: str) -> str:
        """What to write instead of a name that no KPI has."""
        return suggest_kpi(name, {known: item.spec.formerly for known, item in self.written.items()})

    def value(self, item: Written[KpiSpec]) -> Value | None:
        """The value of a KPI; None where it can't be told, with the reason among the issues."""
        name = item.spec.name
        if self.path:
            self.reads.setdefault(self.path[-1], {})[name] = None
        if name in self.path:
            cycle = " → ".join([*self.path[self.path.index(name) :], name])
            self.fail(item, (), f"is computed from itself: {cycle}", "break the cycle")
            return None
        if name not in self.values:
            self.path.append(name)
            try:
                self._check_keys(item)
                self.values[name] = self._counted(item, self.types[item.spec.type](self, item))
            except Unresolvable:
                self.values[name] = None
            self.path.pop()
        return self.values[name]

    def _counted(self, item: Written[KpiSpec], value: Value) -> Value:
        """The value, its unit as declared where the formula does not tell it; refused if it tells another."""
        text = item.spec.unit
        if not is_unit(text):
            return value  # told by the rules
        problem = disagreement(text, value.unit)
        if problem:
            word = fitting(value.unit)
            self.fail(item, ("unit",), problem, f"write unit: {word}" if word else "look at the formula")
        unit = settled(text, value.unit, sure=item.spec.type in ("simple", "stock"))
        return replace(value, unit=unit).lacking_also(item.spec.grains, item.spec.name)

    def _check_keys(self, item: Written[KpiSpec]) -> None:
        """Keys that mean nothing here; where they leave open what is meant, nothing more is told."""
        found = list(keys_of_type(item))
        for loc, message, hint in found:
            self.fail(item, loc, message, hint)
        spec = item.spec
        if spec.type == "stock" and spec.time is None and spec.from_ is None:
            self.fail(
                item, (), "a stock is open from: until: (or through:), or a level with time: and series:"
            )
            raise Unresolvable
        if spec.type == "simple" and any("type stock" in message for _, message, _ in found):
            raise Unresolvable

    def operand(self, item: Written[KpiSpec], side: str, written: OperandSpec) -> Value:
        """The value of a side: of the KPI that it names, or of the measure that it writes out."""
        for finding in keys_of_operand(written, (side,), in_formula=False):
            self.fail(item, *finding)
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
            if written.agg == "average":
                hint = "write agg: sum, and what it is divided by as the denominator"
                self.fail(item, (side, "agg"), "an average is a quotient: a mean of means is wrong", hint)
                raise Unresolvable
            spec = written.model_copy(update=inherited)
            measure = self.builder.build(item, f"{item.spec.name}__{side}", spec, (side,))
            return of_measure(measure, measure.agg in ZERO_BY_DEFAULT)
        value = self.named(item, written, (side,), f"{item.spec.name}__{side}")
        other = self.written[written.name].spec
        if value.leaves[0].denominator is not None or (value.formula is not None and other.type == "ratio"):
            what = "an average" if other.type == "simple" else f"a {other.type}"
            self.fail(
                item, (side,), f"KPI '{written.name}' is {what}: a mean of means is wrong", "use its operands"
            )
            raise Unresolvable
        return value

    def named(self, item: Written[KpiSpec], written: OperandSpec, place: Loc, own_name: str) -> Value:
        """The value of the KPI that an operand names: narrowed, moved back, another of a stock's days."""
        other = self.written.get(written.name or "")
        if other is None and written.name in self.builder.broken:
            raise Unresolvable
        if other is None:
            hint = self.hint(written.name or "")
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
            value = of_measure(measure, measure.agg in ZERO_BY_DEFAULT)
            value = replace(value, unit=settled(other.spec.unit, value.unit, sure=True))
        if written.period_agg is not None:
            stock = value.leaves[0].numerator.measure
            if stock.stock is None or value.formula is not None:
                self.fail(item, (*place, "period_agg"), f"KPI '{written.name}' is no stock")
                raise Unresolvable
            changed = with_period_agg(stock, written.period_agg, f"{stock.name}__{written.period_agg}")
            if written.period_agg == stock.stock.period_agg:
                changed = stock
            value = replace(of_measure(changed, value.leaves[0].numerator.zero_when_empty), unit=value.unit)
        if written.offset_window is not None:
            try:
                value = value.moved(*parse_span(written.offset_window))
            except ValueError as error:
                self.fail(item, (*place, "offset_window"), str(error))
        return value
