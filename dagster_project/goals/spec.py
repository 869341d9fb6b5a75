"""goals/*.yml as written: one goal a file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.goals.forms import Figure, OrFigure, TargetField, WhereField, YieldField, figure
from dagster_project.goals.spec_phasing import PhasingField, PhasingSpec
from dagster_project.kpi.spec.base import Day, Days, Identifier, Identifiers, LabelField, Spec, Text, Texts


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,4}", value):
        raise ValueError(f"'{value}' is not a whole number")
    return int(value)


def _month(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})-(\d{2})", value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"'{value}' is not a month; write it as 2026-05")
    return int(match[1]), int(match[2])


def _factor(value: Any) -> Any:
    quantity = figure(value)
    if quantity.value <= 0:
        raise ValueError(f"'{value}': a scenario is a factor of the plan above 0, such as 0.95 or 1.4")
    return quantity.value


def _scenario(value: Any) -> Any:
    return {"times": value} if isinstance(value, str) else value


Factor = Annotated[Any, BeforeValidator(_factor), WithJsonSchema({"type": ["number", "string"]})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Month = Annotated[
    Any, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})
]


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
    target: TargetField | None = Field(default=None, description="of the whole period; or the tree gives it")
    opening: Figure | None = Field(default=None, description="of a stock: its level before the first day")
    where: WhereField | None = None


class NodeSpec(Spec):
    """A node of the tree, where its name alone does not say enough."""

    kpi: Identifier | None = Field(default=None, description="default: the KPI of the node's own name")
    where: WhereField | None = Field(default=None, description="replaces the goal's")
    target: TargetField | None = None
    assume: TargetField | None = Field(
        default=None, description="an assumption that the other targets rest on"
    )
    opening: Figure | None = Field(default=None, description="of a stock: its level before the first day")
    level: Literal["ksf", "kpi", "action"] | None = None
    label: LabelField | None = None
    owner: Text | None = None


class KsfSpec(Spec):
    """A key success factor: a sentence that groups KPIs."""

    name: Identifier
    label: LabelField | None = None
    holds: Identifiers = Field(default_factory=list, description="nodes or KPIs that it rests on")


class CapacitySpec(Spec):
    """How much of an action can be done: 120 a business day."""

    n: Figure
    per: Literal["business_day", "calendar_day", "week", "month", "quarter", "half", "year"]


class RampSpec(Spec):
    """A capacity that grows, day by day alike, to its full size."""

    over: Days = Field(description="how long it takes: 90 days")
    from_: Figure | None = Field(default=None, alias="from", description="the share on the first day; 0%")


class ActionSpec(Spec):
    """What is done: counted, owned, due, and within a capacity."""

    name: Identifier
    label: LabelField | None = None
    kpi: Identifier | None = Field(default=None, description="default: the KPI of the action's own name")
    where: WhereField | None = Field(default=None, description="replaces the goal's")
    drives: Identifier = Field(description="the node that it brings forward")
    yield_: YieldField | None = Field(
        default=None, alias="yield", description="of the driven node for each; a node, a KPI or a figure"
    )
    share: Figure | None = Field(default=None, description="the part of the driven target it is to bring")
    target: TargetField | None = Field(default=None, description="default: from `drives` and `yield`")
    owner: Text | None = None
    from_: Day | None = Field(default=None, alias="from", description="default: the period's first day")
    due: Day | None = Field(default=None, description="default: the period's last day")
    capacity: CapacitySpec | None = None
    ramp: RampSpec | None = None


class ScenarioSpec(Spec):
    """A factor of the plan, and from which attainment on it counts as a success."""

    times: Factor
    success: Figure | None = Field(
        default=None, description="default: 70% of a scenario named stretch, else 100%"
    )


ScenarioField = Annotated[ScenarioSpec, BeforeValidator(_scenario), OrFigure()]


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
    actions: list[ActionSpec] = Field(default_factory=list, description="what is done to drive a node")
    phasing: PhasingField = Field(default_factory=PhasingSpec, description="how the target is due")
    scenarios: dict[Identifier, ScenarioField] = Field(
        default_factory=dict, description="factors of the plan"
    )
