"""kpi_scorecard: one row a node for a tile: how far, how likely, which way it moves, and what comes first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dagster_project.goals.frames import Columns, as_date, frame, number, read_days
from dagster_project.goals.model import PLAN, Goal, Node
from dagster_project.goals.progress.days import TOTAL, Daily, Day
from dagster_project.goals.tables import slices_of
from dagster_project.kpi.model import Kpi

TREND_DAYS = 28  # whole weeks, so that weekends weigh alike on both sides
FLAT_BELOW = 0.01  # a smaller relative change is no trend

KPI_SCORECARD: Columns = (
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("as_of", "DATE"),
    ("goal_label_ja", "VARCHAR"),
    ("goal_label_en", "VARCHAR"),
    ("label_ja", "VARCHAR"),
    ("label_en", "VARCHAR"),
    ("kpi", "VARCHAR"),
    ("level", "VARCHAR"),
    ("owner", "VARCHAR"),
    ("sort", "BIGINT"),
    ("unit", "VARCHAR"),
    ("direction", "VARCHAR"),
    ("period_start", "DATE"),
    ("period_end", "DATE"),
    ("actual", "DOUBLE"),
    ("target_to_date", "DOUBLE"),
    ("target", "DOUBLE"),
    ("attainment", "DOUBLE"),
    ("pace", "DOUBLE"),
    ("status", "VARCHAR"),
    ("status_reason", "VARCHAR"),
    ("forecast", "DOUBLE"),
    ("probability", "DOUBLE"),
    ("trend", "VARCHAR"),
    ("trend_change", "DOUBLE"),
    ("trend_is_good", "BOOLEAN"),
    ("first_cause", "VARCHAR"),
    ("first_cause_ja", "VARCHAR"),
    ("first_cause_en", "VARCHAR"),
    ("first_cause_effect", "DOUBLE"),
    ("data_status", "VARCHAR"),
    ("data_through", "DATE"),
    ("computed_run_id", "VARCHAR"),
)

_ATTAINED = (
    "actual", "target_to_date", "target", "attainment", "pace", "status", "status_reason",
)  # fmt: skip


@dataclass(frozen=True)
class Trend:
    """Which way a KPI went: rising, falling or flat; `change`: of the newest days on as many before them."""

    word: str
    change: float

    def is_good(self, node: Node) -> bool | None:
        """None: flat, or a KPI to keep within bounds."""
        if self.word == "flat" or node.direction == "within":
            return None
        return (self.word == "rising") == (node.direction == "up")


def build_scorecard(
    goals: Sequence[Goal],
    kpi_daily: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    kgi_forecast: pd.DataFrame,
    gap_drivers: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> pd.DataFrame:
    """The rows of the night, in the columns of KPI_SCORECARD. `goals`: as in force on the day; the frames: as
    published.

    forecast, probability   the newest forecast of the night, of the plan
    trend                   what the last 28 known days came to, against the 28 before: sums, rates as sum
                            over sum, a stock's level; NULL where days don't say it, or fewer are known
    first_cause             the leaf at or below the node that adds most to the KGI's gap to the plan, in the
                            direction of what all of those leaves add together; NULL of a leaf itself
    """
    daily = read_days(kpi_daily, slices_of(goals))
    forecasts = _forecasts(kgi_forecast, as_of)
    rows: list[tuple[Any, ...]] = []
    for goal in goals:
        own = kgi_attainment[kgi_attainment["goal"] == goal.name]
        attained = _plan_rows(own, as_of)
        causes = _Causes(goal, gap_drivers[gap_drivers["goal"] == goal.name], as_of)
        for node in goal.nodes:
            if node.name in attained:
                forecast = forecasts.get((goal.name, node.name), (None, None))
                trend = trend_of(node, daily, as_of)
                rows.append(
                    tuple(_row(goal, node, attained[node.name], forecast, trend, causes.of(node))) + (run_id,)
                )
    return frame(rows, KPI_SCORECARD)


def _row(
    goal: Goal,
    node: Node,
    attained: Mapping[str, Any],
    forecast: tuple[float | None, float | None],
    trend: Trend | None,
    cause: Cause | None,
) -> Iterator[Any]:
    yield from (goal.name, node.name, attained["as_of"], goal.label.ja, goal.label.en)
    yield from (node.label.ja, node.label.en, node.kpi.name if node.kpi is not None else None)
    yield from (node.level, node.owner, attained["sort"], attained["unit"], attained["direction"])
    yield from (goal.period.start, goal.period.end)
    yield from (attained[name] for name in _ATTAINED)
    yield from forecast
    yield from (trend.word, trend.change, trend.is_good(node)) if trend is not None else (None, None, None)
    yield from (cause.driver, cause.ja, cause.en, cause.effect) if cause is not None else (None,) * 4
    yield from (attained["data_status"], attained["data_through"])


def _plan_rows(kgi_attainment: pd.DataFrame, as_of: date) -> dict[str, dict[str, Any]]:
    """node → its row of the plan, as a whole; missing values as None."""
    rows = kgi_attainment[(kgi_attainment["scenario"] == PLAN) & (kgi_attainment["dimension"] == TOTAL)]
    found = {}
    for values in rows.to_dict("records"):
        row = {str(name): None if pd.isna(value) else value for name, value in values.items()}
        if as_date(row["as_of"]) == as_of:
            found[str(row["node"])] = row
    return found


def _forecasts(
    kgi_forecast: pd.DataFrame, as_of: date
) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """(goal, node) → (median, probability) of the night's newest issue."""
    rows = kgi_forecast[(kgi_forecast["scenario"] == PLAN) & (kgi_forecast["origin"] != "backtest")]
    found: dict[tuple[str, str], tuple[float | None, float | None]] = {}
    names = ["as_of", "goal", "node", "issue", "p50", "probability"]
    for day, goal, node, _, median, probability in sorted(
        zip(*(rows[name].tolist() for name in names), strict=True), key=lambda row: row[3]
    ):
        if as_date(day) == as_of:
            found[goal, node] = number(median), number(probability)
    return found


