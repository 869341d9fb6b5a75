"""Definitions and landed rows in a DuckDB connection → kpi_daily and kpi_period in it, as dbt builds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import duckdb

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.metadata import rows
from dagster_project.kpi.model import Definitions
from dagster_project.sandbox.render import Model, hand_written, render

TABLES = ("kpi_daily", "kpi_period")


def build(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Makes the tables TABLES of schema main for the KPIs of `definitions`.

    The connection has the schema `landing` (a relation a source) and `night`; `definitions` is written anew.
    Raises duckdb.Error, with the model's name, for SQL that DuckDB refuses.
    """
    write_definitions(connection, definitions)
    for model in ordered(definitions):
        try:
            connection.execute(f'create or replace {model.materialized} main."{model.name}" as {model.sql}')
        except duckdb.Error as error:
            raise type(error)(f"model {model.name}: {error}") from error


def write_definitions(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """The schema `definitions`, one statement a table; values are bound, never part of SQL text."""
    connection.execute("create schema if not exists definitions")
    for name, (columns, values) in rows(definitions).items():
        declared = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        connection.execute(f'create or replace table definitions."{name}" ({declared})')
        if values:
            row = "(" + ", ".join("?" for _ in columns) + ")"
            marks = ", ".join([row] * len(values))
            bound = [value for line in values for value in line]
            connection.execute(f'insert into definitions."{name}" values {marks}', bound)


def ordered(definitions: Definitions, wanted: Sequence[str] = TABLES) -> list[Model]:
    """The models that the wanted ones are built from, each after those that it reads."""
    generated = {
        PurePosixPath(path).stem: text
        for path, text in compile_project(definitions).items()
        if path.endswith(".sql")
    }
    found: dict[str, Model] = {}
    done: list[Model] = []

    def visit(name: str) -> None:
        if name in found:
            return
        text = generated.get(name)
        found[name] = render(name, text or hand_written()[name].read_text(encoding="utf-8"))
        for other in found[name].reads:
            visit(other)
        done.append(found[name])

    for name in wanted:
        visit(name)
    return done
