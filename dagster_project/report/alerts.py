"""Alerts that last, as sentences: goals in danger, KPIs off their usual course."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.report.format import format_date, format_probability, format_value
from dagster_project.report.rows import rows


@dataclass(frozen=True)
class Alert:
    """goal: None for a KPI's own course."""

    alert: str
    rule: str
    goal: str | None
    severity: str
    opened_on: date
    sentence: str


def read_alerts(connection: duckdb.DuckDBPyConnection, folder: Path, language: str) -> tuple[Alert, ...]:
    """Those not closed, the severest first, then the newest."""
    found = rows(
        connection,
        f"""
        with trees as (
            select goal, node, any_value(label_{language}) as label from {parquet(folder, "goal_tree")}
            group by all
        )
        select
            alerts.*, coalesce(trees.label, catalog.label_{language}, alerts.node) as label,
            causes.label as cause_label, catalog.unit
        from {parquet(folder, "alerts")} as alerts
        left join trees on trees.goal = alerts.goal and trees.node = alerts.node
        left join trees as causes on causes.goal = alerts.goal and causes.node = alerts.first_cause
        left join {parquet(folder, "kpi_catalog")} as catalog on catalog.kpi = alerts.kpi
        where alerts.closed_on is null
        order by list_position(['high', 'medium', 'low'], severity), opened_on desc, alert
        """,
    )
    return tuple(
        Alert(
            row["alert"],
            row["rule"],
            row["goal"],
            row["severity"],
            row["opened_on"],
            _sentence(row, language),
        )
        for row in found
    )


def _sentence(row: dict[str, object], language: str) -> str:
    ja = language == "ja"
    figures = json.loads(str(row["figures"]))
    opened = row["opened_on"]
    since = format_date(opened, language) if isinstance(opened, date) else ""
    label = row["label"]
    if row["rule"] == "probability":
        now = format_probability(figures["probability"], language)
        cause = row["cause_label"] or row["first_cause"]
        if ja:
            why = f"、最も遅れているのは{cause}" if cause else ""
            return f"{label}: 達成確率が低下しています（{since}から、現在 {now}{why}）。"
        why = f"; {cause} lags most" if cause else ""
        return f"{label}: in danger since {since}, probability now {now}{why}."
    unit = str(row["unit"]) if row["unit"] is not None else None
    value, usual = (format_value(figures[name], unit, language) for name in ("value", "usual"))
    if row["rule"] == "beyond_limits":
        if ja:
            return f"{label}: いつもの範囲を外れています（{since}から、{value}、通常 {usual}）。"
        return f"{label}: beyond its usual limits since {since} ({value}, usually {usual})."
    if ja:
        return f"{label}: 8日以上続けて平均の片側にあります（{since}から、{value}、通常 {usual}）。"
    return f"{label}: eight days or more on one side of its mean since {since} ({value}, usually {usual})."
