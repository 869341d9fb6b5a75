"""The checks that block, of the rows that are written and of the files as built: of what is published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.publish.contract import Table, load
from dagster_project.publish.engine import literal
from dagster_project.publish.ordered import Ordered

# Values are sums of doubles in different orders; anything beyond this share of what was summed is a fault.
TOLERANCE = 1e-9
SHOWN = 3


def relation_shape(connection: duckdb.DuckDBPyConnection, table: Table, relation: str) -> list[str]:
    """Missing and wrongly typed columns of an SQL relation; columns beyond the contract are named too."""
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    given = {name: kind for name, kind, *_ in rows}
    wanted = {column.name: column.type for column in table.columns}
    found = [f"{table.name}: column {name} is missing" for name in wanted if name not in given]
    found += [f"{table.name}: column {name} is not in the contract" for name in given if name not in wanted]
    found += [
        f"{table.name}: column {name} is {given[name]}, the contract says {kind}"
        for name, kind in wanted.items()
        if name in given and given[name] != kind
    ]
    return found


def nulls(table: Table, rows: pa.Table) -> list[str]:
    """NULL where none may be."""
    required = [column.name for column in table.columns if not column.nullable]
    return [
        f"{table.name}: column {name} may never be NULL, and is in {rows[name].null_count} rows"
        for name in required
        if rows[name].null_count
    ]


def repeated_keys(rows: Ordered) -> list[str]:
    """Keys that occur more than once, in the very rows that are written."""
    found = []
    for key, count in rows.repeated(SHOWN):
        shown = ", ".join(f"{name}={value}" for name, value in key.items())
        found.append(f"{rows.table.name}: the key {shown} occurs {count} times")
    return found


def one_publication(
    connection: duckdb.DuckDBPyConnection, folder: Path, run_id: str, as_of: date
) -> list[str]:
    """Every table is of this run: one row of publication, and no row computed by another run."""
    found = []
    rows = connection.execute(
        f"select publication_id, as_of from {parquet(folder, 'publication')}"
    ).fetchall()
    if rows != [(run_id, as_of)]:
        found.append(f"publication: must be the one row of {run_id} as of {as_of}, is {rows}")
    for table in load().tables:
        if not table.one_run:
            continue
        others = connection.execute(
            f"select computed_run_id, count(*) from {parquet(folder, table.name)} "
            "where computed_run_id <> ? group by all order by all",
            [run_id],
        ).fetchall()
        found += [
            f"{table.name}: {count} rows were computed by run {other}, not {run_id}"
            for other, count in others
        ]
    return found


def reconciliation(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Days of a complete month add up to the month, segments to the total, for the KPIs that add."""
    daily, period = parquet(folder, "kpi_daily"), parquet(folder, "kpi_period")
    return [
        *_months_are_their_days(connection, daily, period),
        *_totals_are_their_segments(connection, "kpi_daily", daily, "date"),
        *_totals_are_their_segments(connection, "kpi_period", period, "period_start", also="grain"),
    ]


def _months_are_their_days(connection: duckdb.DuckDBPyConnection, daily: str, period: str) -> list[str]:
    return _named(
        connection,
        f"""
        with months as (
            select period_start, kpi, value
            from {period}
            where grain = 'month' and is_complete and sums_over_days and dimension = 'total'
                -- a KPI whose definition leaves out the grain day has no days to add
                and kpi in (select kpi from {daily})
        ),
        days as (
            select date_trunc('month', date)::date as period_start, kpi,
                sum(value) as value, sum(abs(value)) as magnitude
            from {daily}
            where sums_over_days and dimension = 'total'
            group by 1, 2
        )
        select 'kpi_period: ' || kpi || ' of the month ' || period_start || ' is '
            || coalesce(months.value, 0) || ', its days add up to ' || coalesce(days.value, 0)
        from months left join days using (period_start, kpi)
        where abs(coalesce(months.value, 0) - coalesce(days.value, 0))
            > {TOLERANCE} * (1 + coalesce(days.magnitude, 0))
        order by period_start, kpi
        """,
    )


def _totals_are_their_segments(
    connection: duckdb.DuckDBPyConnection, name: str, relation: str, day: str, also: str = ""
) -> list[str]:
    # A dimension without any row in a period is a sum of 0 there: segments are sparse.
    slot = f"{also}, {day}, kpi" if also else f"{day}, kpi"
    return _named(
        connection,
        f"""
        with totals as (
            select {slot}, value from {relation}
            where sums_over_segments and dimension = 'total' and value is not null
        ),
        splits as (
            select distinct kpi, dimension from {relation} where dimension <> 'total' and sums_over_segments
        ),
        parts as (
            select {slot}, dimension, sum(value) as value, sum(abs(value)) as magnitude
            from {relation}
            where sums_over_segments and dimension <> 'total'
            group by {slot}, dimension
        )
        select '{name}: ' || kpi || ' on ' || {day} || ' is ' || totals.value || ', its segments of '
            || splits.dimension || ' add up to ' || coalesce(parts.value, 0)
        from totals
        inner join splits using (kpi)
        left join parts using ({slot}, dimension)
        where abs(totals.value - coalesce(parts.value, 0))
            > {TOLERANCE} * (1 + greatest(abs(totals.value), coalesce(parts.magnitude, 0)))
        order by {slot}, dimension
        """,
    )


def _named(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    found = [str(row[0]) for row in connection.execute(query).fetchall()]
    if len(found) > SHOWN:
        return [*found[:SHOWN], f"... and {len(found) - SHOWN} more of the kind"]
    return found


def parquet(folder: Path, table: str) -> str:
    """A published table as an SQL relation."""
    return f"read_parquet({literal(str(folder.resolve() / f'{table}.parquet'))})"
