"""`kpi plan`: a goal as a proposal, before there are any data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagster_project.errors import DefinitionError, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.goals.model import Goal
    from dagster_project.goals.plan.plan import Plan
    from dagster_project.goals.plan.smart import Judged
    from dagster_project.kpi.model import Definitions


@click.command()
@click.argument("goal", metavar="GOAL")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.option("--format", "form", type=click.Choice(["text", "md", "html", "xlsx"]), help="Default: text.")
@click.option("--by", type=click.Choice(["month", "week", "day"]), default="month", show_default=True)
@click.option("--revision", type=int, help="0 as first made, 1, 2, ...; default: the newest.")
@click.option("--language", type=click.Choice(["ja", "en"]), help="Default: that of project.yml.")
@click.option("--output", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
@click.pass_obj
def plan(
    project: Project,
    goal: str,
    as_json: bool,
    form: str | None,
    by: Any,
    revision: int | None,
    language: str | None,
    output: Path | None,
) -> None:
    """The plan of a goal: tree, equations, targets given and derived, actions and their capacity, SMART.

    Needs no data; targets that rest on a year before are read from the publication, where there is one.
    Exit 2 where the figures contradict each other or an action is beyond its capacity.
    """
    from dagster_project.cli.planned import plans_of
    from dagster_project.goals.plan.build import build_plan
    from dagster_project.goals.plan.smart import judge

    if as_json and form is not None:
        raise UsageError("--json is a form of its own; write --json or --format")
    if form == "xlsx" and output is None:
        raise UsageError("a workbook goes to a file: add --output plan.xlsx")
    definitions, found = read_goal(project, goal)
    versions, evidence = plans_of(project, definitions, found)
    if versions[-1].conflicts:
        raise UsageError("\n".join(f"{conflict} ({conflict.hint})" for conflict in versions[-1].conflicts))
    built = build_plan(versions, definitions, by, revision)
    judged = judge(built, definitions, evidence)
    if as_json:
        from dagster_project.report.plan_json import plan_json

        content: bytes = (json.dumps(plan_json(built, judged), ensure_ascii=False) + "\n").encode()
    else:
        content = _sheet(built, judged, form or "text", language or definitions.settings.language)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    output.write_bytes(content)
    click.echo(str(output))


def read_goal(project: Project, name: str) -> tuple[Definitions, Goal]:
    """The definitions and the goal as it is written.

    Raises DefinitionError for what is wrong with the definitions or with this goal; others don't matter here.
    """
    from dagster_project.goals.load import check_goals
    from dagster_project.kpi.load import load_definitions

    definitions = load_definitions(project.root)
    goals, issues = check_goals(project.root, definitions)
    own = [issue for issue in issues if issue.level == "error" and issue.subject == f"goal '{name}'"]
    if own:
        raise DefinitionError(own)
    for goal in goals:
        if goal.name == name:
            return definitions, goal
    hint = suggest(name, [goal.name for goal in goals])
    known = ", ".join(goal.name for goal in goals) or "none"
    raise UsageError(f"no goal '{name}'; {hint or f'known: {known}'}")


def _sheet(plan: Plan, judged: Judged, form: str, language: str) -> bytes:
    from dagster_project.report.plan_sheet import plan_sheet
    from dagster_project.report.sheet import as_html, as_markdown, as_workbook

    sheet = plan_sheet(plan, judged, language)
    if form == "xlsx":
        return as_workbook(sheet)
    if form == "html":
        return as_html(sheet).encode()
    if form == "md":
        return as_markdown(sheet).encode()
    from dagster_project.report.sheet_terminal import as_text

    return as_text(sheet).encode()
