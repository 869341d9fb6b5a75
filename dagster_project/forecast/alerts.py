"""alerts: goals in danger, and KPIs that left their usual course. One danger is one alert, however many
nights it lasts; what was opened once is kept, closed or not.

Subjects are (rule, goal, node): the probability of a goal's nodes (danger.py, over the forecast log), and the
days of every KPI in total whose days stand for themselves (control_chart.py): sums, counts, rates, averages;
not stocks and moving windows, whose neighbouring days are nearly the same day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from dagster_project.forecast.control_chart import BASELINE, Episode, episodes
from dagster_project.forecast.danger import CLOSES_ABOVE, OPENS_BELOW, Night, dangers
from dagster_project.forecast.engine import is_intermittent
from dagster_project.goals.frames import Columns, as_date, frame, number
from dagster_project.goals.model import PLAN, Goal
from dagster_project.kpi.model import OWN, Definitions, Kpi

Severity = Literal["high", "medium", "low"]

TOTAL = "total"
LOOKED_AT = 28  # days
HISTORY = LOOKED_AT + BASELINE
HIGH_BELOW = 0.2  # a KGI's probability
OPENED_LATELY = 7  # days: what began and ended before that is no news on the first night
BEHIND = ("behind", "missed", "at_risk")
UNSETTLED = ("provisional", "held", "immature")

ALERTS: Columns = (
    ("alert", "VARCHAR"),
    ("opened_on", "DATE"),
    ("closed_on", "DATE"),
    ("rule", "VARCHAR"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("dimension", "VARCHAR"),
    ("segment", "VARCHAR"),
    ("kpi", "VARCHAR"),
    ("severity", "VARCHAR"),
    ("figures", "VARCHAR"),
    ("first_cause", "VARCHAR"),
    ("as_of", "DATE"),
    ("computed_run_id", "VARCHAR"),
)
_NAMES = [name for name, _ in ALERTS]


@dataclass(frozen=True)
class _Stretch:
    """What was found tonight; closed_on None: it lasts."""

    opened_on: date
    closed_on: date | None
    rule: str
    goal: str | None
    node: str
    dimension: str
    segment: str
    kpi: str | None
    severity: Severity
    figures: Mapping[str, float]
    first_cause: str | None

    @property
    def subject(self) -> tuple[str, str | None, str]:
        # Days beyond the limits and runs of one KPI are one subject: one becomes the other.
        return "probability" if self.goal is not None else "course", self.goal, self.node


def build_alerts(
    goals: Sequence[Goal],
    definitions: Definitions,
    kpi_daily: pd.DataFrame,
    log: pd.DataFrame,
    kgi_attainment: pd.DataFrame,
    kept: pd.DataFrame,
    as_of: date,
    run_id: str,
) -> pd.DataFrame:
    """The rows, columns ALERTS, that this night adds: alerts opened, closed, or with other figures.

    kpi_daily: totals, at least the HISTORY days up to as_of. log: kgi_forecast. kept: alerts so far, one row
    an alert. The same night again adds nothing, and a night before the newest one of `kept` neither.
    An alert that the data no longer bear out, after a correction, closes on as_of.
    """
    rows: dict[str, dict[str, Any]] = {
        str(values[0]): dict(zip(_NAMES, values, strict=True))
        for values in zip(*(kept[name].tolist() for name in _NAMES), strict=True)
    }
    if any(as_date(row["as_of"]) > as_of for row in rows.values()):
        return frame([], ALERTS)
    found = [*_in_danger(goals, log, kgi_attainment, as_of), *_off_course(definitions, kpi_daily, as_of)]
    seen: set[str] = set()
    added: list[tuple[Any, ...]] = []
    for name, stretch in zip(_names_of(found, rows), found, strict=True):
        is_news = stretch.closed_on is None or stretch.opened_on > as_of - timedelta(days=OPENED_LATELY)
        if name not in rows and not is_news:
            continue
        seen.add(name)
        row = _row(name, stretch, rows.get(name), as_of, run_id)
        if name not in rows or _said(row) != _said(tuple(rows[name][column] for column in _NAMES)):
            added.append(row)
    for name, before in rows.items():
        if name not in seen and _day(before["closed_on"]) is None:
            ended = {**before, "closed_on": as_of, "as_of": as_of, "computed_run_id": run_id}
            added.append(tuple(_plain(ended[column]) for column in _NAMES))
    return frame(sorted(added, key=lambda row: row[0]), ALERTS)


def _names_of(found: Sequence[_Stretch], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """For each stretch the name of the kept alert that it is the same as, else a new one.

    A kept alert is one stretch at most, the one that began on its day before any that overlaps it: as a
    correction may take one apart, two stretches under one name would take turns night after night.
    """
    names: dict[int, str] = {}
    in_order = sorted(range(len(found)), key=lambda at: found[at].opened_on)
    for is_same in (_began_together, _overlap):
        for at in in_order:
            if at in names:
                continue
            for name, row in rows.items():
                free = name not in names.values() and _subject(row) == found[at].subject
                if free and is_same(found[at], row):
                    names[at] = name
                    break
    for at in in_order:
        stretch = found[at]
        parts = (stretch.rule, stretch.goal, stretch.node, stretch.opened_on.isoformat())
        names.setdefault(at, "/".join(part for part in parts if part is not None))
    return [names[at] for at in range(len(found))]


def _subject(row: Mapping[str, Any]) -> tuple[str, str | None, str]:
    goal = _plain(row["goal"])
    return "probability" if goal is not None else "course", goal, str(row["node"])


def _began_together(stretch: _Stretch, row: Mapping[str, Any]) -> bool:
    return as_date(row["opened_on"]) == stretch.opened_on


def _overlap(stretch: _Stretch, row: Mapping[str, Any]) -> bool:
    closed = _day(row["closed_on"])
    return (closed is None or stretch.opened_on < closed) and (
        stretch.closed_on is None or as_date(row["opened_on"]) < stretch.closed_on
    )


def _row(
    name: str, stretch: _Stretch, before: Mapping[str, Any] | None, as_of: date, run_id: str
) -> tuple[Any, ...]:
    opened, rule = stretch.opened_on, stretch.rule
    if before is not None:  # it stays what it was opened as
        opened, rule = as_date(before["opened_on"]), str(before["rule"])
    return (
        name, opened, stretch.closed_on, rule, stretch.goal, stretch.node, stretch.dimension,
        stretch.segment, stretch.kpi, stretch.severity, json.dumps(stretch.figures), stretch.first_cause,
        as_of, run_id,
    )  # fmt: skip


def _said(row: Sequence[Any]) -> tuple[Any, ...]:
    """Without the night and the run that said it."""
    return tuple(_plain(value) for value in row[:-2])


def _in_danger(
    goals: Sequence[Goal], log: pd.DataFrame, kgi_attainment: pd.DataFrame, as_of: date
) -> Iterator[_Stretch]:
    said = _probabilities(log, as_of)
    causes = _causes(kgi_attainment)
    for goal in goals:
        for node in goal.nodes:
            nights = said.get((goal.name, node.name), {})
            inside = [Night(day, nights[day]) for day in sorted(nights) if day < goal.period.end]
            for danger in dangers(inside):
                closed = danger.closed_on
                if closed is None and as_of >= goal.period.end:
                    closed = goal.period.end
                newest = next((one.probability for one in reversed(inside) if one.probability is not None), 0)
                is_worst = node is goal.kgi and newest < HIGH_BELOW
                severity: Severity = "high" if is_worst else "medium" if node is goal.kgi else "low"
                yield _Stretch(
                    danger.opened_on, closed, "probability", goal.name, node.name, node.dimension,
                    node.segment, node.kpi.name if node.kpi is not None else None, severity,
                    {
                        "probability": round(newest, 4), "lowest": round(danger.lowest, 4),
                        "opens_below": OPENS_BELOW, "closes_above": CLOSES_ABOVE,
                    },
                    _first_cause(goal.name, node.name, causes),
                )  # fmt: skip


def _probabilities(log: pd.DataFrame, as_of: date) -> dict[tuple[str, str], dict[date, float | None]]:
    """(goal, node) → night → what its newest issue says of the plan, from days that no longer change."""
    rows = log[log["scenario"] == PLAN].sort_values("issue", kind="stable")
    found: dict[tuple[str, str], dict[date, float | None]] = {}
    names = ["as_of", "goal", "node", "settled_probability"]
    for day, goal, node, probability in zip(*(rows[name].tolist() for name in names), strict=True):
        if as_date(day) <= as_of:
            found.setdefault((goal, node), {})[as_date(day)] = number(probability)
    return found


def _causes(kgi_attainment: pd.DataFrame) -> dict[tuple[str, str], list[tuple[float, str]]]:
    """(goal, node) → the nodes right below it that lag, as (attainment, name), worst first."""
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    rows = kgi_attainment[(kgi_attainment["scenario"] == PLAN) & (kgi_attainment["dimension"] == TOTAL)]
    names = ["goal", "node", "parent", "attainment", "status"]
    for goal, node, parent, attainment, status in zip(*(rows[name].tolist() for name in names), strict=True):
        if status in BEHIND and _plain(parent) is not None and (value := number(attainment)) is not None:
            found.setdefault((goal, parent), []).append((value, node))
    return {key: sorted(nodes) for key, nodes in found.items()}


def _first_cause(
    goal: str, node: str, causes: Mapping[tuple[str, str], list[tuple[float, str]]]
) -> str | None:
    """Down the tree, the node that lags most at each step; None where nothing below lags."""
    found, at = None, node
    passed = {node}
    while lagging := [name for _, name in causes.get((goal, at), []) if name not in passed]:
        found = at = lagging[0]
        passed.add(at)
    return found


def _off_course(definitions: Definitions, kpi_daily: pd.DataFrame, as_of: date) -> Iterator[_Stretch]:
    rows = kpi_daily[(kpi_daily["dimension"] == TOTAL) & (kpi_daily["segment"] == TOTAL)]
    start = as_of - timedelta(days=HISTORY - 1)
    charted = {kpi.name: kpi for kpi in definitions.kpis if _is_charted(kpi, as_of)}
    values = {name: np.full(HISTORY, np.nan) for name in charted}
    unsettled = {name: np.zeros(HISTORY, dtype=bool) for name in charted}
    figures = rows["value"].to_numpy(float, na_value=np.nan)
    places = (rows["date"].to_numpy("datetime64[D]") - np.datetime64(start, "D")).astype(int)
    is_unsettled = rows["data_status"].isin(UNSETTLED).to_numpy(bool)
    usable = np.isfinite(figures) & (places >= 0) & (places < HISTORY)
    of_kpi = rows.groupby("kpi", sort=False, observed=True).indices
    for name in charted:
        own = of_kpi.get(name, np.array([], dtype=int))
        own = own[usable[own]]
        values[name][places[own]] = figures[own]
        unsettled[name][places[own]] = is_unsettled[own]
    weekdays = np.eye(7)[(start.weekday() + np.arange(HISTORY)) % 7]
    for name, kpi in charted.items():
        # Where most days are empty, every day with a value would be an unusual one.
        if is_intermittent(values[name][:-LOOKED_AT], weekdays[:-LOOKED_AT]):
            continue
        for episode in episodes(start, values[name], unsettled[name], looked_at=LOOKED_AT):
            yield _of_kpi(kpi, episode)


def _of_kpi(kpi: Kpi, episode: Episode) -> _Stretch:
    last = episode.last
    is_better = (last.value > last.usual) == (kpi.direction == "up") and kpi.direction != "within"
    severity: Severity = "medium" if last.rule == "beyond_limits" and not is_better else "low"
    figures = {name: round(getattr(last, name), 6) for name in ("value", "usual", "low", "high")}
    return _Stretch(
        episode.first.date, episode.closed_on, episode.first.rule, None, kpi.name, TOTAL, TOTAL, kpi.name,
        severity, figures, None,
    )  # fmt: skip


def _is_charted(kpi: Kpi, as_of: date) -> bool:
    own_days = all(leaf.shape == OWN and leaf.offset == 0 for leaf in kpi.leaves)
    is_stock = any(operand.measure.stock is not None for operand in kpi.operands)
    is_spread = any(operand.measure.spread is not None for operand in kpi.operands)
    is_in_use = kpi.retired_on is None or kpi.retired_on > as_of
    return "day" in kpi.grains and own_days and not is_stock and not is_spread and is_in_use


def _day(value: Any) -> date | None:
    plain = _plain(value)
    return None if plain is None else as_date(plain)


def _plain(value: Any) -> Any:
    """None for NULL; a date for whatever frames make of one."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return as_date(value) if isinstance(value, (pd.Timestamp, date)) else value
