"""`kpi status`: what the publication in force says."""

from __future__ import annotations

import json

import click

from dagster_project.project import Project


@click.command()
@click.argument("goal", required=False, metavar="GOAL")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of the summary for people."
)
@click.pass_obj
def status(project: Project, goal: str | None, as_json: bool) -> None:
    """Show goals, attainment, forecast and marks of the last publication, or one GOAL with its tree.

    Without a goal the company's main one is shown with its tree, each other on a line. Exits with 1 where
    nothing has been published, 2 for an unknown goal.
    """
    from dagster_project.report.summary import summarize

    summary = summarize(project.current)
    if goal is not None:
        summary = summary.only(goal)
    if as_json:
        click.echo(json.dumps(summary.as_json(), ensure_ascii=False, indent=2))
        return
    from dagster_project.report.terminal import print_summary

    print_summary(summary)
