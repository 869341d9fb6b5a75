"""A goal, resolved: every name looked up, every target solved. All figures are exact fractions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Literal

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.actions import Action, bases_in
from dagster_project.goals.algebra.equations import Equation, parse
from dagster_project.goals.algebra.remainder import Remainder
from dagster_project.goals.given import Base, Given
from dagster_project.kpi.model import Kpi, Label, Where

PLAN = "plan"  # the scenario of the targets as written

Level = Literal["kgi", "ksf", "kpi", "action"]
Role = Literal["root", "term", "factor", "holds", "watched", "drives"]
Origin = Literal["given", "assumed", "derived", "none"]
Direction = Literal["up", "down", "within"]
DayWeights = Literal["calendar_days", "business_days"]
Rebase = Literal["plan", "actual"]


@dataclass(frozen=True)
class Phasing:
    """How a target is due over its period (see phasing.phase).

    `days`: which days count within a month (months), or where the year before is not known (last_year).
    `shares`: of months, one for each that the period touches, in proportion; () for even ones.
    """

    by: Literal["days", "months", "last_year"] = "days"
    days: DayWeights = "calendar_days"
    shares: tuple[Fraction, ...] = ()


EVEN_MONTHS = Phasing("months")


@dataclass(frozen=True)
class Node:
    """One node of a goal's tree. `dimension`, `segment`: what the KPI is read at ('total', 'total' = all).

    `role` is how it bears on its parent: a term of a sum, a factor of a product or quotient, what a success
    factor holds, or watched without arithmetic. `equation` is the one that defines it from those below it.
    """

    name: str
    label: Label
    kpi: Kpi | None  # None: a success factor that is a sentence, without a number
    dimension: str
    segment: str
    level: Level
    parent: str | None
    depth: int
    role: Role
    origin: Origin
    equation: str | None
    derived_by: str | None  # the equation that its target was solved from
    owner: str | None
    within: tuple[float, float] | None = None  # bounds that are its target: its own, else its KPI's
    opening: Fraction | None = None  # of a stock, where written: its level before the period's first day
    phasing: Phasing | None = None  # None: the goal's
    is_tied: bool = False  # equations tie it to the KGI

    @property
    def direction(self) -> Direction:
        """Which way is better. Bounds of the node's own replace its KPI's direction."""
        if self.within is not None or self.kpi is None:
            return "within" if self.within is not None else "up"
        return self.kpi.direction

    @property
    def is_stock(self) -> bool:
        """True for a level at the end of the period, whose target runs from the opening level."""
        return self.kpi is not None and self.kpi.is_level

    @property
    def accumulates(self) -> bool:
        """True where the value grows through the period, so that its target is phased over the days.

        Counts and sums do, distinct counts too (their days don't add up, their target to date still grows),
        and rates that say so; any other rate or level has the same target every day.
        """
        return self.kpi is not None and (self.kpi.grows or self.kpi.accumulates)

    def could_be(self, wanted: Fraction, now: Fraction) -> bool:
        """Whether a node that is at `now` could be at `wanted`: not below 0 from above it, nor a share of a
        whole above 1. A percentage that is above 1 already (return on advertising) is no such share."""
        is_share = self.kpi is not None and self.kpi.unit == "percent" and now <= 1
        return (now < 0 or wanted >= 0) and not (is_share and wanted > 1)

    @property
    def adds_over_days(self) -> bool:
        """True where the period's value is the sum of its days' values."""
        return self.kpi is not None and self.kpi.adds


def measured(name: str, kpi: Kpi, dimension: str, segment: str) -> Node:
    """A node of no tree: a KPI at a segment, to read its actuals by."""
    return Node(
        name, kpi.label, kpi, dimension, segment, "kpi", None, 0, "watched", "none", None, None, kpi.owner
    )


@dataclass(frozen=True)
class Factor:
    """A key success factor as a sentence. `holds`: the nodes that it rests on, wherever they hang."""

    name: str
    label: Label
    holds: tuple[str, ...]


@dataclass(frozen=True)
class Segments:
    """The segments of one dimension that targets are divided over; the shares come to 1."""

    dimension: str
    shares: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Goal:
    """A KGI with its tree and period. `nodes` come parents first, the root (the KGI's node) is the first.

    `given`: targets and assumptions as written, by node. `targets`: of each scenario, the target of every
    node that has one; a target that rests on a year before that is not known yet is missing (`unknown_bases`;
    resolve.growth). `scenarios` are factors of the plan, 'plan' (factor 1) first; `success_at`: from which
    attainment on each counts as a success. `action_targets`: the same of actions, which are no nodes and in
    no equation. `revisions`: in order of their days; the goal itself is the plan as first made, and
    versions.py has the one in force on a day. `remainder`: of a plan as revised, what its figures follow
    from: the days from the revision on; None of a plan as first made. `goal_hash` covers everything that
    shapes a figure; labels and owners do not.
    """

    name: str
    label: Label
    vision: Label
    owner: str | None
    period: Period
    nodes: tuple[Node, ...]
    equations: tuple[str, ...]
    given: Mapping[str, Given]
    targets: Mapping[str, Mapping[str, Fraction]]
    scenarios: Mapping[str, Fraction]
    phasing: Phasing
    goal_hash: str
    success_at: Mapping[str, Fraction] = field(default_factory=dict)
    factors: tuple[Factor, ...] = ()
    actions: tuple[Action, ...] = ()
    action_targets: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    unknown_bases: frozenset[Base] = frozenset()
    segments: Segments | None = None
    revisions: tuple[Revision, ...] = ()
    remainder: Remainder | None = None
    where: Where = field(default=Where("", 0), compare=False)

    @cached_property
    def system(self) -> tuple[Equation, ...]:
        """Its equations, parsed."""
        return tuple(parse(text) for text in self.equations)

    @property
    def kgi(self) -> Node:
        return self.nodes[0]

    @property
    def tree(self) -> tuple[Node, ...]:
        """The nodes that equations tie to the KGI, the KGI first."""
        return tuple(node for node in self.nodes if node.role in ("root", "term", "factor"))

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def target(self, node: str, scenario: str = PLAN) -> Fraction | None:
        """The node's target for the whole period, or None where it has none."""
        return self.targets[scenario].get(node)

    def success(self, scenario: str = PLAN) -> Fraction:
        """From which attainment on the scenario counts as reached: 1 where nothing else is said."""
        return self.success_at.get(scenario, Fraction(1))

    @property
    def bases(self) -> frozenset[Base]:
        """The actuals of earlier periods that its figures rest on."""
        return bases_in(self.given, self.actions)


@dataclass(frozen=True)
class Revision:
    """A change of a goal's plan from `since` on; the days before keep theirs.

    `goal`: as it is revised, its figures being of the whole period. `rebase`: whether what is left is the
    target less what was due before (plan), or less what has come (actual). See versions.Planner.
    """

    number: int
    since: date
    reason: Label
    rebase: Rebase
    goal: Goal
