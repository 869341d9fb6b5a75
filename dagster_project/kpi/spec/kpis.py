"""kpis/<department>.yml: one definition a KPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.model import Aggregation, Grain, PeriodAgg
from dagster_project.kpi.spec.base import (
    Bool,
    Day,
    Days,
    Identifier,
    Identifiers,
    LabelField,
    Number,
    Or,
    Spec,
    Sql,
    Text,
)


def _operand(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class SpreadSpec(Spec):
    """An amount over a span of days, laid over its days in place of one date of record."""

    from_: Identifier = Field(alias="from", description="column of the first day")
    through: Identifier = Field(description="column of the last day, itself in")
    over: Literal["calendar_days", "business_days"] = Field(
        "calendar_days", description="which days share the amount"
    )


class MeasureSpec(Spec):
    """What is aggregated of which rows; shared by KPIs and by operands written out."""

    entity: Identifier | None = Field(None, description="the table that it is measured on")
    time: Identifier | None = Field(None, description="the date of record")
    agg: Aggregation | None = Field(None, description="how rows become one figure")
    expr: Sql | None = Field(
        None,
        description=(
            "what is aggregated, row by row; count needs none. Of a derived KPI: the formula over KPIs"
        ),
    )
    filter: Sql | None = Field(
        None, description="rows that count; period_start, period_end and grain may be named; NULL is false"
    )
    percentile: Number | None = Field(None, ge=0, le=1, description="of agg percentile: 0.9")
    having: Sql | None = Field(
        None, description="count_distinct: a condition on the rows of each, count(*) >= 2"
    )
    also_in: Literal["next_period", "previous_period"] | None = Field(
        None, description="count_distinct: only those that are also there in that period"
    )
    spread: SpreadSpec | None = Field(
        None, description="in place of time: an amount laid over the days of a span"
    )
    from_: Identifier | None = Field(None, alias="from", description="stock: the first day in")
    through: Identifier | None = Field(None, description="stock: the last day in")
    until: Identifier | None = Field(None, description="stock: the first day out")
    series: Identifiers = Field(
        default_factory=list, description="stock level: the newest row of each series"
    )
    carry: Days | None = Field(None, description="stock level: how long a row is carried on")
    period_agg: PeriodAgg | None = Field(None, description="stock: which of its days stands for a period")


class OperandSpec(MeasureSpec):
    """A side of a KPI: the name of a KPI, or a measure written out."""

    name: Annotated[Identifier | None, Field(description="a KPI; `filter` narrows it")] = None
    alias: Identifier | None = Field(None, description="what expr calls it")
    offset_window: Text | None = Field(None, description="the same KPI so long before: 1 month, 1 year")


OperandField = Annotated[OperandSpec, BeforeValidator(_operand), Or("string")]


def _direction(value: Any) -> Any:
    return {"way": value} if isinstance(value, str) else value


class DirectionSpec(Spec):
    """Which way is better: up, down, or within two bounds."""

    way: Literal["up", "down"] | None = Field(None, description="up: more is better; down: less is")
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        None, description="two bounds: [80%, 90%]"
    )


class KpiSpec(MeasureSpec):
    """One KPI."""

    name: Identifier = Field(description="lower case, a-z, 0-9 and _; what tables and queries call it")
    label: LabelField = Field(description="for people, in Japanese and English")
    description: LabelField | None = Field(None, description="what it says and does not say, for people")
    type: Literal["simple", "ratio", "derived", "cumulative", "conversion", "stock"] = Field(
        description=(
            "simple: one aggregate; ratio: numerator over denominator; derived: a formula over KPIs; "
            "cumulative: a KPI over a longer span; conversion: of these rows, those that came to that; "
            "stock: what is open, or was last counted"
        )
    )
    numerator: OperandField | None = Field(
        None, description="ratio: a KPI, {name, filter} or a measure written out"
    )
    denominator: OperandField | None = Field(
        None, description="ratio: a KPI, {name, filter} or a measure written out"
    )
    basis: Literal["period"] | None = Field(
        None, description="written when the operands' dates of record differ"
    )
    scale: Number = Field(1.0, description="ratio: value = scale * numerator / denominator")
    input_metrics: list[OperandField] = Field(
        default_factory=list,
        description="derived: the KPIs of expr that need an alias, a filter or an offset",
    )
    input_metric: OperandField | None = Field(
        None, description="cumulative: the KPI that is taken over a longer span"
    )
    grain_to_date: Literal["month", "quarter", "half", "fiscal_year"] | None = Field(
        None, description="cumulative: from its first day"
    )
    window: Text | None = Field(
        None, description="cumulative: 28 days, 12 months; conversion: 90 days, or none"
    )
    base: OperandField | None = Field(None, description="conversion: of these")
    conversion: OperandField | None = Field(None, description="conversion: those that came to this")
    match: Identifier | None = Field(
        None, description="conversion: the column that both share; else the row itself"
    )
    allow_before: Days = Field(0, description="conversion: how long before its base row it may lie")
    immature: Literal["exclude", "provisional"] = Field(
        "exclude", description="conversion: rows whose window is not over"
    )
    dimensions: Identifiers | None = Field(None, description="default: all that every operand's entity has")
    grains: (
        Annotated[list[Grain], BeforeValidator(lambda v: [v] if isinstance(v, str) else v), Or("string")]
        | None
    ) = Field(None, description="periods that it has rows for; default all")
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
                    {
                        "type": "object",
                        "properties": {"within": {"type": "array", "description": "two bounds: [80%, 90%]"}},
                    },
                ]
            }
        ),
    ] = Field(description="which way is better: up, down or {within: [low, high]}")
    accumulates: Bool = Field(
        False, description="a rate whose target grows with the elapsed share of its period"
    )
    when_no_data: Literal["zero", "null", "carry"] | None = Field(
        None,
        description=(
            "inside coverage, what a slice without rows is; default zero of counts and sums, else null"
        ),
    )
    valid_from: Day | None = Field(None, description="first day with rows; before it the KPI has none")
    retired_on: Day | None = Field(None, description="first day without rows; what came before stays")
    formerly: Identifiers = Field(
        default_factory=list,
        description="old names, oldest first; they lead here and are taken by no other KPI",
    )
    level: Literal["kgi", "ksf", "kpi", "action"] = Field("kpi", description="where it stands in a goal tree")
    funnel: Literal["top", "middle", "bottom"] | None = Field(None, description="stage of the funnel")
    owner: Text | None = Field(None, description="who answers for it")


class KpiFileSpec(Spec):
    """A department's file. The list is read KPI by KPI, so that one slip hides no other."""

    department: Identifier = Field(description="the department whose KPIs these are")
    kpis: list[KpiSpec] = Field(description="one definition a KPI")