def trend_of(node: Node, daily: Daily, as_of: date) -> Trend | None:
    """The newest known days up to the as-of date against as many before them."""
    if node.kpi is None:
        return None
    total = daily.get((node.kpi.name, TOTAL, TOTAL), {})
    own = daily.get((node.kpi.name, node.dimension, node.segment), {})
    end = max((day for day in total if day <= as_of and total[day].is_known), default=None)
    if end is None:
        return None
    spans = []
    for weeks_back in (0, 1):
        last = end - timedelta(days=TREND_DAYS * weeks_back)
        days = [last - timedelta(days=back) for back in range(TREND_DAYS)]
        if any(day not in total or not total[day].is_known for day in days):
            return None
        spans.append(_came_to(node.kpi, [own[day] for day in sorted(days) if day in own], last))
    now, before = spans
    if now is None or not before:
        return None
    change = (now - before) / abs(before)
    word = "flat" if abs(change) < FLAT_BELOW else "rising" if change > 0 else "falling"
    return Trend(word, change)


def _came_to(kpi: Kpi, days: Sequence[Day], last: date) -> float | None:
    if kpi.is_level:
        return days[-1].numerator if days and days[-1].date == last else 0.0
    if not kpi.sums_of_sides:
        return None
    top = math.fsum(day.numerator for day in days if day.numerator is not None)
    if kpi.denominator is None:
        return top
    bottom = math.fsum(day.denominator for day in days if day.denominator is not None)
    return kpi.scale * top / bottom if bottom else None


@dataclass(frozen=True)
class Cause:
    """A leaf of the tree, and what it adds to the KGI's gap."""

    driver: str
    ja: str
    en: str
    effect: float


class _Causes:
    """What a goal's nodes owe their gap to."""

    def __init__(self, goal: Goal, gap_drivers: pd.DataFrame, as_of: date) -> None:
        rows = gap_drivers[(gap_drivers["versus"] == "plan") & (gap_drivers["dimension"] == TOTAL)]
        names = ["as_of", "driver", "label_ja", "label_en", "contribution", "parent"]
        self.root = goal.kgi.name
        self.causes: dict[str, Cause] = {}
        self.parents = {node.name: node.parent for node in goal.nodes}
        for day, driver, ja, en, effect, parent in zip(*(rows[name].tolist() for name in names), strict=True):
            if as_date(day) == as_of:
                self.causes[driver] = Cause(driver, ja, en, float(effect))
                self.parents.setdefault(driver, None if pd.isna(parent) else parent)

    def of(self, node: Node) -> Cause | None:
        below = [
            cause for name, cause in self.causes.items() if name != node.name and self._is_under(name, node)
        ]
        together = math.fsum(cause.effect for cause in below)
        pulling = [cause for cause in below if cause.effect * together > 0]
        return max(pulling, key=lambda cause: abs(cause.effect), default=None)

    def _is_under(self, name: str, node: Node) -> bool:
        above: str | None = name
        for _ in self.parents:
            if above is None or above == node.name:
                break
            above = self.parents.get(above)
        return above == node.name
