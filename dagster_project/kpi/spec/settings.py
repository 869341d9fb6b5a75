"""project.yml and calendar.yml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dagster_project.kpi.spec.base import Bool, Day, LabelField, Spec, Text

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


class ProjectSpec(Spec):
    """project.yml"""

    name: Text = "shirube"
    label: LabelField | None = None
    synthetic: Bool = Field(False, description="made-up data: said wherever it is shown")
    currency: Text = "JPY"
    language: Literal["ja", "en"] = "ja"
    data: Text = Field("data", description="folder of the raw exports, relative to the project")
    outputs: Text = "outputs"
    as_of: Literal["yesterday", "latest_data"] = "yesterday"


class ClosedSpec(Spec):
    """Days that are no business days, besides public holidays."""

    weekdays: list[Weekday] = Field(default_factory=list)
    yearly: Text | None = Field(None, pattern=r"^\d{2}-\d{2}(\.\.\d{2}-\d{2})?$", description="12-29..01-03")
    dates: list[Day] = Field(default_factory=list)
    name: Text | None = None


class CalendarSpec(Spec):
    """calendar.yml"""

    timezone: Text = "Asia/Tokyo"
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
    ] = "April"
    week_starts: Literal["monday", "sunday"] = "monday"
    holidays: Text | None = Field("JP", description="country code of the public holidays")
    closed: list[ClosedSpec] = Field(default_factory=list)
    open: list[Day] = Field(default_factory=list, description="business days all the same")
