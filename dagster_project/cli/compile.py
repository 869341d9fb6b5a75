"""`kpi compile`: definitions → dbt models, schema.json and the catalogue, or a check that all are current."""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.dbt_project import write_dbt_project
from dagster_project.errors import GeneratedFilesStale
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.kpi.catalogue.page import catalogue_pages
from dagster_project.kpi.compile.files import compile_project, differences
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.kpi.schema import SCHEMA_FILE, schema_text
from dagster_project.project import Project
from dagster_project.valuetests.spec import ValueTestFileSpec


@click.command("compile")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a generated file is not current.")
@click.pass_obj
def compile_(project: Project, check: bool) -> None:
    """Compile the definitions to dbt models and the KPI catalogue, and the language to schema.json."""
    definitions = load_definitions(project.root)
    models = compile_project(definitions)
    pages = _pages(project, definitions)
    if check:
        found = differences(models, project.generated)
        # A project that has only been run has no such files yet, and nothing is wrong with that.
        found += [f"stale: {_shown(path, project)}" for path, text in pages.items() if _is_stale(path, text)]
        if found:
            listed = "\n".join(f"  {line}" for line in found)
            raise GeneratedFilesStale(
                f"generated files are not what the definitions say:\n{listed}\nRun: kpi compile"
            )
        click.echo(f"{len(models) + len(pages)} generated files are current.")
        return
    changed = write_dbt_project(project, definitions)
    for path, text in pages.items():
        if not path.is_file() or _is_stale(path, text):
            changed.append(f"written: {_shown(path, project)}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for line in changed:
        click.echo(f"  {line}")
    click.echo(f"{len(models) + len(pages)} files compiled, {len(changed)} changed.")


def _pages(project: Project, definitions: Definitions) -> dict[Path, str]:
    """What is generated for people and their editors, beside the models."""
    return {
        project.definitions / SCHEMA_FILE: schema_text(GoalSpec, ValueTestFileSpec),
        **{project.root / "docs" / name: text for name, text in catalogue_pages(definitions).items()},
    }


def _is_stale(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") != text


def _shown(path: Path, project: Project) -> str:
    return path.relative_to(project.root).as_posix()
