"""serving.duckdb: the publication as one database file, with wide views for spreadsheets.

Written in DuckDB's storage version 1.0, so that every driver since then reads it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dagster_project.publish import carried
from dagster_project.publish.checks import parquet
from dagster_project.publish.contract import Table, load
from dagster_project.publish.engine import ONE_THREAD, identifier, literal

FILE = "serving.duckdb"

# Of each column the size is reckoned for every way to store it; those left out were hardly ever the least.
# What is committed goes into the file and not into a log first: nobody opens it before it is complete.
SETTINGS = ONE_THREAD | {
    "disabled_compression_methods": "fsst,chimp,patas,alprd",
    "wal_autocheckpoint": "0KB",
}

# view: (table, the column that says when, filter)
WIDE = {
    "kpi_day_wide": ("kpi_daily", "date", "dimension = 'total'"),
    "kpi_month_wide": ("kpi_period", "period_start", "grain = 'month' and dimension = 'total'"),
    "kpi_fiscal_year_wide": ("kpi_period", "period_start", "grain = 'fiscal_year' and dimension = 'total'"),
}


def write(connection: duckdb.DuckDBPyConnection, folder: Path, last: Path | None = None) -> Path:
    """Write `folder`/serving.duckdb from the Parquet files beside it; returns its path.

    last: the folder of an earlier publication under the same contract; a copy of its database is brought up
    to date. Without it everything is written anew, to the same rows in the same order.
    """
    path = folder / FILE
    if last is not None:
        shutil.copyfile(last / FILE, path)
    # DuckDB takes no bound parameter here; `literal` quotes.
    connection.execute(f"attach {literal(str(path.resolve()))} as serving (storage_version 'v1.0.0')")
    # Views keep the unqualified names of this catalog, so that a reader may attach the file under any name.
    connection.execute("use serving")
    # After an error the caller closes the connection; cleaning up here would hide what it was.
    connection.execute("begin")
    one_value: list[tuple[Table, str, Any]] = []
    for table in load().tables:
        if last is None:
            _create(connection, folder, table)
        else:
            found = _bring_up_to_date(connection, last, folder, table)
            one_value += [(table, column, value) for column, value in found.items()]
    for view, (table_name, day, rows) in WIDE.items():
        connection.execute(_wide_view(connection, view, table_name, day, rows))
    connection.execute("commit")
    # A transaction of its own: a table whose rows it changed, it can't alter.
    connection.execute("begin")
    for table, column, value in one_value:
        _set_whole(connection, table, column, value)
    connection.execute("commit")
    connection.execute("use memory")
    # Detaching writes the log into the file: a reader finds one file and no .wal beside it.
    connection.execute("detach serving")
    return path


def _create(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> None:
    connection.execute(f"create table {table.name} as from {parquet(folder, table.name)}")
    connection.execute(f"comment on table {table.name} is {literal(table.description)}")
    for column in table.columns:
        connection.execute(
            f"comment on column {table.name}.{identifier(column.name)} is {literal(column.description)}"
        )


def _bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, last: Path, folder: Path, table: Table
) -> dict[str, Any]:
    """Make the table, as published in `last`, that of `folder`; its rows stay in the order of the key.

    Left to be set are the columns that are returned, with the one value that each has in all rows.
    """
    name = table.name
    before, after = last / f"{name}.parquet", folder / f"{name}.parquet"
    if carried.is_same(before, after):
        return {}
    change = carried.compare(table, before, after) if _is_in_order(connection, name) else None
    if change is None:
        connection.execute(f"delete from {name}")
        connection.execute(f"insert into {name} from {parquet(folder, name)}")
        return {}
    connection.execute(f"delete from {name} where rowid >= {change.kept}")
    one_value = change.one_value
    # a column at a time: one that is as it was is not written again
    for column, values in change.columns.items():
        if column not in one_value:
            _set_places(connection, name, column, values)
    if change.added.num_rows:
        connection.register("added", change.added)
        connection.execute(f"insert into {name} from added")
        connection.unregister("added")
    return one_value


def _is_in_order(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether rows are numbered from 0 without a gap, so that a row's number is its place in the file."""
    (found,) = connection.execute(f"select count(*) = coalesce(max(rowid) + 1, 0) from {name}").fetchall()
    return bool(found[0])


def _set_whole(connection: duckdb.DuckDBPyConnection, table: Table, column: str, value: object) -> None:
    """Give every row one value: as another column in the place of the old one, which is a fraction of the
    work of updating it."""
    (kind,) = (known.type for known in table.columns if known.name == column)
    text = "null" if value is None else literal(str(value))
    connection.execute(
        f"alter table {table.name} alter {identifier(column)} set data type {kind} using {text}::{kind}"
    )


def _set_places(connection: duckdb.DuckDBPyConnection, name: str, column: str, values: pa.Table) -> None:
    """Give rows the value that `values` have for their place."""
    connection.register("changed", values)
    connection.execute(
        f"update {name} set {identifier(column)} = changed.{identifier(column)} "
        f"from changed where {name}.rowid = changed.{carried.PLACE}"
    )
    connection.unregister("changed")


def _wide_view(connection: duckdb.DuckDBPyConnection, view: str, table: str, day: str, rows: str) -> str:
    kpis = [row[0] for row in connection.execute("select kpi from kpi_catalog order by sort, kpi").fetchall()]
    columns = "".join(
        f", max(case when kpi = {literal(kpi)} then value end) as {identifier(kpi)}" for kpi in kpis
    )
    return (
        f"create or replace view {view} as "
        f"select {day}{columns} from {table} where {rows} group by {day} order by {day}"
    )
