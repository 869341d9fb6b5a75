"""Where the nodes of a goal's tree stand: actual, plan and last year, all cut at one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

import pandas as pd

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.exact import exact
from dagster_project.goals.frames import TOTAL, Day, Slice, as_date, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.progress.actuals import actual_of, read_periods
from dagster_project.goals.tables import slices_of

Versus = Literal["plan", "last_year"]
# A source that is a week behind the KGI's is not waited for: the tree is explained without it.
LONGEST_WAIT = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """The figures of a goal's nodes through one day, by node; a node without a figure has no entry.

    through: the last day that the KGI and those nodes of its tree that are no more than a week behind it all
    know; None where the KGI knows no day. statuses: data_status of the actual.
    """

    goal: Goal
    through: date | None
    actual: Mapping[str, Fraction]
    plan: Mapping[str, Fraction]
    last_year: Mapping[str, Fraction]
    statuses: Mapping[str, str]

    def before(self, versus: Versus) -> Mapping[str, Fraction]:
        return self.plan if versus == "plan" else self.last_year


def read_standings(
    goals: Iterable[Goal],
    kgi_attainment: pd.DataFrame,
    goal_targets: pd.DataFrame,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
) -> dict[str, Standing]:
    """The standing of each goal, by name.

    kgi_attainment, goal_targets: of this night. kpi_daily, kpi_period: the rows of every node's KPI, at the
    node's segment and in total, last year's too.
    """
    goals = tuple(goals)
    daily = read_days(kpi_daily, slices_of(goals))
    return {
        goal.name: _Reader(goal, daily, kpi_period).read(
            kgi_attainment[kgi_attainment["goal"] == goal.name],
            goal_targets[goal_targets["goal"] == goal.name],
        )
        for goal in goals
    }


@dataclass(frozen=True)
class _Reader:
    goal: Goal
    daily: Mapping[Slice, Mapping[date, Day]]
    kpi_period: pd.DataFrame

    def read(self, attained: pd.DataFrame, targets: pd.DataFrame) -> Standing:
        rows = attained[
            (attained["scenario"] == PLAN) & (attained["dimension"] == TOTAL) & (attained["segment"] == TOTAL)
        ]
        known = {
            node: (number(actual), number(due), as_date(through), status)
            for node, actual, due, through, status in zip(
                *(
                    rows[name].tolist()
                    for name in ("node", "actual", "target_to_date", "data_through", "data_status")
                ),
                strict=True,
            )
            if not pd.isna(through)
        }
        root = self.goal.kgi.name
        if root not in known:
            return Standing(self.goal, None, {}, {}, {}, {})
        newest = known[root][2]
        ends = [known[node.name][2] for node in self.goal.tree if node.name in known]
        through = min(end for end in ends if end >= newest - LONGEST_WAIT)
        due_then = self._targets_at(targets, through)
        actual: dict[str, Fraction] = {}
        plan: dict[str, Fraction] = {}
        statuses: dict[str, str] = {}
        for node in self.goal.nodes:
            if node.name not in known:
                continue
            value, due, end, status = known[node.name]
            if end > through:
                value, status = self._actual_at(node, self.goal.period, through)
                due = due_then.get(node.name)
            if end < through:
                continue
            statuses[node.name] = status
            if value is not None:
                actual[node.name] = exact(value)
            if due is not None:
                plan[node.name] = exact(due)
        return Standing(self.goal, through, actual, plan, self._last_year(through), statuses)

    def _targets_at(self, targets: pd.DataFrame, day: date) -> dict[str, float]:
        """What is due through the day, of each node, by the newest revision."""
        rows = targets[
            (targets["scenario"] == PLAN)
            & (targets["dimension"] == TOTAL)
            & (targets["segment"] == TOTAL)
            & (targets["date"] == day)
        ].sort_values("revision")
        return dict(zip(rows["node"].tolist(), rows["target_cumulative"].tolist(), strict=True))

    def _actual_at(self, node: Node, period: Period, day: date) -> tuple[float | None, str]:
        name = node.kpi.name if node.kpi is not None else ""
        own = self.daily.get((name, node.dimension, node.segment), {})
        total = self.daily.get((name, TOTAL, TOTAL), {})
        found = actual_of(node, period, day, own, total, read_periods(self.kpi_period, period, day))
        return (found.value if found.through == day else None), found.status

    def _last_year(self, through: date) -> dict[str, Fraction]:
        """The same period a year before, after as many days; nothing where it is not known from its start."""
        period = self.goal.period
        elapsed = (through - period.start).days + 1
        compared = compared_values(self.kpi_period, period, elapsed)
        before = year_before(period)
        found: dict[str, Fraction] = {}
        for node in self.goal.nodes:
            if node.kpi is None:
                continue
            _, value = compared.get((node.kpi.name, node.dimension, node.segment), (None, None))
            if value is None and before is not None:
                day = before.end if through == period.end else before.start + timedelta(days=elapsed - 1)
                value, status = self._actual_at(node, before, min(day, before.end))
                value = value if status != "missing" else None
            if value is not None:
                found[node.name] = exact(value)
        return found


def compared_values(
    kpi_period: pd.DataFrame, period: Period, elapsed: int
) -> dict[Slice, tuple[float | None, float | None]]:
    """(value, value a year before) of each slice in that very period, cut after so many days."""
    rows = kpi_period[kpi_period["grain"] == period.grain]
    names = (
        "kpi", "dimension", "segment", "period_start", "elapsed_days", "value", "previous_year_value",
    )  # fmt: skip
    return {
        (kpi, dimension, segment): (number(value), number(before))
        for kpi, dimension, segment, start, days, value, before in zip(
            *(rows[name].tolist() for name in names), strict=True
        )
        if as_date(start) == period.start and int(days) == elapsed
    }


def year_before(period: Period) -> Period | None:
    """The same period a year before; of any run of days the same dates, 29 February as the 28th."""
    if period.grain != "range":
        return period.previous_year
    try:
        return Period("range", _a_year_before(period.start), _a_year_before(period.end))
    except ValueError:
        return None


def _a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
