"""KPIs computed on the landed rows of a project, in memory: nothing is landed, written or published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import duckdb

from dagster_project.kpi.model import Definitions
from dagster_project.landing.expose import expose
from dagster_project.project import Project
from dagster_project.publish.engine import connect
from dagster_project.sandbox.build import build


@contextmanager
def built(
    project: Project, definitions: Definitions, as_of: date, known_at: datetime | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with kpi_daily and kpi_period of these definitions, as of that day; `known_at`
    leaves out what arrived later.

    Raises duckdb.Error where a model is refused, as when a source was landed under another mapping.
    """
    with connect([project.landing]) as connection:
        expose(
            connection, project.landing, definitions.sources, definitions.calendar, as_of, "sandbox", known_at
        )
        build(connection, definitions)
        yield connection
