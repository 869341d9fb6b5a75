"""One node of one goal on one night: what is known of it, what is asked, and when the answer is certain."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from dagster_project.forecast.days import Days
from dagster_project.forecast.forecasters import Member
from dagster_project.forecast.history import History, read_history
from dagster_project.forecast.outcomes import Kind, Outcome, Question, kind_of
from dagster_project.goals.frames import Day, number, read_days
from dagster_project.goals.model import Goal, Node
from dagster_project.goals.tables import slices_of
from dagster_project.kpi.model import Kpi

ENGINE = "mixture_conformal/2"  # part of the inputs: another engine's forecast is another issue
FAN_LEVELS = (0.1, 0.5, 0.9)
STALE_AFTER = 3  # days between the newest known day and the as-of date
SETTLING_DAYS = 31  # after its end a period is still reported: late data, corrections
DECIDED_FROM = 56  # days of history without a negative value, after which a sum is taken never to fall
TOTAL = "total"
SETTLED = ("final", "closed")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """One scenario's question. target: of the whole period, None where the KPI's own bounds are the target.
    required: per remaining business day."""

    scenario: str
    target: float | None
    required: float | None


@dataclass(frozen=True)
class Case:
    """history: through the last known day of the period, or the day before its first. settled_through: the
    newest day whose value no longer changes, None where there is none."""

    goal: Goal
    node: Node
    kpi: Kpi
    kind: Kind
    as_of: date
    history: History
    is_stale: bool
    settled_through: date | None
    asked: tuple[Asked, ...]

    @property
    def horizon(self) -> int:
        return (self.goal.period.end - self.history.end).days

    def settled(self) -> Case | None:
        """The same, knowing final days alone; itself where all known days are final."""
        if self.settled_through is None:
            return None
        if self.settled_through >= self.history.end:
            return self
        known = self.history.through(self.settled_through)
        return replace(self, history=known.through(max(known.end, self.goal.period.start - ONE_DAY)))

    def question(self, days: Days, members: Sequence[Member]) -> Question:
        return Question(
            self.history,
            days,
            self.goal.period.start,
            self.horizon,
            FAN_LEVELS,
            self.kpi.scale,
            members,
        )

    def inputs_hash(self, days: Days, others: Sequence[str]) -> str:
        """Of all that the forecast is made from. others: the same of further models, and of what its second
        number rests on."""
        content = (
            ENGINE,
            self.as_of.isoformat(),
            self.history.digest(),
            self.is_stale,
            days.digest(),
            [(one.scenario, one.target) for one in self.asked],
            self.kpi.definition_hash,
            self.goal.goal_hash,
            *others,
        )
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

    def wanted(self, asked: Asked) -> tuple[float, float]:
        """Between which values the target is attained."""
        if self.node.within is not None:
            return self.node.within
        target = asked.target if asked.target is not None else math.nan
        return (-math.inf, target) if self.node.direction == "down" else (target, math.inf)

    def decided(self, outcome: Outcome, asked: Asked) -> float | None:
        """1 or 0 where the outcome is certain, else None: the period is over and known, or a sum that never
        falls has reached its target (up), or gone beyond it (down)."""
        actual = outcome.actual
        if actual is None:
            return None
        low, high = self.wanted(asked)
        slack = 1e-9 * max(abs(bound) for bound in (low, high) if math.isfinite(bound))
        if self.horizon <= 0:
            return 1.0 if low - slack <= actual <= high + slack else 0.0
        counts = self.kpi.formula is None and self.kpi.numerator.measure.agg == "count" and self.kind == "sum"
        if not counts and not (outcome.never_falls and self.history.known_days >= DECIDED_FROM):
            return None
        if actual > high + slack:
            return 0.0
        return 1.0 if high == math.inf and actual >= low - slack and low > 0 else None


class Nights:
    """The cases of a night, read from the published tables as of it."""

    def __init__(
        self, goals: Sequence[Goal], kpi_daily: pd.DataFrame, kgi_attainment: pd.DataFrame, as_of: date
    ) -> None:
        self._daily = read_days(kpi_daily, slices_of(goals))
        self._asked = _read_attainment(kgi_attainment)
        self._as_of = as_of

    def case(self, goal: Goal, node: Node) -> Case | None:
        """None where the goal does not run, or the days don't say what the node's period comes to."""
        period, as_of = goal.period, self._as_of
        kind = kind_of(node)
        if kind is None or node.kpi is None:
            return None
        if not period.start <= as_of <= period.end + timedelta(days=SETTLING_DAYS):
            return None
        total = self._daily[node.kpi.name, TOTAL, TOTAL]
        own = self._daily[node.kpi.name, node.dimension, node.segment]
        history = read_history(own, total, period.start, as_of, node.kpi)
        last_known = history.last_known
        cut = period.start - ONE_DAY
        if last_known is not None and last_known >= period.start:
            cut = min(last_known, period.end)
        asked = self._asked.get((goal.name, node.name), ())
        return Case(
            goal,
            node,
            node.kpi,
            kind,
            as_of,
            history.through(cut),
            _is_stale(total, as_of, period.end),
            _settled_through(total, min(as_of, period.end)),
            tuple(one for one in asked if one.target is not None or node.within is not None),
        )


def _is_stale(total: Mapping[date, Day], as_of: date, end: date) -> bool:
    """Whether the newest day that the sources know, its conversions still to come or not, is long ago."""
    seen = max((day for day in total if day <= as_of and total[day].is_known), default=None)
    return seen is None or (min(as_of, end) - seen).days > STALE_AFTER


def _settled_through(total: Mapping[date, Day], last: date) -> date | None:
    return max((day for day in total if day <= last and total[day].status in SETTLED), default=None)


def _read_attainment(rows: pd.DataFrame) -> dict[tuple[str, str], tuple[Asked, ...]]:
    """(goal, node) → what each scenario asks of the node as a whole."""
    whole = rows[rows["dimension"] == TOTAL]
    names = ["goal", "node", "scenario", "target", "required_per_business_day"]
    asked: dict[tuple[str, str], tuple[Asked, ...]] = {}
    for goal, node, scenario, target, required in zip(*(whole[name].tolist() for name in names), strict=True):
        one = Asked(str(scenario), number(target), number(required))
        asked[goal, node] = (*asked.get((goal, node), ()), one)
    return asked
