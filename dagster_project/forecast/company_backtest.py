"""The backtest of a company's own goals, over the months and quarters of its own history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.forecast.backtest import Series
from dagster_project.forecast.cases import TOTAL
from dagster_project.forecast.days import days_of
from dagster_project.forecast.history import read_history
from dagster_project.forecast.outcomes import kind_of
from dagster_project.goals.frames import read_days
from dagster_project.goals.model import Goal
from dagster_project.goals.tables import slices_of
from dagster_project.kpi.model import Definitions


def series_of_goals(
    goals: Sequence[Goal], definitions: Definitions, kpi_daily: pd.DataFrame, as_of: date
) -> Iterator[Series]:
    """One for every node that is forecast, grouped by goal; what two nodes measure alike comes once."""
    calendar = BusinessCalendar(definitions.calendar)
    nodes = [(goal, node) for goal in goals for node in goal.nodes if kind_of(node) is not None and node.kpi]
    daily = read_days(kpi_daily, slices_of(goals))
    seen: set[tuple[str, str, str]] = set()
    for goal, node in nodes:
        if node.kpi is None or (node.kpi.name, node.dimension, node.segment) in seen:
            continue
        seen.add((node.kpi.name, node.dimension, node.segment))
        own = daily[node.kpi.name, node.dimension, node.segment]
        total = daily[node.kpi.name, TOTAL, TOTAL]
        history = read_history(own, total, as_of, as_of, node.kpi)
        if history.last_known is None:
            continue
        history = history.through(history.last_known)
        days = days_of(calendar, history.start, history.end)
        kind = kind_of(node)
        assert kind is not None
        yield Series(goal.name, node.name, history.start, history.values, days, history.bases, kind)
