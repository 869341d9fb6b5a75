"""What the last build left and tonight's would make again: it stays as it is.

A view stays while its SQL does; a table or a test that passed, while all that it reads does too. What a model
that is written in parts comes to can't be told from what it reads, so that all below it is built each night.

The record lies in the warehouse, beside what it is about. Of whatever is built it is taken away before the
build begins and put back once that node is done: after a kill or a failure it is built again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

import duckdb

from dagster_project import warehouse
from dagster_project.landing.expose import SourceInForce, reads, view_sql
from dagster_project.project import Project

VIEW, TABLE, TEST = "view", "table", "test"
READS_UNTOLD = "macro.shirube.kept_rows"  # what it reads is none of the model's refs
WRITTEN_BY_RUN = ("landing", "night", "definitions")  # the schemas of dbt's sources


@dataclass(frozen=True)
class Kept:
    """nodes: unique ids that stay as they are. made_of: unique id → digest, of all that may stay tomorrow."""

    nodes: frozenset[str]
    made_of: Mapping[str, str]


def made_of(manifest: Mapping[str, Any], code: str, contents: Mapping[str, str]) -> dict[str, str]:
    """Unique id → digest of all that the node's result depends on; without those of which that is not known.

    code: digest of every node's SQL and of the columns of sources. contents: source → digest of its rows.
    """
    nodes: Mapping[str, Any] = manifest["nodes"]
    known: dict[str, str | None] = dict(contents)

    def content(unique_id: str) -> str | None:
        if unique_id not in known:
            node = nodes.get(unique_id)
            read = (
                [content(name) for name in node["depends_on"]["nodes"]] if node and _tells(node) else [None]
            )
            known[unique_id] = None if None in read else _digest([code, unique_id, read])
        return known[unique_id]

    found = {}
    for unique_id, node in nodes.items():
        is_view = node["resource_type"] == "model" and node["config"]["materialized"] == VIEW
        digest = _digest([code, unique_id]) if is_view else content(unique_id)
        if digest is not None and node["resource_type"] in ("model", "test"):
            found[unique_id] = digest
    return found


def _tells(node: Mapping[str, Any]) -> bool:
    """Whether what the node comes to hangs on its SQL and its refs alone."""
    is_known = node["config"]["materialized"] in (VIEW, TABLE, TEST)
    return is_known and READS_UNTOLD not in node["depends_on"].get("macros", ())


def begin(
    project: Project,
    manifest: Mapping[str, Any],
    parsed: str,
    states: Sequence[SourceInForce],
    as_of: date,
    *,
    anew: bool,
) -> Kept:
    """What stays tonight; the record of all else is taken away. To be called when every source is written.

    parsed: digest of all that dbt parsed. states: the sources' files that count tonight. anew: nothing stays,
    and nothing will be known of it.
    """
    with warehouse.opened(project) as connection:
        connection.execute("create schema if not exists built")
        connection.execute("create table if not exists built.nodes (node varchar, made_of varchar)")
        if anew:
            connection.execute("delete from built.nodes")
            return Kept(frozenset(), {})
        contents = _rows_of_sources(connection, manifest) | _files_of_exports(
            project, manifest, states, as_of
        )
        now = made_of(manifest, _code(connection, parsed), contents)
        before = dict(connection.execute("select node, made_of from built.nodes").fetchall())
        there = _relations(connection)
        stays = frozenset(
            unique_id
            for unique_id, digest in now.items()
            if before.get(unique_id) == digest and _is_there(manifest["nodes"][unique_id], there)
        )
        connection.execute("delete from built.nodes where not list_contains($1, node)", [sorted(stays)])
    return Kept(stays, now)


def finish(project: Project, kept: Kept, succeeded: Iterable[str]) -> None:
    """Record the nodes that were built or passed, by unique id."""
    rows = [(node, kept.made_of[node]) for node in succeeded if node in kept.made_of]
    with warehouse.opened(project) as connection:
        warehouse.insert(connection, "built.nodes", ("varchar", "varchar"), rows)


def _code(connection: duckdb.DuckDBPyConnection, parsed: str) -> str:
    columns = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where list_contains($1, schema_name) order by all",
        [WRITTEN_BY_RUN],
    ).fetchall()
    return _digest([parsed, version("shirube"), duckdb.__version__, columns])


def _rows_of_sources(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Of the sources that are tables of the warehouse."""
    tables = {
        unique_id: f'"{source["schema"]}"."{source["identifier"]}"'
        for unique_id, source in manifest["sources"].items()
        if source["schema"] != "landing"
    }
    if not tables:
        return {}
    selects = [
        f"select '{unique_id}', concat_ws(' ', count(*), sum(hash(told))) from {table} as told"
        for unique_id, table in tables.items()
    ]
    return dict(connection.execute(" union all ".join(selects)).fetchall())


def _files_of_exports(
    project: Project, manifest: Mapping[str, Any], states: Sequence[SourceInForce], as_of: date
) -> dict[str, str]:
    """Of the sources that are landed files. A file's name does not tell its content: the export's digest and
    mapping do."""
    found = {}
    for state in states:
        files = [(use.entry.sha256, use.entry.mapping_hash) for use, _ in reads(state, as_of)]
        found[state.source.name] = _digest([view_sql(state, project.landing, as_of), files])
    return {
        unique_id: found[source["name"]]
        for unique_id, source in manifest["sources"].items()
        if source["schema"] == "landing" and source["name"] in found
    }


def _relations(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(name, kind) of the tables and views in schema main."""
    rows: Sequence[tuple[str, str]] = connection.execute(
        "select table_name, if(table_type = 'VIEW', $1, $2) from information_schema.tables "
        "where table_schema = 'main'",
        [VIEW, TABLE],
    ).fetchall()
    return set(rows)


def _is_there(node: Mapping[str, Any], there: set[tuple[str, str]]) -> bool:
    return node["resource_type"] == "test" or (node["alias"], node["config"]["materialized"]) in there


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:32]
