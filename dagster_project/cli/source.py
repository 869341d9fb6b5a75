"""`kpi source`: raw exports and their mappings, own and shipped."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def source() -> None:
    """Raw exports: look at one and propose its mapping, or take a shipped one."""


@source.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--project",
    "project_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The project folder; the proposed `files` is then written relative to its data folder.",
)
@click.pass_context
def inspect(ctx: click.Context, file: Path, project_dir: Path | None) -> None:
    """Look at an unknown export FILE and print a source mapping, to be checked and edited.

    CSV, TSV, NDJSON (each also .gz), xlsx and Parquet. Nothing is written; no value of the file is printed.

    \b
    Example: kpi source inspect data/sfa/deals_20261031.csv > kpi_definitions/sources/deals.yml
    """
    from dagster_project.landing.inspection import inspect_file
    from dagster_project.landing.mapping_yaml import as_yaml

    found = inspect_file(file)
    # Of the whole command line, the group takes --project wherever it stands.
    given = project_dir or ctx.find_root().meta.get("project")
    click.echo(as_yaml(found, _below_data(file, Path(given) if given else None)), nl=False)


@source.command("mapping")
@click.argument("name", required=False)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it there; never over a file."
)
def mapping(name: str | None, output: Path | None) -> None:
    """List the shipped mappings of real systems, or print the mapping NAME: its sources and entities.

    \b
    Example: kpi source mapping salesforce --output kpi_definitions/sources/salesforce.yml
    """
    from dagster_project.kpi.issues import suggest
    from dagster_project.mappings import mapping_text, shipped_mappings

    shipped = shipped_mappings()
    if name is None:
        if output is not None:
            raise click.UsageError("--output needs the name of a mapping")
        width = max(map(len, shipped))
        for each, about in shipped.items():
            click.echo(f"{each:<{width}}  {about}")
        return
    if name not in shipped:
        hint = suggest(name, shipped) or f"shipped: {', '.join(shipped)}"
        raise click.UsageError(f"no mapping '{name}' is shipped; {hint}")
    if output is None:
        click.echo(mapping_text(name), nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("x", encoding="utf-8") as file:
            file.write(mapping_text(name))
    except FileExistsError as error:
        raise click.UsageError(
            f"{output} is there already and stays as it is; name another file, or remove it first"
        ) from error
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error.strerror or error}") from error
    click.echo(f"Wrote {output}. Name your exports as its `files:` says, then: kpi check")


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
