"""project.yml and calendar.yml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dagster_project.kpi.spec.base import Bool, Day, LabelField, Number, Spec, Text, Texts

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class LintsSpec(Spec):
    """When a remark is made on goals and their KPIs; none of them stops anything."""

    kpis_note: int = Field(3, ge=1, description="more KPIs a team and goal: a note")
    kpis_warning: int = Field(5, ge=1, description="more KPIs a team and goal: a warning")
    stretch: Number = Field(0.9, ge=0, le=1, description="a target harder than this share of the history")
    too_easy: Number = Field(0.5, ge=0, le=1, description="a target harder only than less of the history")


class ProjectSpec(Spec):
    """project.yml"""

    name: Text = Field("shirube", description="the company's short name")
    label: LabelField | None = Field(None, description="its name for people, in Japanese and English")
    synthetic: Bool = Field(False, description="made-up data: said wherever it is shown")
    currency: Text = Field("JPY", description="ISO currency of money columns that name none")
    language: Literal["ja", "en"] = Field("ja", description="of the report and the terminal")
    data: Text = Field("data", description="folder of the raw exports, relative to the project")
    outputs: Text = Field("outputs", description="folder of the publications, relative to the project")
    as_of: Literal["yesterday", "latest_data"] = Field(
        "yesterday",
        description=(
            "what the last complete day of a run is: the day before today, or the last day that the data "
            "cover"
        ),
    )
    lints: LintsSpec = Field(default_factory=LintsSpec, description="limits of remarks on goals")
    forecasters: Texts = Field(
        default_factory=list,
        description="further models of sums: AutoETS, AutoTheta, MSTL, models/mine.py:Class, package:Class",
    )


class ClosedSpec(Spec):
    """Days that are no business days, besides public holidays."""

    weekdays: list[Weekday] = Field(default_factory=list, description="closed every week on these")
    yearly: Text | None = Field(None, pattern=r"^\d{2}-\d{2}(\.\.\d{2}-\d{2})?$", description="12-29..01-03")
    dates: list[Day] = Field(default_factory=list, description="closed on these days, as 2026-08-13")
    name: Text | None = Field(None, description="what the days are called, for people")


class CalendarSpec(Spec):
    """calendar.yml"""

    timezone: Text = Field(
        "Asia/Tokyo", description="IANA zone in which days begin and end, such as Asia/Tokyo"
    )
    fiscal_year_starts: Literal[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ] = Field("April", description="month in which the fiscal year begins; quarters and halves follow it")
    week_starts: Literal["monday", "sunday"] = Field("monday", description="first day of a week")
    holidays: Text | None = Field("JP", description="country code of the public holidays")
    closed: list[ClosedSpec] = Field(
        default_factory=list, description="days without business, besides public holidays"
    )
    open: list[Day] = Field(default_factory=list, description="business days all the same")
