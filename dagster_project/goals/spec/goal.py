"""goals/*.yml as written: one goal a file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.goals.spec.forms import Figure, OrFigure, TargetField, WhereField, YieldField, figure
from dagster_project.goals.spec.phasing import PhasingField, PhasingSpec
from dagster_project.goals.spec.segments import SegmentsSpec
from dagster_project.goals.spec.sheet import TargetsFromSpec
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

    fiscal_year: Whole | None = Field(None, description="by the calendar year in which it begins")
    quarter: Whole | None = Field(default=None, description="1 to 4, of the fiscal year")
    half: Whole | None = Field(default=None, description="1 or 2, of the fiscal year")
    month: Month | None = Field(None, description="a month, as 2026-05")
    from_: Day | None = Field(default=None, alias="from", description="the first day")
    through: Day | None = Field(default=None, description="the last day, in")


class KgiSpec(Spec):
    """The key goal indicator."""

    kpi: Identifier = Field(description="the KPI that is to be reached")
    target: TargetField | None = Field(default=None, description="of the whole period; or the tree gives it")
    opening: Figure | None = Field(default=None, description="of a stock: its level before the first day")
    where: WhereField | None = Field(None, description="one segment: {channel: b2b}; default the goal's")


class NodeSpec(Spec):
    """A node of the tree, where its name alone does not say enough."""

    kpi: Identifier | None = Field(default=None, description="default: the KPI of the node's own name")
    where: WhereField | None = Field(default=None, description="replaces the goal's")
    target: TargetField | None = Field(None, description="what it is to be over the whole period")
    assume: TargetField | None = Field(
        default=None, description="an assumption that the other targets rest on"
    )
    opening: Figure | None = Field(default=None, description="of a stock: its level before the first day")
    level: Literal["ksf", "kpi", "action"] | None = Field(None, description="where it stands in the tree")
    label: LabelField | None = Field(None, description="for people, in Japanese and English")
    owner: Text | None = Field(None, description="who answers for it")


class KsfSpec(Spec):
    """A key success factor: a sentence that groups KPIs."""

    name: Identifier = Field(description="its name")
    label: LabelField | None = Field(None, description="the sentence, in Japanese and English")
    holds: Identifiers = Field(default_factory=list, description="nodes or KPIs that it rests on")


class CapacitySpec(Spec):
    """How much of an action can be done: 120 a business day."""

    n: Figure = Field(description="how many")
    per: Literal["business_day", "calendar_day", "week", "month", "quarter", "half", "year"] = Field(
        description="in which span"
    )


class RampSpec(Spec):
    """A capacity that grows, day by day alike, to its full size."""

    over: Days = Field(description="how long it takes: 90 days")
    from_: Figure | None = Field(default=None, alias="from", description="the share on the first day; 0%")


class ActionSpec(Spec):
    """What is done: counted, owned, due, and within a capacity."""

    name: Identifier = Field(description="its name; the KPI of this name counts it")
    label: LabelField | None = Field(None, description="for people, in Japanese and English")
    kpi: Identifier | None = Field(default=None, description="default: the KPI of the action's own name")
    where: WhereField | None = Field(default=None, description="replaces the goal's")
    drives: Identifier = Field(description="the node that it brings forward")
    yield_: YieldField | None = Field(
        default=None, alias="yield", description="of the driven node for each; a node, a KPI or a figure"
    )
    share: Figure | None = Field(default=None, description="the part of the driven target it is to bring")
    target: TargetField | None = Field(default=None, description="default: from `drives` and `yield`")
    owner: Text | None = Field(None, description="who does it")
    from_: Day | None = Field(default=None, alias="from", description="default: the period's first day")
    due: Day | None = Field(default=None, description="default: the period's last day")
    capacity: CapacitySpec | None = Field(None, description="how much can be done at most")
    ramp: RampSpec | None = Field(None, description="a capacity that grows to its full size")


class ScenarioSpec(Spec):
    """A factor of the plan, and from which attainment on it counts as a success."""

    times: Factor = Field(description="factor of the plan, above 0")
    success: Figure | None = Field(
        default=None, description="default: 70% of a scenario named stretch, else 100%"
    )


ScenarioField = Annotated[ScenarioSpec, BeforeValidator(_scenario), OrFigure()]


class RevisionSpec(Spec):
    """A change of the plan from a day on; the days before keep theirs."""

    from_: Day = Field(alias="from", description="the first day that it holds for")
    reason: LabelField | None = Field(default=None, description="why, for people")
    rebase: Literal["plan", "actual"] = Field(
        default="plan", description="what is left: the target less what was due, or less what has come"
    )
    target: TargetField | None = Field(default=None, description="the KGI's, of the whole period")
    tree: Texts | None = Field(default=None, description="all equations anew")
    nodes: dict[Identifier, NodeSpec] = Field(
        default_factory=dict, description="what changes in a node, or a new one"
    )
    ksf: list[KsfSpec] | None = Field(default=None, description="all of them anew")
    drivers: Identifiers | None = Field(default=None, description="all of them anew")


class GoalSpec(Spec):
    """goals/<name>.yml"""

    goal: Identifier = Field(description="its name")
    label: LabelField | None = Field(None, description="for people, in Japanese and English")
    vision: LabelField | None = Field(None, description="what the goal is for, in a sentence")
    owner: Text | None = Field(None, description="who answers for it")
    period: PeriodSpec = Field(description="from when to when")
    where: WhereField | None = Field(default=None, description="what every node is read at: {channel: b2b}")
    kgi: KgiSpec = Field(description="the key goal indicator and its target")
    tree: Texts = Field(default_factory=list, description="equations: revenue = orders * order_value")
    nodes: dict[Identifier, NodeSpec] = Field(
        default_factory=dict,
        description="what a name of the tree means, where the KPI of that name does not say enough",
    )
    ksf: list[KsfSpec] = Field(
        default_factory=list, description="key success factors: sentences, with the KPIs that they hold"
    )
    drivers: Identifiers = Field(default_factory=list, description="watched; no arithmetic ties them")
    actions: list[ActionSpec] = Field(default_factory=list, description="what is done to drive a node")
    phasing: PhasingField = Field(default_factory=PhasingSpec, description="how the target is due")
    scenarios: dict[Identifier, ScenarioField] = Field(
        default_factory=dict, description="factors of the plan"
    )
    targets_from: TargetsFromSpec | None = Field(
        default=None, description="a budget in a CSV file or a workbook that holds targets"
    )
    segments: SegmentsSpec | None = Field(default=None, description="by which the targets are divided")
    revisions: list[RevisionSpec] = Field(default_factory=list, description="changes of the plan, in order")
