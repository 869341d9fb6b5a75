"""serving.duckdb: the publication as one database file, with wide views for spreadsheets.

Written in DuckDB's storage version 1.0, so that every driver since then reads it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.publish.contract import load
from dagster_project.publish.engine import identifier, literal

FILE = "serving.duckdb"

# view: (table, the column that says when, filter)
WIDE = {
    "kpi_day_wide": ("kpi_daily", "date", "dimension = 'total'"),
    "kpi_month_wide": ("kpi_period", "period_start", "grain = 'month' and dimension = 'total'"),
    "kpi_fiscal_year_wide": ("kpi_period", "period_start", "grain = 'fiscal_year' and dimension = 'total'"),
}


def write(connection: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write `folder`/serving.duckdb from the Parquet files beside it; returns its path."""
    path = folder / FILE
    # DuckDB takes no bound parameter here; `literal` quotes.
    connection.execute(f"attach {literal(str(path.resolve()))} as serving (storage_version 'v1.0.0')")
    # Views keep the unqualified names of this catalog, so that a reader may attach the file under any name.
    connection.execute("use serving")
    # After an error the caller closes the connection; cleaning up here would hide what it was.
    connection.execute("begin")
    for table in load().tables:
        connection.execute(f"create table {table.name} as from {parquet(folder, table.name)}")
        connection.execute(f"comment on table {table.name} is {literal(table.description)}")
        for column in table.columns:
            connection.execute(
                f"comment on column {table.name}.{identifier(column.name)} is {literal(column.description)}"
            )
    for view, (table_name, day, rows) in WIDE.items():
        connection.execute(_wide_view(connection, view, table_name, day, rows))
    connection.execute("commit")
    connection.execute("use memory")
    # Detaching writes the log into the file: a reader finds one file and no .wal beside it.
    connection.execute("detach serving")
    return path


def _wide_view(connection: duckdb.DuckDBPyConnection, view: str, table: str, day: str, rows: str) -> str:
    kpis = [row[0] for row in connection.execute("select kpi from kpi_catalog order by sort, kpi").fetchall()]
    columns = "".join(
        f", max(case when kpi = {literal(kpi)} then value end) as {identifier(kpi)}" for kpi in kpis
    )
    return (
        f"create view {view} as select {day}{columns} from {table} where {rows} group by {day} order by {day}"
    )
