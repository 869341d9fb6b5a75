"""goal_actions: how far each action is, beside the node that it drives."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import natural_period
from dagster_project.goals.actions import Action, possible_by_day
from dagster_project.goals.frames import TOTAL, Slice, as_date, frame, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node, measured
from dagster_project.goals.progress.action_columns import GOAL_ACTIONS
from dagster_project.goals.progress.actuals import Actual, actual_of, read_periods
from dagster_project.goals.progress.attainment import Attainment, attain, status_of
from dagster_project.goals.targets.action_days import due_by_day
from dagster_project.kpi.model import Definitions


def build_goal_actions(
    goals: Iterable[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    kpi_period: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> pd.DataFrame:
    """A row an action, in the columns of GOAL_ACTIONS.

    done                  from the action's first day through data_through, not after its due date
    target_to_date        what of the target is due through data_through, unrounded (see action_days)
    attainment, status    of what is due in whole pieces, rounded down: half a seminar can't be held
    required_per_business_day   what is left over the business days after data_through to the due date
    capacity, capacity_to_date  what can be done in the whole window, and through data_through
    capacity_used         done / capacity_to_date; capacity_planned: target / capacity
    expected              what `done` should have brought to the driven node, by the yield
    driven_...            of the driven node, from kgi_attainment (plan, total)
    """
    calendar = BusinessCalendar(definitions.calendar)
    goals = tuple(goals)
    slices: set[Slice] = set()
    for goal in goals:
        for action in goal.actions:
            slices |= {_slice(action), (action.kpi.name, TOTAL, TOTAL)}
    daily = read_days(kpi_daily, slices)
    driven = _driven(kgi_attainment, as_of)

    rows = []
    for goal in goals:
        for sort, action in enumerate(goal.actions, start=1):
            window = natural_period(action.start, action.due, definitions.calendar)
            own, total = daily[_slice(action)], daily[action.kpi.name, TOTAL, TOTAL]
            periods = read_periods(kpi_period, window, as_of)
            actual = actual_of(_counted(action), window, as_of, own, total, periods)
            row: dict[str, Any] = {
                "as_of": as_of,
                "sort": sort,
                "computed_run_id": run_id,
                **_identity(goal, action),
                **_progress(goal, action, actual, as_of, calendar, definitions),
                **driven.get((goal.name, action.drives), {}),
            }
            rows.append(tuple(row.get(name) for name, _ in GOAL_ACTIONS))
    return frame(rows, GOAL_ACTIONS)


def _identity(goal: Goal, action: Action) -> dict[str, Any]:
    driven = goal.node(action.drives)
    return {
        "goal": goal.name,
        "action": action.name,
        "label_ja": action.label.ja,
        "label_en": action.label.en,
        "kpi": action.kpi.name,
        "dimension": action.dimension,
        "segment": action.segment,
        "unit": action.kpi.unit,
        "owner": action.owner,
        "start": action.start,
        "due": action.due,
        "drives": action.drives,
        "drives_label_ja": driven.label.ja,
        "drives_label_en": driven.label.en,
        "definition_hash": action.kpi.definition_hash,
        "goal_hash": goal.goal_hash,
    }


def _progress(
    goal: Goal,
    action: Action,
    actual: Actual,
    as_of: date,
    calendar: BusinessCalendar,
    definitions: Definitions,
) -> dict[str, Any]:
    exact = goal.action_targets[PLAN].get(action.name)
    target = None if exact is None else float(exact)
    due, whole_due = _due(goal, action, exact, actual.through, calendar, definitions)
    whole, to_date = attain("up", target, actual.value), attain("up", whole_due, actual.value)
    if whole_due == 0 and target != 0 and actual.value is not None:
        to_date = Attainment(None, True, "nothing_due")
    cut = max((actual.through or min(as_of, action.due)) + timedelta(days=1), action.start)
    left = calendar.business_days(cut, action.due)
    required = None
    if target is not None and actual.value is not None and left:
        required = max(target - actual.value, 0.0) / left
    each = action.per_piece.plus if action.per_piece is not None and action.per_piece.base is None else None
    return {
        "done": actual.value,
        "target_to_date": due,
        "target": target,
        "attainment": to_date.value,
        "required_per_business_day": required,
        "remaining_business_days": left,
        "expected": actual.value * float(each) if actual.value is not None and each is not None else None,
        "status": status_of(
            to_date=to_date,
            whole=whole,
            is_over=as_of >= action.due and actual.through == action.due,
            accumulates=True,
            direction="up",
            target=target,
        ).status,
        "status_reason": actual.reason or to_date.reason,
        "data_through": actual.through,
        "data_status": actual.status,
        **_capacity(action, exact, actual, calendar, definitions),
    }


def _due(
    goal: Goal,
    action: Action,
    target: Fraction | None,
    through: date | None,
    calendar: BusinessCalendar,
    definitions: Definitions,
) -> tuple[float | None, float | None]:
    """What is due through the day, exactly and in whole pieces."""
    if target is None or through is None:
        return None, None
    due = due_by_day(goal, action, target, calendar, definitions.calendar)[through]
    pieces = action.kpi.unit == "count" and through < action.due
    return float(due), float(math.floor(due + Fraction(1, 10**9))) if pieces else float(due)


def _capacity(
    action: Action,
    target: Fraction | None,
    actual: Actual,
    calendar: BusinessCalendar,
    definitions: Definitions,
) -> dict[str, float | None]:
    if action.capacity is None:
        return {}
    by_day = possible_by_day(action.capacity, action.start, action.due, calendar, definitions.calendar)
    whole = sum(by_day, Fraction(0))
    so_far = None
    if actual.through is not None:
        so_far = float(sum(by_day[: (actual.through - action.start).days + 1], Fraction(0)))
    return {
        "capacity": float(whole),
        "capacity_to_date": so_far,
        "capacity_used": actual.value / so_far if actual.value is not None and so_far else None,
        "capacity_planned": float(target / whole) if target is not None and whole else None,
    }


def _driven(kgi_attainment: pd.DataFrame, as_of: date) -> dict[tuple[str, str], dict[str, Any]]:
    """(goal, node) → what the plan's row of the whole node says."""
    rows = kgi_attainment[(kgi_attainment["scenario"] == PLAN) & (kgi_attainment["dimension"] == TOTAL)]
    names = ["as_of", "goal", "node", "actual", "target_to_date", "attainment", "status"]
    found = {}
    for day, goal, node, actual, due, attainment, status in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        if as_date(day) == as_of:
            found[goal, node] = {
                "driven_actual": number(actual),
                "driven_target_to_date": number(due),
                "driven_attainment": number(attainment),
                "driven_status": status,
            }
    return found


def _slice(action: Action) -> Slice:
    return action.kpi.name, action.dimension, action.segment


def _counted(action: Action) -> Node:
    """The action as actuals are read: by its KPI and segment."""
    return measured(action.name, action.kpi, action.dimension, action.segment)
