"""A DuckDB connection that can read and write below the given folders and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from dagster_project import memory

# Of queries that take milliseconds, threads that wait for one another cost as much as the work.
ONE_THREAD = {"threads": "1"}


def connect(
    folders: Iterable[Path], spill: Path | None = None, settings: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory connection: no network, no extension loading, no file outside `folders`.

    spill: where what outgrows memory.LIMIT may be written; without it there is no limit. settings:
    further ones of DuckDB's.
    """
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            **({"memory_limit": memory.LIMIT} if spill else {}),
            **(settings or {}),
        }
    )
    allowed = ", ".join(literal(str(folder.resolve())) for folder in folders)
    connection.execute(f"set allowed_directories = [{allowed}]")
    # Left alone it would be .tmp in the folder that the command was called in.
    connection.execute(f"set temp_directory = {literal(str(spill.resolve()) if spill else '')}")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
