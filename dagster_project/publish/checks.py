"""The checks that block, of the rows that are written and of the files as built: of what is published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.publish.contract import Table, load
from dagster_project.publish.engine import literal
from dagster_project.publish.ordered import Ordered

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


def parquet(folder: Path, table: str) -> str:
    """A published table as an SQL relation."""
    return f"read_parquet({literal(str(folder.resolve() / f'{table}.parquet'))})"
