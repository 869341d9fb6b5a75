"""project.yml and calendar.yml, resolved."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from pathlib import PurePosixPath

from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import CalendarRules, LintLimits, ProjectSettings
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.spec.settings import MONTHS, WEEKDAYS, CalendarSpec, ProjectSpec

BUILT_IN = ("AutoETS", "AutoTheta", "MSTL")  # of statsforecast


def resolve_project(written: Written[ProjectSpec]) -> tuple[ProjectSettings, list[Issue]]:
    spec = written.spec
    issues = []
    outputs = PurePosixPath(spec.outputs.replace("\\", "/"))
    if outputs.is_absolute() or ".." in outputs.parts or re.match(r"[a-zA-Z]:", spec.outputs):
        hint = "name a folder below it, such as outputs"
        issues.append(written.issue(("outputs",), f"'{spec.outputs}' lies outside the project folder", hint))
    if not re.fullmatch(r"[A-Z]{3}", spec.currency):
        issues.append(written.issue(("currency",), f"'{spec.currency}' is no currency code", "such as JPY"))
    for index, name in enumerate(spec.forecasters):
        if name not in BUILT_IN and not re.fullmatch(r"[\w./-]+:\w+", name):
            known = suggest(name, BUILT_IN) or f"known: {', '.join(BUILT_IN)}"
            hint = f"{known}; or name a class: models/mine.py:SameWeekday"
            issues.append(written.issue(("forecasters", index), f"no forecaster '{name}'", hint))
    return ProjectSettings(
        name=spec.name,
        label=resolve_label(spec.label, spec.name),
        synthetic=spec.synthetic,
        currency=spec.currency,
        language=spec.language,
        data=spec.data,
        outputs=spec.outputs,
        as_of=spec.as_of,
        lints=LintLimits(**spec.lints.model_dump()),
        forecasters=tuple(spec.forecasters),
    ), issues


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
            for day in (first, last or first):
                if not _is_day(day):
                    message = f"'{day}' is no day of the year"
                    issues.append(written.issue(("closed",), message, "write month and day: 12-29..01-03"))
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


def _is_day(text: str) -> bool:
    """Whether `text`, MM-DD, is a day of a leap year."""
    try:
        date.fromisoformat(f"2024-{text}")
    except ValueError:
        return False
    return True
