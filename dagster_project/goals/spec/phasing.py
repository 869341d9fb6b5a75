"""`phasing:` as written: business_days, {like: last_year, else: ...} or {monthly: [...], within: ...}."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from dagster_project.goals.model import DayWeights
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.spec.base import Spec
from dagster_project.kpi.text import Quantity, parse_quantity

_WAYS = "calendar_days, business_days, {like: last_year} or {monthly: [...]}"


def _shares(value: Any) -> Any:
    """Every share or figure as a Quantity, or the word even."""
    if value == "even":
        return value
    if not isinstance(value, list) or not value:
        raise ValueError("a figure or a share for every month is wanted, such as [8%, 7%, ...], or even")
    found = []
    for written in value:
        if not isinstance(written, str):
            raise ValueError("every month wants one figure or share")
        quantity = parse_quantity(written)
        if quantity.relative or quantity.value < 0:
            raise ValueError(f"'{written}': a month's figure or share is 0 or above")
        found.append(quantity)
    return found


MonthlyField = Annotated[
    Literal["even"] | list[Any],
    BeforeValidator(_shares),
    WithJsonSchema(
        {"anyOf": [{"const": "even"}, {"type": "array", "items": {"type": ["number", "string"]}}]}
    ),
]


class PhasingSpec(Spec):
    """How the target is due over the period."""

    days: DayWeights | None = Field(default=None, description="as without a key: phasing: business_days")
    like: Literal["last_year"] | None = Field(
        default=None, description="as the KPI's days of the year before came"
    )
    else_: DayWeights = Field(
        default="calendar_days", alias="else", description="where the year before is not known"
    )
    monthly: MonthlyField | None = Field(
        default=None, description="a figure or a share for every month of the period, or even"
    )
    within: DayWeights = Field(default="calendar_days", description="which days of a month count")

    @model_validator(mode="after")
    def _one_way(self) -> PhasingSpec:
        if sum(way is not None for way in (self.days, self.like, self.monthly)) > 1:
            raise ValueError(f"one way only: {_WAYS}")
        if self.like is None and "else_" in self.model_fields_set:
            raise ValueError("'else' goes with like: last_year")
        if self.monthly is None and "within" in self.model_fields_set:
            raise ValueError("'within' goes with monthly")
        return self

    @property
    def figures(self) -> list[Quantity]:
        """The months' figures or shares; [] where none are written."""
        return self.monthly if isinstance(self.monthly, list) else []


def _phasing(value: Any) -> Any:
    if isinstance(value, str):
        if value not in get_args(DayWeights):
            raise ValueError(f"'{value}' is none of {_WAYS}{_meant(value)}")
        return {"days": value}
    return value


def _meant(value: str) -> str:
    found = suggest(value, get_args(DayWeights))
    return f"; {found}" if found else ""


PhasingField = Annotated[
    PhasingSpec, BeforeValidator(_phasing, json_schema_input_type=DayWeights | PhasingSpec)
]
