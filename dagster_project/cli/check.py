"""`kpi check`: every finding in the definitions, at once."""

from __future__ import annotations

import json

import click

from dagster_project.errors import EXIT_OK, EXIT_WRONG
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.load import check_definitions
from dagster_project.project import Project


def all_issues(project: Project) -> tuple[list[Issue], str]:
    """Every finding in definitions and goals, and one line that counts what is defined."""
    from dagster_project.goals.load import check_goals

    definitions, issues = check_definitions(project.root)
    if definitions is None:
        return issues, ""
    goals, found = check_goals(project.root, definitions)
    counts = (
        f"{len(definitions.kpis)} KPIs over {len(definitions.entities)} entities "
        f"from {len(definitions.sources)} sources, {len(goals)} goals"
    )
    return [*issues, *found], counts


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every finding.")
@click.pass_obj
def check(project: Project, as_json: bool) -> int:
    """Check the definitions: names, references, expressions, units. Runs nothing.

    Exit 0 where they are fine, 2 where something must be mended.
    """
    issues, counts = all_issues(project)
    errors = [issue for issue in issues if issue.level == "error"]
    if as_json:
        findings = [vars(issue) for issue in issues]
        click.echo(json.dumps({"ok": not errors, "issues": findings}, ensure_ascii=False))
        return EXIT_WRONG if errors else EXIT_OK
    for issue in issues:
        click.echo(str(issue), err=issue.level == "error")
    if errors:
        click.echo(f"{len(errors)} to mend.", err=True)
        return EXIT_WRONG
    click.echo(f"The definitions are fine: {counts}.")
    return EXIT_OK
