"""What the publication in force says of a period before: the figures that a new goal begins with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow.parquet as pq

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.templates.new import History
from dagster_project.goals.templates.template import Binding, Template
from dagster_project.project import Project
from dagster_project.publish.checks import parquet
from dagster_project.publish.engine import connect


def published_as_of(project: Project) -> date | None:
    """The day that the publication in force knows; None where there is none."""
    if not project.current.exists():
        return None
    found = pq.read_table(project.current.resolve() / "publication.parquet", columns=["as_of"])
    day: date = found.column("as_of")[0].as_py()
    return day


def history_of(
    project: Project, template: Template, bound: Mapping[str, Binding], period: Period
) -> History | None:
    """What is published of the period a year before, or else of the newest of its kind that was over before.

    None where none was; nodes that have no value there are left out."""
    wanted = {node: bound[node].slice for node in (template.spec.kgi, *template.spec.assumed)}
    folder = project.current.resolve()
    with connect([folder]) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            f"""
            select kpi, dimension, segment, period_start, period_end, value
            from {parquet(folder, "kpi_period")}
            where grain = ? and is_complete and period_start < ? and value is not null
                and list_contains(?, kpi)
            """,
            [period.grain, period.start, [kpi for kpi, _, _ in wanted.values()]],
        ).fetchall()
    before = period.previous_year
    spans = sorted({(start, end) for *_, start, end, _ in rows}, reverse=True)
    spans.sort(key=lambda span: before is None or span[0] != before.start)
    best: History | None = None
    for start, end in spans:
        values = {tuple(row[:3]): row[5] for row in rows if row[3] == start}
        found = {node: values[key] for node, key in wanted.items() if key in values}
        if best is None or len(found) > len(best.values):
            best = History(start, end, found)
    return best
