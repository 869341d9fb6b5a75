"""`segments:` as written: {dimension: team, shares: {east: 60%, west: 40%}}."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.spec.base import Identifier, Spec
from dagster_project.kpi.text import Quantity, parse_quantity


def share(value: Any) -> Quantity:
    """A share or a figure, 0 or above."""
    if not isinstance(value, str):
        raise ValueError("a share or a figure is wanted here, such as 60% or 60_000_000")
    quantity = parse_quantity(value)
    if quantity.relative or quantity.value < 0:
        raise ValueError(f"'{value}': a share or figure is 0 or above")
    return quantity


ShareField = Annotated[Any, BeforeValidator(share), WithJsonSchema({"type": ["number", "string"]})]


class SegmentsSpec(Spec):
    """The segments of one dimension over which every target that grows is divided."""

    dimension: Identifier = Field(description="which every divided node has")
    shares: Annotated[dict[str, ShareField], Field(min_length=1)] = Field(
        description="of each segment: 60%, or its figure"
    )
