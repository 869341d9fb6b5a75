"""`kpi compile`: definitions → dbt models and schema.json, or a check that both are current."""

from __future__ import annotations

import click

from dagster_project.dbt_project import write_dbt_project
from dagster_project.errors import GeneratedFilesStale
from dagster_project.goals.spec import GoalSpec
from dagster_project.kpi.compile.files import compile_project, differences
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.schema import SCHEMA_FILE, schema_text
from dagster_project.project import Project
from dagster_project.valuetests.spec import ValueTestFileSpec


@click.command("compile")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a generated file is not current.")
@click.pass_obj
def compile_(project: Project, check: bool) -> None:
    """Compile the definitions to dbt models, and the language to schema.json."""
    definitions = load_definitions(project.root)
    files = compile_project(definitions)
    schema = project.definitions / SCHEMA_FILE
    if check:
        found = differences(files, project.generated)
        # A project that has only been run has no schema.json yet, and nothing is wrong with that.
        if schema.is_file() and schema.read_text(encoding="utf-8") != schema_text(
            GoalSpec, ValueTestFileSpec
        ):
            found.append(f"stale: {SCHEMA_FILE}")
        if found:
            listed = "\n".join(f"  {line}" for line in found)
            raise GeneratedFilesStale(
                f"generated files are not what the definitions say:\n{listed}\nRun: kpi compile"
            )
        click.echo(f"{len(files) + 1} generated files are current.")
        return
    changed = write_dbt_project(project, definitions)
    schema.write_text(schema_text(GoalSpec, ValueTestFileSpec), encoding="utf-8")
    for line in changed:
        click.echo(f"  {line}")
    click.echo(f"{len(files) + 1} files compiled, {len(changed)} changed.")
