"""The working DuckDB file: opened hardened, by the run alone, and disposable.

Everything in it is rebuilt from landed files: one that can't be opened is put aside and a new one begun.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import memory
from dagster_project.errors import Busy
from dagster_project.project import Project

Rows = tuple[Sequence[tuple[str, str]], Sequence[Sequence[Any]]]  # (column, SQL type) and the rows' values

# The same as in dbt/profiles.yml: one process may open a DuckDB file twice only with equal settings.
# Its form is one that DuckDB before 1.5 can't read, as nobody else opens the file: text is written faster so.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": memory.LIMIT,
    "threads": memory.THREADS,
    "preserve_insertion_order": "false",
    "storage_compatibility_version": "v1.5.0",
}

_open: dict[Path, duckdb.DuckDBPyConnection] = {}


@contextmanager
def opened(project: Project, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, able to read landed files and nothing else of this machine.

    Within itself it opens nothing again: to read the catalogue of a file and to bring it up to date takes
    longer than most of what is asked of it. There `read_only` is as it was outside.
    Raises Busy where another process has it open.
    """
    if (outside := _open.get(project.warehouse)) is not None:
        with outside.cursor() as connection:
            yield connection
        return
    project.warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(project.warehouse), read_only=read_only, config=SETTINGS)
    except duckdb.IOException as error:
        if _is_locked(error):
            raise Busy(_who_has_it(project.warehouse, error)) from error
        raise
    try:
        # not in the configuration above: DuckDB takes the folders only once the database is open
        folder = str(project.landing.resolve()).replace("'", "''")
        connection.execute(f"set allowed_directories = ['{folder}']")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        _open[project.warehouse] = connection
        yield connection
    finally:
        _open.pop(project.warehouse, None)
        connection.close()


def make_ready(project: Project) -> str | None:
    """See that the warehouse can be opened and written; returns what was done about one that can't.

    A broken file and a write-ahead log that a killed run left are kept under .kpi/broken, never deleted.
    Raises Busy where another process has it open.
    """
    if not project.warehouse.exists():
        # a log whose database is gone belongs to nothing that could be opened again
        return put_aside(project) if _log(project.warehouse).exists() else None
    if _log(project.warehouse).exists():
        # of a killed run: DuckDB replays what it can read of it, and removes it
        shutil.copy2(_log(project.warehouse), _kept(project))
    try:
        with opened(project) as connection:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        put_aside(project)
        return f"{project.warehouse.name} could not be opened and is rebuilt from the landed files: {reason}"
    return None


def put_aside(project: Project) -> str:
    """Move the warehouse and its log to .kpi/broken, in place of what was kept there before."""
    kept = _kept(project)
    for path in (project.warehouse, _log(project.warehouse)):
        if path.exists():
            shutil.move(str(path), str(kept / path.name))
    return f"the old {project.warehouse.name} is kept in {kept}"


def remove(project: Project) -> None:
    """Delete the warehouse, so that this run rebuilds everything from the landed files."""
    for path in (project.warehouse, _log(project.warehouse)):
        path.unlink(missing_ok=True)


def write_tables(project: Project, schema: str, tables: Mapping[str, Rows]) -> None:
    """Replace these tables of `schema`, in one transaction; values are bound, never part of SQL text."""
    with opened(project) as connection:
        connection.execute("begin")
        connection.execute(f"create schema if not exists {_identifier(schema)}")
        for name, (columns, rows) in tables.items():
            relation = f"{_identifier(schema)}.{_identifier(name)}"
            declared = ", ".join(f"{_identifier(column)} {kind}" for column, kind in columns)
            connection.execute(f"create or replace table {relation} ({declared})")
            insert(connection, relation, [kind for _, kind in columns], rows)
        connection.execute("commit")


def insert(
    connection: duckdb.DuckDBPyConnection, relation: str, kinds: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Append rows, their values bound column by column: row by row costs fifty times as much.

    relation: a name that is quoted where it has to be. kinds: the SQL type of each column.
    """
    if rows:
        columns = ", ".join(f"unnest(?::{kind}[])" for kind in kinds)
        connection.execute(
            f"insert into {relation} select {columns}", [list(c) for c in zip(*rows, strict=True)]
        )


def _kept(project: Project) -> Path:
    folder = project.work / "broken"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _log(warehouse: Path) -> Path:
    return warehouse.with_name(warehouse.name + ".wal")


def _is_locked(error: duckdb.Error) -> bool:
    return "Could not set lock" in str(error) or "being used by another process" in str(error)


def _who_has_it(warehouse: Path, error: duckdb.Error) -> str:
    return (
        f"{warehouse} is open in another program ({str(error).splitlines()[0]}). "
        "Close it: readers open outputs/current/serving.duckdb instead."
    )


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
