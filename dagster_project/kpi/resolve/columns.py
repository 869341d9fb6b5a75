"""The columns of one entity, step by step: inputs, grouping, lookups, computed columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dagster_project.kpi.expression_types import ExpressionError, Scope
from dagster_project.kpi.expressions import Expression, compile_expression, compile_filter
from dagster_project.kpi.issues import Issue, a, suggest
from dagster_project.kpi.model import ColumnType, EntityColumn, EntityInput, Lookup
from dagster_project.kpi.resolve.column_units import alike, unit_of_column, unit_of_type
from dagster_project.kpi.spec.base import Loc, Written
from dagster_project.kpi.spec.entities import EntityColumnSpec, EntitySpec, InputSpec
from dagster_project.kpi.units import Unit, UnitError, money

if TYPE_CHECKING:
    from dagster_project.kpi.resolve.entities import Relations


class EntityBuilder:
    """Collects what an entity is made of; findings go to `issues`, never raised."""

    def __init__(self, item: Written[EntitySpec], relations: Relations) -> None:
        self.item = item
        self.relations = relations
        self.issues: list[Issue] = []
        self.columns: list[EntityColumn] = []
        self.given: list[str] = []
        self.inputs: list[EntityInput] = []
        self.covering: list[str] = []  # sources whose days the entity knows
        self.lookups: list[Lookup] = []
        self.group_columns: list[tuple[str, str]] = []
        self.lineage = False
        self._hidden: set[str] = set()  # personal columns: there, but never selectable

    def fail(self, loc: Loc, message: str, hint: str = "") -> None:
        self.issues.append(self.item.issue(loc, message, hint))

    @property
    def scope(self) -> dict[str, ColumnType]:
        return {column.name: column.type for column in self.columns}

    @property
    def units(self) -> dict[str, Unit]:
        return {column.name: column.unit for column in self.columns}

    # --- inputs ---------------------------------------------------------------------------------------

    def read_inputs(self) -> None:
        spec = self.item.spec
        if (spec.model is None) == (not spec.from_):
            self.fail((), "wants either from: (sources or entities) or model: (a hand-written dbt model)")
        for name in spec.sources:
            if name not in self.relations.sources and name not in self.relations.failed:
                self.fail(("sources",), f"unknown source '{name}'", suggest(name, self.relations.sources))
        if spec.model is not None:
            self.covering += spec.sources
            if not spec.sources:
                self.fail(("model",), "a hand-written model needs sources:", "name those whose days it knows")
            return
        merged: dict[str, EntityColumn] = {}
        for index, written in enumerate(spec.from_):
            for column in self._input(written, index):
                first = merged.setdefault(column.name, column)
                if first.type != column.type:
                    message = f"column '{column.name}' is {a(first.type)} here and {a(column.type)} there"
                    self.fail(("from", index), message, "cast it in columns:")
                    continue
                try:
                    unit = first.unit.plus(column.unit, f"column '{column.name}' holds")
                except UnitError as error:
                    self.fail(("from", index), str(error), error.hint)
                    continue
                merged[column.name] = replace(first, unit=unit)
        self.columns = list(merged.values())
        self.given = list(merged)
        self.lineage = not spec.group_by and all(self._has_lineage(item) for item in self.inputs)

    def _has_lineage(self, item: EntityInput) -> bool:
        return not item.is_entity or self.relations.entities[item.relation].lineage

    def _input(self, spec: InputSpec, index: int) -> list[EntityColumn]:
        place: Loc = ("from", index)
        name = spec.source or spec.entity or spec.name or ""
        is_entity = spec.entity is not None or (spec.source is None and name not in self.relations.sources)
        known = {*self.relations.sources, *self.relations.entities}
        if name not in known or (is_entity and name not in self.relations.entities):
            self.fail(place, f"unknown source or entity '{name}'", suggest(name, known))
            return []
        if not is_entity and self.relations.sources[name].preset is not None:
            preset = self.relations.sources[name].preset
            self.fail(place, f"source '{name}' is nested ({preset})", "use model: ga4_events or ga4_sessions")
            return []
        theirs = self.relations.columns(name, is_entity)
        self._hidden |= {column.name for column in theirs if column.pii}
        visible = [column for column in theirs if not column.pii]
        scope = {column.name: column.type for column in visible}
        units = {column.name: column.unit for column in visible}
        kept = self._filter(spec.filter, scope, units, (*place, "filter"))
        projected = []
        columns = []
        for column, text in spec.columns.items():
            compiled = self._expression(text, scope, units, (*place, "columns", column))
            if compiled is not None:
                projected.append((column, compiled.sql))
                columns.append(EntityColumn(column, compiled.type, unit=unit_of_column(compiled)))
        condition = kept.sql if kept else None
        self.inputs.append(EntityInput(name, is_entity, condition, tuple(projected)))
        self.covering += self.relations.entities[name].sources if is_entity else [name]
        if spec.columns:
            return columns
        return [EntityColumn(column.name, column.type, unit=column.unit) for column in visible]

    # --- columns --------------------------------------------------------------------------------------

    def read_columns(self) -> None:
        spec = self.item.spec
        if spec.model is not None:
            self._declared(spec.columns)
            self._lookups()
            self._computed(spec.then, "then")
            return
        if spec.group_by:
            self._grouped()
            self._lookups()
            self._computed(spec.then, "then")
            return
        if spec.then:
            self.fail(("then",), "then: follows group_by", "write these columns under columns:")
        self._lookups()
        self._computed(spec.columns, "columns")

    def _declared(self, columns: Mapping[str, EntityColumnSpec]) -> None:
        for name, column in columns.items():
            if column.type is None:
                self.fail(
                    ("columns", name), "a column of a hand-written model needs its type", "{type: text}"
                )
                continue
            unit = unit_of_type(column.type, column.currency or self.relations.currency, column.tax)
            self.columns.append(EntityColumn(name, column.type, unit=unit, pii=column.pii))
        self.given = [column.name for column in self.columns]

    def _grouped(self) -> None:
        scope = self.scope
        here = {column.name: column for column in self.columns}
        kept = []
        for name in self.item.spec.group_by:
            if name not in scope:
                self.fail(("group_by",), f"unknown column '{name}'", suggest(name, scope))
                continue
            kept.append(here[name])
        for name, column in self.item.spec.columns.items():
            place: Loc = ("columns", name)
            if column.expr is None:
                self.fail(place, "with group_by a column is an aggregate", "nth and first belong under then:")
                continue
            try:
                compiled = compile_expression(column.expr, scope, aggregate=True, units=self.units)
            except ExpressionError as error:
                self.fail(place, str(error), error.hint)
                continue
            self.group_columns.append((name, compiled.sql))
            kept.append(EntityColumn(name, compiled.type, unit=self._stated(column, compiled, place)))
        self.columns = kept

    def _lookups(self) -> None:
        known = {*self.relations.sources, *self.relations.entities}
        for name, spec in self.item.spec.lookups.items():
            place: Loc = ("lookups", name)
            if name not in known:
                self.fail(place, f"unknown source or entity '{name}'", suggest(name, known))
                continue
            is_entity = name not in self.relations.sources
            theirs = {column.name: column for column in self.relations.columns(name, is_entity)}
            key = self.relations.key(name, is_entity)
            if not key:
                self.fail(
                    place, f"'{name}' has no key", "declare its key, so that the join can't multiply rows"
                )
            elif set(spec.match) != set(key):
                message = f"match names {', '.join(spec.match)}, but the key of '{name}' is {', '.join(key)}"
                self.fail((*place, "match"), message, "match the full key; write {their column: our column}")
            for other, ours in spec.match.items():
                if ours not in self.scope:
                    self.fail((*place, "match"), f"unknown column '{ours}'", suggest(ours, self.scope))
                elif other in theirs and not alike(theirs[other].type, self.scope[ours]):
                    kinds = a(self.scope[ours]), a(theirs[other].type)
                    message = f"'{ours}' is {kinds[0]}, '{other}' of '{name}' {kinds[1]}"
                    self.fail((*place, "match"), message, "they never match: cast one of them in columns:")
            taken = []
            for ours, other in spec.take.items():
                if other not in theirs or theirs[other].pii:
                    reason = (
                        "personal (pii) and never selectable" if other in theirs else f"no column of '{name}'"
                    )
                    visible = [column for column in theirs if not theirs[column].pii]
                    self.fail((*place, "take"), f"'{other}' is {reason}", suggest(other, visible))
                    continue
                if ours in self.scope:
                    self.fail(
                        (*place, "take"),
                        f"'{ours}' is here already",
                        "write take: {another_name: " + other + "}",
                    )
                    continue
                taken.append((ours, other))
                column = theirs[other]
                self.columns.append(EntityColumn(ours, column.type, unit=column.unit))
            self.lookups.append(Lookup(name, is_entity, tuple(spec.match.items()), tuple(taken)))

    def _computed(self, columns: Mapping[str, EntityColumnSpec], section: str) -> None:
        for name, spec in columns.items():
            place: Loc = (section, name)
            if name in self.scope:
                self.fail(place, f"column '{name}' is here already", "choose another name")
                continue
            forms = [form for form in ("expr", "nth", "first") if getattr(spec, form) is not None]
            if len(forms) != 1:
                self.fail(place, "wants exactly one of expr, nth, first")
                continue
            if forms == ["expr"]:
                compiled = self._expression(spec.expr or "", self.scope, self.units, place)
                if compiled is not None:
                    self.columns.append(
                        EntityColumn(
                            name,
                            spec.type or compiled.type,
                            "expression",
                            compiled.sql,
                            reads=compiled.columns,
                            unit=self._stated(spec, compiled, place),
                            pii=spec.pii,
                        )
                    )
                continue
            self._ranked(name, spec, forms[0], place)

    def _stated(self, spec: EntityColumnSpec, compiled: Expression, place: Loc) -> Unit:
        """The unit of a computed column: as it says of itself, else as its expression gives."""
        found = unit_of_column(compiled)
        kind = spec.type or compiled.type
        if kind != "money":
            if spec.currency or spec.tax:
                self.fail(place, f"currency and tax belong to money, not {kind}", "type: money")
            return found
        currency = spec.currency or (found.currencies[0][0] if found.currencies else self.relations.currency)
        return money(currency, spec.tax or found.tax)

    def _ranked(self, name: str, spec: EntityColumnSpec, form: str, place: Loc) -> None:
        of = spec.nth or spec.first or ""
        for column in (of, *spec.by):
            if column not in self.scope:
                self.fail(
                    (*place, form if column == of else "by"),
                    f"unknown column '{column}'",
                    suggest(column, self.scope),
                )
                return
        if not spec.by:
            self.fail(place, f"{form} needs by:", "name the column whose rows are counted together")
            return
        if self.scope[of] not in ("date", "timestamp"):
            self.fail((*place, form), f"'{of}' is {a(self.scope[of])}, not a date or time")
            return
        kept = self._filter(spec.filter, self.scope, self.units, (*place, "filter"))
        kind: ColumnType = "integer" if form == "nth" else self.scope[of]
        reads = {
            of,
            *spec.by,
            *(self.item.spec.key if form == "nth" else ()),
            *(kept.columns if kept else ()),
        }
        self.columns.append(
            EntityColumn(
                name,
                kind,
                "nth" if form == "nth" else "first",
                of=of,
                by=tuple(spec.by),
                filter=kept.sql if kept else None,
                reads=frozenset(reads),
            )
        )

    # --- expressions ----------------------------------------------------------------------------------

    def _expression(
        self, text: str, scope: Scope, units: Mapping[str, Unit], place: Loc
    ) -> Expression | None:
        try:
            return compile_expression(text, scope, units=units)
        except ExpressionError as error:
            self.fail(place, str(error), self._hint(error))
            return None

    def _filter(
        self, text: str | None, scope: Scope, units: Mapping[str, Unit], place: Loc
    ) -> Expression | None:
        if text is None:
            return None
        try:
            return compile_filter(text, scope, units)
        except ExpressionError as error:
            self.fail(place, str(error), self._hint(error))
            return None

    def _hint(self, error: ExpressionError) -> str:
        personal = next((name for name in self._hidden if f"'{name}'" in str(error)), None)
        return f"'{personal}' is personal (pii) and never selectable" if personal else error.hint
