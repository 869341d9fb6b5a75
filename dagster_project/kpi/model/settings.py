"""The project and its calendar, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from dagster_project.kpi.model.words import Label


@dataclass(frozen=True)
class CalendarRules:
    """calendar.yml: the zone of a day, the fiscal year, and which days are business days."""

    timezone: str = "Asia/Tokyo"
    fiscal_start_month: int = 4
    week_start: Literal["monday", "sunday"] = "monday"
    holidays: str | None = "JP"
    closed_weekdays: tuple[int, ...] = (5, 6)  # Monday is 0
    closed_yearly: tuple[tuple[str, str, str], ...] = ()  # ("12-29", "01-03", "年末年始"), both ends in
    closed_dates: tuple[tuple[date, str], ...] = ()
    open_dates: tuple[date, ...] = ()


@dataclass(frozen=True)
class LintLimits:
    """When a goal gets a remark: KPIs a team, and shares of the history that a target is harder than."""

    kpis_note: int = 3
    kpis_warning: int = 5
    stretch: float = 0.9
    too_easy: float = 0.5


@dataclass(frozen=True)
class ProjectSettings:
    """project.yml. Folders are relative to the project folder."""

    name: str = "shirube"
    label: Label = Label("", "")
    synthetic: bool = False
    currency: str = "JPY"
    language: Literal["ja", "en"] = "ja"
    data: str = "data"
    outputs: str = "outputs"
    as_of: Literal["yesterday", "latest_data"] = "yesterday"
    lints: LintLimits = LintLimits()
    forecasters: tuple[str, ...] = ()
