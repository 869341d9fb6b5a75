"""goals/*.yml as written: one goal a file."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.goals.spec_phasing import PhasingField, PhasingSpec
from dagster_project.kpi.spec.base import Day, Identifier, Identifiers, LabelField, Spec, Text, Texts
from dagster_project.kpi.text import Quantity, parse_quantity

_FIGURE = "a figure is wanted here, such as 100_000_000 or 20%"


def _figure(value: Any) -> Quantity:
    if not isinstance(value, str):
        raise ValueError(_FIGURE)
    quantity = parse_quantity(value)
    if quantity.relative:
        raise ValueError(f"{_FIGURE}; '{value}' is a change: write the figure that it comes to")
    return quantity


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,4}", value):
        raise ValueError(f"'{value}' is not a whole number")
    return int(value)


def _month(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})-(\d{2})", value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"'{value}' is not a month; write it as 2026-05")
    return int(match[1]), int(match[2])


def _one_dimension(value: Any) -> Any:
    if isinstance(value, dict) and len(value) != 1:
        raise ValueError(
            "one dimension is wanted, such as {channel: b2b}; make one column of two in the entity"
        )
    return value


def _factor(value: Any) -> Fraction:
    quantity = _figure(value)
    if quantity.value <= 0:
        raise ValueError(f"'{value}': a scenario is a factor of the plan above 0, such as 0.95 or 1.4")
    return quantity.value


Figure = Annotated[Any, BeforeValidator(_figure), WithJsonSchema({"type": ["number", "string"]})]
Factor = Annotated[Any, BeforeValidator(_factor), WithJsonSchema({"type": ["number", "string"]})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Month = Annotated[
    Any, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})
]
WhereField = Annotated[dict[Identifier, Text], BeforeValidator(_one_dimension)]


class PeriodSpec(Spec):
    """When: a fiscal year (or its quarter or half), a month, or two dates."""

    fiscal_year: Whole | None = None
    quarter: Whole | None = Field(default=None, description="1 to 4, of the fiscal year")
    half: Whole | None = Field(default=None, description="1 or 2, of the fiscal year")
    month: Month | None = None
    from_: Day | None = Field(default=None, alias="from")
    through: Day | None = Field(default=None, description="the last day, in")


class KgiSpec(Spec):
    """The key goal indicator."""

    kpi: Identifier
    target: Figure | None = Field(default=None, description="of the whole period; or the tree gives it")
    where: WhereField | None = None


class NodeSpec(Spec):
    """A node of the tree, where its name alone does not say enough."""

    kpi: Identifier | None = Field(default=None, description="default: the KPI of the node's own name")
    where: WhereField | None = Field(default=None, description="replaces the goal's")
    target: Figure | None = None
    assume: Figure | None = Field(default=None, description="an assumption that the other targets rest on")
    level: Literal["ksf", "kpi", "action"] | None = None
    label: LabelField | None = None
    owner: Text | None = None


class KsfSpec(Spec):
    """A key success factor: a sentence that groups KPIs."""

    name: Identifier
    label: LabelField | None = None
    holds: Identifiers = Field(default_factory=list, description="nodes or KPIs that it rests on")


class GoalSpec(Spec):
    """goals/<name>.yml"""

    goal: Identifier
    label: LabelField | None = None
    vision: LabelField | None = None
    owner: Text | None = None
    period: PeriodSpec
    where: WhereField | None = Field(default=None, description="what every node is read at: {channel: b2b}")
    kgi: KgiSpec
    tree: Texts = Field(default_factory=list, description="equations: revenue = orders * order_value")
    nodes: dict[Identifier, NodeSpec] = Field(default_factory=dict)
    ksf: list[KsfSpec] = Field(default_factory=list)
    drivers: Identifiers = Field(default_factory=list, description="watched; no arithmetic ties them")
    phasing: PhasingField = Field(default_factory=PhasingSpec, description="how the target is due")
    scenarios: dict[Identifier, Factor] = Field(default_factory=dict, description="factors of the plan")
