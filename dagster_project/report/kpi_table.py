"""All KPIs by department, month by month, as the report shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.report.charts import sparkline
from dagster_project.report.format import format_change, format_value
from dagster_project.report.rows import rows
from dagster_project.report.words import department

MONTHS = 13  # the newest month and the same one a year before


@dataclass(frozen=True)
class KpiRow:
    """A KPI's newest month beside the month and the year before, all cut after equally many days."""

    label: str
    definition: str
    value: str
    data_status: str
    previous: str
    previous_change: str
    previous_good: bool | None
    year_before: str
    year_change: str
    year_good: bool | None
    stretches: list[str]
    last_point: tuple[str, str] | None


@dataclass(frozen=True)
class Department:
    name: str
    kpis: tuple[KpiRow, ...]


@dataclass(frozen=True)
class KpiTable:
    """`month`: first day of the newest month; `through`: the last day of it that counts."""

    month: date
    is_complete: bool
    departments: tuple[Department, ...]


def kpi_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date, language: str
) -> KpiTable | None:
    """The table as of `as_of`; None where no KPI has a month yet."""
    found = rows(
        connection,
        f"""
        with months as (
            select * from {parquet(folder, "kpi_period")}
            where grain = 'month' and dimension = 'total' and period_start <= ?
        ),
        newest as (select max(period_start) as month from months)
        select
            catalog.kpi, catalog.label_ja, catalog.label_en, catalog.department, catalog.direction,
            catalog.within_low, catalog.within_high, catalog.unit, catalog.definition,
            months.period_start, months.value, months.status_reason, months.data_status,
            months.previous_value, months.previous_year_value, months.is_complete, newest.month
        from {parquet(folder, "kpi_catalog")} as catalog
        cross join newest
        left join months
            on catalog.kpi = months.kpi and months.period_start > newest.month - interval {MONTHS} month
        where newest.month is not null and (catalog.retired_on is null or catalog.retired_on > ?)
        order by catalog.sort, catalog.kpi, months.period_start
        """,
        [as_of, as_of],
    )
    if not found:
        return None
    month = found[0]["month"]
    months = [_months_before(month, MONTHS - 1 - n) for n in range(MONTHS)]
    departments: dict[str, list[KpiRow]] = {}
    for kpi in dict.fromkeys(row["kpi"] for row in found):
        own = {row["period_start"]: row for row in found if row["kpi"] == kpi}
        about = next(iter(own.values()))
        kpi_row = _kpi_row(own.get(month), about, [own.get(start) for start in months], language)
        departments.setdefault(about["department"], []).append(kpi_row)
    return KpiTable(
        month=month,
        is_complete=any(row["is_complete"] for row in found if row["period_start"] == month),
        departments=tuple(
            Department(department(name, language), tuple(kpis)) for name, kpis in departments.items()
        ),
    )


def _kpi_row(
    newest: dict[str, Any] | None,
    about: dict[str, Any],
    months: list[dict[str, Any] | None],
    language: str,
) -> KpiRow:
    row = newest or about | {
        "value": None,
        "status_reason": "no_data",
        "data_status": "missing",
        "previous_value": None,
        "previous_year_value": None,
    }
    unit, value = about["unit"], row["value"]
    before, year_before = row["previous_value"], row["previous_year_value"]
    stretches = sparkline([month["value"] if month else None for month in months])
    last = stretches[-1].split(" ")[-1].split(",") if stretches and value is not None else None
    return KpiRow(
        label=about[f"label_{language}"],
        definition=about["definition"],
        value=format_value(value, unit, language, row["status_reason"]),
        data_status=row["data_status"],
        previous=format_value(before, unit, language),
        previous_change=format_change(value, before, unit),
        previous_good=_is_better(value, before, about),
        year_before=format_value(year_before, unit, language),
        year_change=format_change(value, year_before, unit),
        year_good=_is_better(value, year_before, about),
        stretches=stretches,
        last_point=(last[0], last[1]) if last else None,
    )


def _is_better(now: float | None, before: float | None, about: dict[str, Any]) -> bool | None:
    """Whether a change is for the better; None where it is not known, or too small to be shown."""
    if now is None or before is None or format_change(now, before, about["unit"]) in {"0%", "0pt"}:
        return None
    if about["direction"] != "within":
        return (now > before) == (about["direction"] == "up")
    off_now, off_before = _off_band(now, about), _off_band(before, about)
    return None if off_now == off_before else off_now < off_before


def _off_band(value: float, about: dict[str, Any]) -> float:
    low, high = about["within_low"], about["within_high"]
    below = low - value if low is not None else 0.0
    above = value - high if high is not None else 0.0
    return max(0.0, below, above)


def _months_before(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)
