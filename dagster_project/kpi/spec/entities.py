"""entities: the mart tables that KPIs are measured on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.model import ColumnType
from dagster_project.kpi.spec.base import (
    Bool,
    Day,
    Identifier,
    Identifiers,
    LabelField,
    Or,
    Spec,
    Sql,
    Text,
)


class InputSpec(Spec):
    """What an entity is read from; `columns` names the columns kept, each an expression over the input."""

    source: Identifier | None = Field(None, description="a source by name")
    entity: Identifier | None = Field(None, description="an entity by name")
    name: Identifier | None = Field(None, description="a source or entity, whichever bears the name")
    filter: Sql | None = Field(None, description="rows that count")
    columns: dict[Identifier, Sql] = Field(
        default_factory=dict, description="name here: expression over the input"
    )


InputField = Annotated[InputSpec, Or("string")]


def _inputs(value: Any) -> Any:
    values = value if isinstance(value, list) else [value]
    return [{"name": item} if isinstance(item, str) else item for item in values]


def _expression(value: Any) -> Any:
    return {"expr": value} if isinstance(value, str) else value


class EntityColumnSpec(Spec):
    """A computed column: an expression, a rank (`nth`) or a first date (`first`) among the rows of `by`."""

    expr: Sql | None = Field(None, description="an expression over the columns above it")
    nth: Identifier | None = Field(
        None, description="1, 2, ... by this time, among the rows of the same `by`"
    )
    first: Identifier | None = Field(
        None, description="the first of this time, on every row of the same `by`"
    )
    by: Identifiers = Field(
        default_factory=list, description="of nth and first: the columns whose equal rows belong together"
    )
    filter: Sql | None = Field(None, description="of nth and first: rows that count")
    type: ColumnType | None = Field(None, description="of a column of a hand-written model")
    currency: Text | None = Field(None, description="of money: ISO currency")
    tax: Literal["included", "excluded"] | None = Field(None, description="of money: whether tax is in it")
    pii: Bool = Field(False, description="personal data: never selectable, never printed")


class LookupSpec(Spec):
    """A left join on the other side's full key: it can't multiply rows."""

    match: dict[Identifier, Identifier] = Field(description="their key column: our column")
    take: Annotated[
        dict[Identifier, Identifier],
        BeforeValidator(lambda value: {name: name for name in value} if isinstance(value, list) else value),
        WithJsonSchema({"type": ["array", "object"]}),
    ] = Field(description="a list of their columns, or our name: their column")


class TimeSpec(Spec):
    """A date of record."""

    from_: Day | None = Field(None, alias="from", description="its coverage begins here")


class DimensionSpec(Spec):
    """A way to split the entity; one name means one thing in every entity."""

    label: LabelField | None = Field(None, description="for people, in Japanese and English")
    column: Identifier | None = Field(None, description="the column that is split by; default: its own name")
    name: Identifier | None = Field(None, description="a column that holds the segment's name for people")
    values: dict[Text, LabelField | None] = Field(default_factory=dict, description="segment: its label")
    parent: Identifier | None = Field(None, description="the dimension above it")
    values_from: Identifier | None = Field(None, description="rows for all of this roster, used or not")
    max: Annotated[int, WithJsonSchema({"type": "integer"})] = Field(
        1000, gt=0, description="the rest is (other)"
    )


def _empty(value: Any) -> Any:
    return {} if value is None else value


ComputedColumns = dict[
    Identifier, Annotated[EntityColumnSpec, BeforeValidator(_expression), Or("string", "number", "boolean")]
]


class EntitySpec(Spec):
    """A mart table."""

    entity: Identifier = Field(description="its name")
    label: LabelField | None = Field(None, description="for people, in Japanese and English")
    from_: Annotated[list[InputField], BeforeValidator(_inputs), Or("string", "object")] = Field(
        default_factory=list,
        alias="from",
        description=(
            "a source, an entity, or a list of them (united by name); {source: ..., filter: ..., columns: "
            "...}"
        ),
    )
    model: Identifier | None = Field(None, description="a hand-written dbt model, its columns then declared")
    sources: Identifiers = Field(
        default_factory=list, description="of a hand-written model: whose days it knows"
    )
    key: Identifiers = Field(description="the columns that identify a row")
    group_by: Identifiers = Field(
        default_factory=list, description="rows become cases; columns are aggregates"
    )
    columns: ComputedColumns = Field(
        default_factory=dict,
        description="computed columns in order, each sees those above it; with group_by aggregates",
    )
    then: ComputedColumns = Field(default_factory=dict, description="columns computed after group_by")
    lookups: dict[Identifier, LookupSpec] = Field(
        default_factory=dict,
        description=(
            "left joins on the other side's full key: name: {match: {their column: ours}, take: [columns]}"
        ),
    )
    times: dict[Identifier, Annotated[TimeSpec, BeforeValidator(_empty), Or("null")]] = Field(
        default_factory=dict,
        description="dates of record that KPIs may count by; default every date and timestamp",
    )
    dimensions: dict[Identifier, Annotated[DimensionSpec, BeforeValidator(_empty), Or("null")]] = Field(
        default_factory=dict, description="ways to split it; a name means the same in every entity"
    )
    default_time: Identifier | None = Field(None, description="the date of record of KPIs that name none")
    snapshot: Bool = Field(False, description="keep what changed each night: it can't be rebuilt later")
