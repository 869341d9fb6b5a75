"""kpis/<department>.yml: one definition a KPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.model import Aggregation, Grain
from dagster_project.kpi.spec.base import (
    Bool,
    Day,
    Identifier,
    Identifiers,
    LabelField,
    Number,
    Spec,
    Sql,
    Text,
)


def _operand(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class OperandSpec(Spec):
    """A side of a ratio: the name of a KPI, or a measure written out."""

    name: Annotated[Identifier | None, Field(description="a KPI; `filter` narrows it")] = None
    agg: Aggregation | None = None
    expr: Sql | None = None
    filter: Sql | None = None
    entity: Identifier | None = None
    time: Identifier | None = None


def _direction(value: Any) -> Any:
    return {"way": value} if isinstance(value, str) else value


class DirectionSpec(Spec):
    """Which way is better: up, down, or within two bounds."""

    way: Literal["up", "down"] | None = None
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None


class KpiSpec(Spec):
    """One KPI."""

    name: Identifier
    label: LabelField
    description: LabelField | None = None
    type: Literal["simple", "ratio"]
    entity: Identifier | None = None
    time: Identifier | None = Field(None, description="the date of record")
    agg: Aggregation | None = None
    expr: Sql | None = None
    filter: Sql | None = None
    numerator: Annotated[OperandSpec, BeforeValidator(_operand)] | None = None
    denominator: Annotated[OperandSpec, BeforeValidator(_operand)] | None = None
    basis: Literal["period"] | None = Field(
        None, description="written when the operands' dates of record differ"
    )
    scale: Number = 1.0
    dimensions: Identifiers | None = Field(None, description="default: all that every operand's entity has")
    grains: Annotated[list[Grain], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)] | None = None
    unit: Text = Field(
        description="count, percent (stored as a fraction), days, score, ... or an ISO currency"
    )
    direction: Annotated[
        DirectionSpec,
        BeforeValidator(_direction),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["up", "down"]},
                    {"type": "object", "properties": {"within": {"type": "array"}}},
                ]
            }
        ),
    ]
    accumulates: Bool = Field(
        False, description="a rate whose target grows with the elapsed share of its period"
    )
    when_no_data: Literal["zero", "null"] | None = None
    valid_from: Day | None = None
    retired_on: Day | None = None
    level: Literal["kgi", "ksf", "kpi", "action"] = "kpi"
    funnel: Literal["top", "middle", "bottom"] | None = None
    owner: Text | None = None


class KpiFileSpec(Spec):
    """A department's file. The list is read KPI by KPI, so that one slip hides no other."""

    department: Identifier
    kpis: list[KpiSpec]
