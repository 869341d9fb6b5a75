"""`kpi check`: every finding in the definitions, at once."""

from __future__ import annotations

import json

import click

from dagster_project.errors import EXIT_OK, EXIT_WRONG
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.load import checked_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project


def all_issues(project: Project) -> tuple[list[Issue], str]:
    """Every finding in definitions and goals, and one line that counts what is defined."""
    from dagster_project.goals.load import check_goals
    from dagster_project.goals.plan.lints import as_issues, lints
    from dagster_project.valuetests.load import check_tests

    checked = checked_definitions(project.root)
    definitions, issues = checked.definitions, checked.issues
    goals, found = check_goals(project.root, definitions)
    _, wrong_tests = check_tests(project.root, definitions)
    found = [*found, *wrong_tests]
    # A goal or a test is not wrong for naming a KPI that is wrong itself.
    found = [issue for issue in found if not any(f"'{name}'" in issue.message for name in checked.broken)]
    limits = definitions.settings.lints
    found += [issue for goal in goals for issue in as_issues(goal, lints(goal, limits))]
    counts = ", ".join(
        f"{len(items)} {one if len(items) == 1 else many}"
        for items, one, many in (
            (definitions.kpis, "KPI", "KPIs"),
            (definitions.entities, "entity", "entities"),
            (definitions.sources, "source", "sources"),
            (goals, "goal", "goals"),
        )
    )
    return [*issues, *found, *_calendar_issues(project, definitions)], counts


def _calendar_issues(project: Project, definitions: Definitions) -> list[Issue]:
    """A country that has no holidays here is found by looking it up, which only the calendar does."""
    from dagster_project.calendar.business import BusinessCalendar
    from dagster_project.errors import UsageError
    from dagster_project.kpi.yamlnodes import read

    try:
        BusinessCalendar(definitions.calendar)
    except UsageError as error:
        path = project.definitions / "calendar.yml"
        document = read(path, "kpi_definitions/calendar.yml")
        return [document.issue(("holidays",), "calendar", str(error))]
    return []


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
