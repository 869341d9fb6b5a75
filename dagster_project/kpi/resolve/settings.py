"""project.yml and calendar.yml, resolved."""

from __future__ import annotations

import zoneinfo

from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import CalendarRules, ProjectSettings
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.spec.settings import MONTHS, WEEKDAYS, CalendarSpec, ProjectSpec


def resolve_project(written: Written[ProjectSpec]) -> ProjectSettings:
    spec = written.spec
    return ProjectSettings(
        name=spec.name,
        label=resolve_label(spec.label, spec.name),
        synthetic=spec.synthetic,
        currency=spec.currency,
        language=spec.language,
        data=spec.data,
        outputs=spec.outputs,
        as_of=spec.as_of,
    )


def resolve_calendar(written: Written[CalendarSpec]) -> tuple[CalendarRules, list[Issue]]:
    spec = written.spec
    issues = []
    try:
        zoneinfo.ZoneInfo(spec.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        issues.append(
            written.issue(("timezone",), f"no time zone '{spec.timezone}'", "name one such as Asia/Tokyo")
        )
    yearly = []
    for closed in spec.closed:
        if closed.yearly is not None:
            first, _, last = closed.yearly.partition("..")
            yearly.append((first, last or first, closed.name or ""))
    return CalendarRules(
        timezone=spec.timezone,
        fiscal_start_month=MONTHS.index(spec.fiscal_year_starts) + 1,
        week_start=spec.week_starts,
        holidays=spec.holidays,
        closed_weekdays=tuple(sorted({WEEKDAYS.index(day) for item in spec.closed for day in item.weekdays})),
        closed_yearly=tuple(yearly),
        closed_dates=tuple((day, item.name or "") for item in spec.closed for day in item.dates),
        open_dates=tuple(spec.open),
    ), issues
