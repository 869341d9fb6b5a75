"""An action's target by day: as its capacity allows, else as the goal is phased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.goals.actions import Action, possible_by_day
from dagster_project.goals.model import Goal
from dagster_project.kpi.model import CalendarRules


def due_by_day(
    goal: Goal, action: Action, target: Fraction, calendar: BusinessCalendar, rules: CalendarRules
) -> Mapping[date, Fraction]:
    """What is due through each day of the action's window, the target on its last one.

    In proportion to what can be done on each day; without a capacity, alike on business days (on all days
    where the goal is phased by calendar days, or where there is no business day).
    """
    days = days_between(action.start, action.due)
    weights = [Fraction(1)] * len(days)
    if action.capacity is not None:
        weights = possible_by_day(action.capacity, action.start, action.due, calendar, rules)
    elif goal.phasing.days == "business_days":
        weights = [Fraction(calendar.is_business_day(day)) for day in days]
    if not any(weights):
        weights = [Fraction(1)] * len(days)
    total, through = sum(weights), Fraction(0)
    found = {}
    for day, weight in zip(days, weights, strict=True):
        through += weight
        found[day] = target * through / total
    return found
