"""Entities, resolved: the mart tables that KPIs are measured on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dagster_project.kpi.model.words import ColumnType, Label, Where
from dagster_project.kpi.units import PLAIN, Unit


@dataclass(frozen=True)
class Lookup:
    """A left join on the other side's full key. `match`: (their column, ours); `take`: (our name, theirs)."""

    relation: str  # entity or source
    is_entity: bool
    match: tuple[tuple[str, str], ...]
    take: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EntityColumn:
    """A column of an entity. `kind` says which fields count.

    given: comes from the source, a lookup or the hand-written model.
    expression: `sql` over the columns before it.
    nth: rank of the row's `of` (a time) among the rows of the same `by` that pass `filter`; ties by key.
    first: the least `of` among the rows of the same `by` that pass `filter`, on every row of that `by`.
    """

    name: str
    type: ColumnType
    kind: Literal["given", "expression", "nth", "first"] = "given"
    sql: str | None = None
    of: str | None = None
    by: tuple[str, ...] = ()
    filter: str | None = None
    reads: frozenset[str] = frozenset()  # the columns of this entity that it is computed from
    unit: Unit = PLAIN  # of a number: what it is counted in, with currency and tax of an amount
    pii: bool = False


@dataclass(frozen=True)
class Time:
    """A date of record of an entity; `start`: where its coverage begins, if not where the sources' does."""

    name: str
    type: Literal["date", "timestamp"]
    start: date | None = None


@dataclass(frozen=True)
class Dimension:
    """A way to split an entity. `values`: (segment, label).

    `roster`: the source or entity all of whose rows get segments, read from its `roster_column`.
    """

    name: str
    label: Label
    column: str
    values: tuple[tuple[str, Label], ...] = ()
    name_column: str | None = None
    parent: str | None = None
    roster: str | None = None
    roster_column: str | None = None
    max: int = 1000


@dataclass(frozen=True)
class EntityInput:
    """What an entity is read from. `columns`: (name here, SQL over the input); () = all columns by name."""

    relation: str
    is_entity: bool
    filter: str | None = None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entity:
    """A mart table that KPIs are measured on. Several inputs are a union by name."""

    name: str
    columns: tuple[EntityColumn, ...]
    key: tuple[str, ...]
    times: tuple[Time, ...]
    dimensions: tuple[Dimension, ...]
    sources: tuple[str, ...]  # the sources whose coverage is the entity's, through every union
    inputs: tuple[EntityInput, ...] = ()  # () where `model` is set
    model: str | None = None  # a hand-written dbt model
    given: tuple[str, ...] = ()  # columns that come with the inputs, before grouping and lookups
    group_by: tuple[str, ...] = ()
    group_columns: tuple[tuple[str, str], ...] = ()  # (column, aggregate SQL)
    lookups: tuple[Lookup, ...] = ()
    default_time: str | None = None
    snapshot: bool = False  # nightly changes are kept in state/
    lineage: bool = False  # carries _file and _line of the landed row
    label: Label = Label("", "")
    where: Where = field(default=Where("", 0), compare=False)

    def column(self, name: str) -> EntityColumn:
        return next(column for column in self.columns if column.name == name)
