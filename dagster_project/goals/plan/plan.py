"""A goal as a proposal: what is wanted of each node and action, where it comes from, and by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.actions import Action, Load
from dagster_project.goals.algebra.rounding import whole
from dagster_project.goals.model import Goal, Node
from dagster_project.goals.targets.versions import Version
from dagster_project.kpi.model import Label

Kind = Literal["kgi", "ksf", "kpi", "action", "assumption"]
By = Literal["month", "week", "day"]


@dataclass(frozen=True)
class Line:
    """A node, or an action, with its target in the plan and in the other scenarios.

    `written`: the figure as given, for people; `equation`: what the target is derived from, as written, or
    `origin`, what an action is derived from. `before`: what was due before a revision, of what grows.
    `missing`: why there is no target.
    """

    name: str
    label: Label
    kind: Kind
    kpi: str
    unit: str
    segment: str | None
    parent: str | None
    depth: int
    is_tied: bool
    target: Fraction | None
    within: tuple[float, float] | None
    given: bool
    written: Label | None
    equation: str | None
    origin: str | None
    missing: str | None
    targets: Mapping[str, Fraction]
    owner: str | None
    opening: Fraction | None = None
    before: Fraction | None = None


@dataclass(frozen=True)
class Effort:
    """An action's plan: how many, by when, how much of what can be done, and what it is to bring.

    `per_day`: pieces a business day of its window, None where that has none. `brings`: of the driven node,
    by its yield; None without one. `loads`: by scenario, where there is a capacity.
    """

    action: Action
    line: Line
    business_days: int
    per_day: Fraction | None
    brings: Fraction | None
    loads: Mapping[str, Load]


@dataclass(frozen=True)
class Stage:
    """What is due of a node or action by the end of each part of the period; `grows`: it adds up to it, so
    that a part asks for the difference."""

    name: str
    label: Label
    unit: str
    grows: bool
    due: tuple[Fraction, ...]

    @property
    def shown(self) -> tuple[int, ...]:
        """What each part asks for, in whole pieces: the difference of two rounded cumulatives. () of a level,
        which is not parted."""
        if not self.grows:
            return ()
        through = [0, *(whole(value) for value in self.due)]
        return tuple(now - before for before, now in pairwise(through))


@dataclass(frozen=True)
class Plan:
    """A goal's whole plan, as one of its versions has it; `goal` is that version's. `watched`: nodes without
    a target that no equation ties to the KGI."""

    goal: Goal
    versions: tuple[Version, ...]
    version: Version
    lines: tuple[Line, ...]
    watched: tuple[Node, ...]
    efforts: tuple[Effort, ...]
    parts: tuple[Period, ...]
    stages: tuple[Stage, ...]
