"""Sums that are checked folded are those that SQL says of the rows as they are."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from dagster_project.publish import ordered, reconciled
from dagster_project.publish.contract import empty, load

FIRST = date(2026, 1, 1)
DAYS = 70

TOTALS = """
with totals as (
    select {slot}, value from {table}
    where sums_over_segments and dimension = 'total' and value is not null
),
splits as (select distinct kpi, dimension from {table} where dimension <> 'total' and sums_over_segments),
parts as (
    select {slot}, dimension, sum(value) as value, sum(abs(value)) as magnitude
    from {table} where sums_over_segments and dimension <> 'total'
    group by all
)
select '{table}: ' || kpi || ' on ' || {day} || ' is ' || totals.value || ', its segments of '
    || splits.dimension || ' add up to ' || coalesce(parts.value, 0)
from totals inner join splits using (kpi) left join parts using ({slot}, dimension)
where abs(totals.value - coalesce(parts.value, 0))
    > 1e-9 * (1 + greatest(abs(totals.value), coalesce(parts.magnitude, 0)))
order by {slot}, dimension
"""

MONTHS = """
with sums as (
    select date_trunc('month', date)::date as period_start, kpi,
        sum(value) as value, sum(abs(value)) as magnitude
    from kpi_daily where sums_over_days and dimension = 'total'
    group by all
)
select 'kpi_period: ' || kpi || ' of the month ' || period_start || ' is ' || coalesce(months.value, 0)
    || ', its days add up to ' || coalesce(sums.value, 0)
from kpi_period as months left join sums using (period_start, kpi)
where grain = 'month' and is_complete and sums_over_days and dimension = 'total'
    and kpi in (select kpi from kpi_daily)
    and abs(coalesce(months.value, 0) - coalesce(sums.value, 0)) > 1e-9 * (1 + coalesce(magnitude, 0))
order by period_start, kpi
"""


def filled(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = load().table(name).schema
    return pa.table(
        [pa.array([row.get(field.name) for row in rows], field.type, from_pandas=False) for field in schema],
        schema=pa.schema([field.with_nullable(True) for field in schema]),
    )


def slot_rows(random: np.random.Generator, key: dict[str, Any], kpi: str, adds: bool) -> list[dict[str, Any]]:
    """The rows of a KPI on a day or in a period: mostly right, with what may go wrong here and there."""
    rows, total = [], 0.0
    for dimension in ("channel", "team"):
        parts = [(f"s{at}", float(random.integers(-3, 4))) for at in range(random.integers(1, 4))]
        total = total if rows else sum(value for _, value in parts)
        parts[-1] = (parts[-1][0], parts[-1][1] + total - sum(value for _, value in parts))
        if random.random() < 0.05:
            continue
        for segment, value in parts:
            wrong = random.random()
            given = None if wrong < 0.01 else float("inf") if wrong < 0.015 else value + 2.0**-45
            given = float("nan") if 0.5 < wrong < 0.505 else given
            if wrong < 0.98:
                rows.append({"dimension": dimension, "segment": segment, "value": given})
    rows.append(
        {"dimension": "total", "segment": "total", "value": total if random.random() < 0.97 else None}
    )
    says = {"sums_over_days": adds, "sums_over_segments": adds and random.random() < 0.98}
    return [key | {"kpi": kpi} | row | says for row in rows]


def company(seed: int) -> dict[str, pa.Table]:
    random = np.random.default_rng(seed)
    daily: list[dict[str, Any]] = []
    for day in range(DAYS):
        for kpi in ("deals", "rate", "visits"):
            daily += slot_rows(random, {"date": FIRST + timedelta(days=day)}, kpi, kpi != "rate")
    period: list[dict[str, Any]] = []
    for start in (FIRST, date(2026, 2, 1), date(2026, 3, 1)):
        for kpi in ("deals", "monthly", "rate", "visits"):
            for grain in ("month", "week"):
                is_complete = (
                    [True, False, None][random.integers(0, 3)]
                    if grain == "week"
                    else start < date(2026, 3, 1)
                )
                key = {"grain": grain, "period_start": start, "is_complete": is_complete}
                period += slot_rows(random, key, kpi, kpi != "rate")
    of_months = [
        row["value"] or 0.0
        for row in daily
        if row["kpi"] == "visits" and row["dimension"] == "total" and row["date"] < date(2026, 2, 1)
    ]
    for row in period:
        if row["kpi"] == "visits" and row["dimension"] == "total" and row["period_start"] == FIRST:
            row["value"] = sum(of_months)
    return {"kpi_daily": filled("kpi_daily", daily), "kpi_period": filled("kpi_period", period)}


def found_and_wanted(
    folder: Path, given: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(reconciled, "SHOWN", 10_000)
    wanted: list[str] = []
    with duckdb.connect() as connection:
        for name, rows in given.items():
            table = load().table(name)
            ordered.write(ordered.in_order(table, rows), folder / f"{name}.parquet")
            connection.register(name, rows)
        for sql in (
            MONTHS,
            TOTALS.format(table="kpi_daily", slot="date, kpi", day="date"),
            TOTALS.format(table="kpi_period", slot="grain, period_start, kpi", day="period_start"),
        ):
            wanted += [line for (line,) in connection.execute(sql).fetchall()]
        return reconciled.reconciliation(connection, folder), wanted


@pytest.mark.parametrize("seed", range(6))
def test_what_is_found_is_what_sql_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(ordered, "ROW_GROUP", 100)
    found, wanted = found_and_wanted(tmp_path, company(seed), monkeypatch)
    assert found == wanted
    assert any("of the month" in line for line in wanted)
    assert any("add up to 0.0" in line for line in wanted)


def test_tables_without_rows_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: empty(name) for name in ("kpi_daily", "kpi_period")}
    assert found_and_wanted(tmp_path, given, monkeypatch) == ([], [])
    given["kpi_daily"] = company(0)["kpi_daily"].slice(0, 0)
    given["kpi_period"] = company(0)["kpi_period"]
    found, wanted = found_and_wanted(tmp_path, given, monkeypatch)
    assert found == wanted
