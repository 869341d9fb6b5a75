"""The forms in which goals write figures: plain, growth on a year before, by the calendar, bounds."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from dagster_project.kpi.spec.base import Identifier, Spec, Text
from dagster_project.kpi.text import IDENTIFIER, Quantity, parse_quantity

FORMS = (
    "write 100_000_000, 20%, +10% (on the year before), +10pt, {per_business_day: 8}, {within: [80%, 90%]}, "
    "or {times: 1.10, of: {kpi: revenue, offset_window: 1 year}}"
)


def _quantity(value: Any) -> Quantity:
    if isinstance(value, Quantity):
        return value
    if not isinstance(value, str):
        raise ValueError("a figure is wanted here, such as 100_000_000 or 20%")
    return parse_quantity(value)


def figure(value: Any) -> Quantity:
    """A plain figure. Raises ValueError for a change such as +10%."""
    quantity = _quantity(value)
    if quantity.relative:
        raise ValueError(
            "a figure is wanted here, such as 100_000_000 or 20%; "
            f"'{value}' is a change: write the figure that it comes to"
        )
    return quantity


def _where(value: Any) -> Any:
    if isinstance(value, dict) and len(value) != 1:
        raise ValueError(
            "one dimension is wanted, such as {channel: b2b}; make one column of two in the entity"
        )
    return value


def _yield(value: Any) -> Any:
    if isinstance(value, str) and IDENTIFIER.fullmatch(value):
        return value
    return figure(value)


_WRITTEN = WithJsonSchema({"type": ["number", "string"]})
Figure = Annotated[Any, BeforeValidator(figure), _WRITTEN]
Change = Annotated[Any, BeforeValidator(_quantity), _WRITTEN]
WhereField = Annotated[dict[Identifier, Text], BeforeValidator(_where)]
YieldField = Annotated[Any, BeforeValidator(_yield), _WRITTEN]


class OfSpec(Spec):
    """An actual of an earlier period, that a target is a multiple of."""

    kpi: Identifier = Field(description="the KPI that the target is a multiple of")
    offset_window: Text = Field(default="1 year", description="so long before: 1 year, 1 quarter, 1 month")
    where: WhereField | None = Field(default=None, description="default: the node's own")


class TargetSpec(Spec):
    """A target or assumption: one figure, or one of the forms below."""

    figure: Change | None = Field(default=None, description="the same as the figure alone")
    times: Figure | None = Field(default=None, description="a multiple of `of`")
    of: OfSpec | None = Field(default=None, description="what `times` multiplies: a KPI so long before")
    per_business_day: Figure | None = Field(default=None, description="times the period's business days")
    within: Annotated[list[Figure], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="bounds to stay within: [80%, 90%]"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.times is None) != (self.of is None):
            raise ValueError(f"'times' and 'of' go together; {FORMS}")
        forms = (self.figure, self.times, self.per_business_day, self.within)
        if sum(form is not None for form in forms) != 1:
            raise ValueError(f"one figure is wanted; {FORMS}")
        return self


def _target(value: Any) -> Any:
    return {"figure": _quantity(value)} if isinstance(value, str) else value


class OrFigure:
    """In schema.json: the mapping, or one figure in its place."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": ["number", "string"]}, handler(core_schema)]}


TargetField = Annotated[TargetSpec, BeforeValidator(_target), OrFigure()]
