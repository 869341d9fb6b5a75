"""`kpi query`: values of KPIs out of the publication in force."""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import click

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Grain
from dagster_project.project import Project

COLUMNS = (
    "period",
    "kpi",
    "dimension",
    "segment",
    "value",
    "unit",
    "data_status",
    "status_reason",
    "data_through",
)


@click.command()
@click.argument("kpis", nargs=-1, required=True, metavar="KPI...")
@click.option("--grain", type=click.Choice(get_args(Grain)), default="month", show_default=True)
@click.option("--by", metavar="DIMENSION", help="Split by this dimension; default: the total.")
@click.option(
    "--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="Periods that begin on this day or later."
)
@click.option(
    "--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Periods that begin on this day or earlier."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.pass_obj
def query(
    project: Project,
    kpis: tuple[str, ...],
    grain: str,
    by: str | None,
    start: datetime | None,
    end: datetime | None,
    form: str,
) -> None:
    """Print the values of KPIs, as published.

    csv and json print fractions as stored (0.2), the table as 20 %. Exit 2 for a KPI, dimension or
    grain that the publication lacks.
    """
    rows = published_values(
        project, kpis, grain, by, start.date() if start else None, end.date() if end else None
    )
    if form == "json":
        records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        click.echo(json.dumps(records, ensure_ascii=False, default=str))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    else:
        _print_table(rows)


def published_values(
    project: Project, kpis: tuple[str, ...], grain: str, by: str | None, start: date | None, end: date | None
) -> list[tuple[Any, ...]]:
    """Rows in the order of COLUMNS, from one publication.

    Raises NothingPublished, or UsageError for names that are not in it.
    """
    from dagster_project.publish.engine import connect

    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    folder = project.current.resolve()  # once: a publication in between must not mix two
    with connect([folder]) as connection:
        kpis = _known_names(connection, folder, kpis, by)
        daily = grain == "day"
        if not daily:
            _refuse_grain(connection, folder, kpis, grain)
        period = "date" if daily else "period_start"
        found = connection.execute(
            f"""
            select {period}, kpi, dimension, segment, value, unit, data_status, status_reason, data_through
            from read_parquet($file)
            where list_contains($kpis, kpi)
                and dimension = $dimension
                {"" if daily else "and grain = $grain"}
                and {period} between coalesce($start, {period}) and coalesce($end, {period})
            order by list_position($kpis, kpi), {period}, segment
            """,
            {
                "file": str(folder / ("kpi_daily.parquet" if daily else "kpi_period.parquet")),
                "kpis": list(kpis),
                "dimension": by or "total",
                "start": start,
                "end": end,
                **({} if daily else {"grain": grain}),
            },
        )
        return found.fetchall()


def _known_names(connection: Any, folder: Path, kpis: tuple[str, ...], by: str | None) -> tuple[str, ...]:
    """The names that the publication knows these KPIs by; an old name is followed, and said on stderr."""
    catalog = [str(folder / "kpi_catalog.parquet")]
    rows = connection.execute("select * from read_parquet(?)", catalog).to_arrow_table().to_pylist()
    # a publication from before old names were kept lacks the column
    known = {row["kpi"]: [old for old in (row.get("formerly") or "").split(", ") if old] for row in rows}
    followed = {old: name for name, old_names in known.items() for old in old_names}
    found = []
    for name in kpis:
        if name not in known and name in followed:
            click.echo(f"'{name}' is called '{followed[name]}' now.", err=True)
        elif name not in known:
            hint = suggest(name, known)
            raise UsageError(f"no KPI '{name}' in the publication" + (f"; {hint}" if hint else ""))
        found.append(name if name in known else followed[name])
    if by is not None and by != "total":
        segments = str(folder / "kpi_segments.parquet")
        split = connection.execute("select distinct dimension from read_parquet(?)", [segments]).fetchall()
        dimensions = [row[0] for row in split if row[0] != "total"]
        if by not in dimensions:
            hint = suggest(by, dimensions) or f"known: {', '.join(sorted(dimensions)) or 'none'}"
            raise UsageError(f"no dimension '{by}' in the publication; {hint}")
    return tuple(dict.fromkeys(found))


def _refuse_grain(connection: Any, folder: Path, kpis: tuple[str, ...], grain: str) -> None:
    """A KPI with periods, but none of this length, has no such grain: no rows would read as no data."""
    file = str(folder / "kpi_period.parquet")
    for name in kpis:
        found = connection.execute(
            "select distinct grain from read_parquet(?) where kpi = ?", [file, name]
        ).fetchall()
        grains = {row[0] for row in found}
        if grains and grain not in grains:
            has = ", ".join(one for one in get_args(Grain) if one in grains or one == "day")
            raise UsageError(f"'{name}' has no values by {grain}; it has: {has}")


def _print_table(rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        click.echo("No rows.")
        return
    table = Table(*COLUMNS)
    for row in rows:
        # Text, not markup: a segment called "[red]" is data.
        named = dict(zip(COLUMNS, row, strict=True))
        if named["unit"] == "percent" and named["value"] is not None:
            named |= {"value": f"{named['value'] * 100:,.6g} %", "unit": ""}
        table.add_row(*(Text("" if value is None else _shown(value)) for value in named.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _shown(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
