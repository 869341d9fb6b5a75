"""`kpi rows`: the rows behind a published number, with source file and line."""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.model import Definitions, Grain, Kpi
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.trace.rows import Asked, Part

SHOWN = 40


@click.command()
@click.argument("kpi", metavar="KPI")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    metavar="DATE",
    help="The day, or any day of the period.",
)
@click.option("--grain", type=click.Choice(get_args(Grain)), default="day", show_default=True)
@click.option("--where", metavar="DIMENSION=SEGMENT", help="One segment; default: the total.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.pass_obj
def rows(project: Project, kpi: str, day: datetime, grain: Grain, where: str | None, form: str) -> None:
    """Print the rows that a published value counts: key, date, what each counts for, file and line.

    They are computed anew in memory from the landed files that the publication in force was made of. The
    table shows the first 40 of each side; csv and json hold all. Personal columns are never shown.

    Example: kpi rows revenue --date 2026-10-15 --where channel=b2b
    """
    from dagster_project.kpi.load import load_definitions
    from dagster_project.kpi.subset import subset
    from dagster_project.publish.publication import as_of_of, known_moment
    from dagster_project.sandbox.landed import built
    from dagster_project.trace.rows import Asked, parts

    definitions = load_definitions(project.root)
    found = _kpi(definitions, kpi, grain)
    dimension, segment = _segment(found, where)
    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    published = project.current.resolve()
    asked = Asked(found, grain, _start(definitions, day.date(), grain), dimension, segment)
    needed = subset(definitions, [found.name])
    with built(project, needed, as_of_of(published), known_moment(published)) as connection:
        sides = list(parts(connection, needed, asked))
    if where is not None and not any(side.rows for side in sides):
        _refuse_unknown_segment(published, dimension, segment)
    if form == "table":
        _print(published, asked, sides)
    else:
        records = [
            {"side": side.side, "measure": side.measure.name, **dict(zip(side.columns, row, strict=True))}
            for side in sides
            for row in _counting_once(side)
        ]
        _write(records, form)


def _kpi(definitions: Definitions, name: str, grain: str) -> Kpi:
    from dagster_project.kpi.issues import suggest

    by_name = {kpi.name: kpi for kpi in definitions.kpis}
    if name not in by_name:
        hint = suggest(name, by_name)
        raise UsageError(f"no KPI '{name}'" + (f"; {hint}" if hint else ""))
    found = by_name[name]
    if grain not in found.grains:
        raise UsageError(f"'{name}' has no values by {grain}; it has: {', '.join(found.grains)}")
    return found


def _segment(kpi: Kpi, where: str | None) -> tuple[str, str]:
    from dagster_project.kpi.issues import suggest

    if where is None:
        return "total", "total"
    dimension, sign, segment = where.partition("=")
    if not sign:
        raise UsageError(f"'{where}': write --where DIMENSION=SEGMENT, such as team=east")
    if dimension not in kpi.dimensions:
        hint = suggest(dimension, kpi.dimensions) or f"it has: {', '.join(kpi.dimensions) or 'none'}"
        raise UsageError(f"'{kpi.name}' has no dimension '{dimension}'; {hint}")
    return dimension, segment


def _refuse_unknown_segment(published: Path, dimension: str, segment: str) -> None:
    """Only of what has no rows: a segment told under (other) is not published by its name, and has some."""
    from dagster_project.publish.engine import connect

    with connect([published]) as connection:
        found = connection.execute(
            "select distinct segment from read_parquet(?) where dimension = ? order by segment",
            [str(published / "kpi_segments.parquet"), dimension],
        ).fetchall()
    known = [row[0] for row in found]
    if segment not in known:
        raise UsageError(
            f"'{dimension}' has no segment '{segment}'; it has: {', '.join(known[:20]) or 'none'}"
        )


def _start(definitions: Definitions, day: date, grain: Grain) -> date:
    from dagster_project.calendar.fiscal import period_of

    return period_of(day, grain, definitions.calendar).start


def _published_value(published: Path, asked: Asked) -> tuple[Any, ...] | None:
    """(value, unit, numerator, denominator, reason, definition hash) as published."""
    from dagster_project.publish.engine import connect

    daily = asked.grain == "day"
    with connect([published]) as connection:
        return connection.execute(
            f"""
            select value, unit, numerator, denominator, status_reason, definition_hash
            from read_parquet($file)
            where kpi = $kpi and dimension = $dimension and segment = $segment
                and {"date" if daily else "period_start"} = $start {"" if daily else "and grain = $grain"}
            """,
            {
                "file": str(published / ("kpi_daily.parquet" if daily else "kpi_period.parquet")),
                "kpi": asked.kpi.name,
                "dimension": asked.dimension,
                "segment": asked.segment,
                "start": asked.period_start,
                **({} if daily else {"grain": asked.grain}),
            },
        ).fetchone()


def _print(published: Path, asked: Asked, sides: list[Part]) -> None:
    row = _published_value(published, asked)
    split = "" if asked.dimension == "total" else f", {asked.dimension} = {asked.segment}"
    period = "over all time" if asked.grain == "all" else f"{asked.grain} of {asked.period_start}"
    if row is None:
        click.echo(f"{asked.kpi.name}, {period}{split}: no row is published")
    else:
        value, unit, numerator, denominator, reason, definition = row
        shown = f"{_figure(value)} {unit}" if value is not None else f"{reason} {unit}"
        if unit == "percent" and value is not None:
            shown = f"{_figure(value * 100)} %"
        click.echo(f"{asked.kpi.name}, {period}{split}: {shown}")
        if numerator is not None and denominator is not None:
            click.echo(f"  = {_figure(numerator)} / {_figure(denominator)}")
        if definition != asked.kpi.definition_hash:
            click.echo("  ! its definition has changed since; the rows are those of the new one")
    for side in sides:
        _print_side(side)
    if not sides:
        click.echo("No rows: the data do not reach that period.")


def _print_side(side: Part) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    measure = side.measure
    counted = "1 row" if side.counted == 1 else f"{side.counted:,} rows"
    where = f" where {measure.filter}" if measure.filter else ""
    click.echo(
        f"\n{side.side} {measure.name}: {measure.agg} of {measure.sql or 'rows'} of {measure.entity}{where}, "
        f"by {measure.time}, {side.first} to {side.last}: {counted}"
    )
    if side.note:
        click.echo(f"  {side.note}")
    if not side.rows:
        return
    table = Table(*side.columns)
    for row in _counting_once(side)[:SHOWN]:
        # Text, not markup: a key called "[red]" is data.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if len(side.rows) > SHOWN:
        click.echo(f"... and {len(side.rows) - SHOWN:,} more; --format csv prints all")


def _counting_once(side: Part) -> list[tuple[Any, ...]]:
    """The rows, with `counts` on the first line only of one that was made of several: the column adds up."""
    width = len(side.columns) - 2
    told: list[tuple[Any, ...]] = []
    before: tuple[Any, ...] | None = None
    for row in side.rows:  # lines of one row stand together
        again = row[:width] == before
        before = row[:width]
        told.append((*row[: width - 1], None, *row[width:]) if again else row)
    return told


def _write(records: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(records, ensure_ascii=False, default=str))
        return
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(records)


def _figure(value: float) -> str:
    return f"{value:,.10g}"
