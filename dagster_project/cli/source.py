"""`kpi source`: raw exports and their mappings."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def source() -> None:
    """Raw exports: look at one and propose its mapping."""


@source.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--project",
    "project_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The project folder; the proposed `files` is then written relative to its data folder.",
)
def inspect(file: Path, project_dir: Path | None) -> None:
    """Look at an unknown export FILE and print a source mapping, to be checked and edited.

    CSV, TSV, NDJSON (each also .gz), xlsx and Parquet. Nothing is written; no value of the file is printed.

    \b
    Example: kpi source inspect data/sfa/deals_20261031.csv > kpi_definitions/sources/deals.yml
    """
    from dagster_project.landing.inspection import inspect_file
    from dagster_project.landing.mapping_yaml import as_yaml

    found = inspect_file(file)
    click.echo(as_yaml(found, _below_data(file, project_dir)), nl=False)


def _below_data(file: Path, project_dir: Path | None) -> str | None:
    if project_dir is None:
        return None
    from dagster_project.project import find_project

    data = find_project(project_dir).data
    resolved = file.resolve()
    if not resolved.is_relative_to(data):
        click.echo(f"{file} is not below the data folder {data}; `files` holds its name only", err=True)
        return None
    return resolved.relative_to(data).as_posix()
