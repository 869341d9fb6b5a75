"""`kpi whatif`: other figures for some nodes of a goal's tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import click

from dagster_project.cli.plan import read_goal
from dagster_project.errors import UsageError
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.goals.model import Goal
    from dagster_project.goals.whatif.whatif import Base
    from dagster_project.kpi.model import Definitions


@dataclass(frozen=True)
class Published:
    """What the publication knows of a goal: by node, and as of which day."""

    as_of: date
    actual: dict[str, Fraction]
    pace: dict[str, Fraction]
    target: dict[str, Fraction]


@click.command()
@click.argument("goal")
@click.argument("changes", nargs=-1, metavar="[NODE=FIGURE]...")
@click.option(
    "--from",
    "origin",
    type=click.Choice(["plan", "actual"]),
    help="Start from the plan, or from the period at its present pace; default: actual where published.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def whatif(
    project: Project,
    goal: str,
    changes: tuple[str, ...],
    origin: Literal["plan", "actual"] | None,
    as_json: bool,
) -> None:
    """Try other figures: the new KGI, what the other nodes would have to be, which change is the smallest.

    A figure is what a node is to be (22%, 1200) or a change (+10%, -5%, +2pt). Without changes it tells how
    much each leaf moves the KGI. Needs no data with --from plan. Exit 2 for an unknown goal or node, or a
    figure that makes no sense.

    Example: kpi whatif revenue_fy2026 deal_to_order_rate=22% leads=+10%
    """
    from dagster_project.goals.whatif.sensitivity import elasticities, single_changes
    from dagster_project.goals.whatif.whatif import read_changes, what_if
    from dagster_project.report.whatif_view import WhatIfView

    definitions, written = read_goal(project, goal)
    found = _newest(written, definitions)
    tried = read_changes(found, changes)
    base, as_of = _base(project, found, origin)
    outcome = what_if(found, base, tried)
    view = WhatIfView(
        goal=found,
        as_of=as_of,
        changes=tried,
        outcome=outcome,
        elasticities=elasticities(outcome),
        singles=single_changes(found, outcome),
    )
    if as_json:
        click.echo(json.dumps(view.as_json(), ensure_ascii=False))
        return
    from dagster_project.report.whatif_terminal import print_what_if

    print_what_if(view, definitions.settings.language)


def _newest(goal: Goal, definitions: Definitions) -> Goal:
    """The goal as its last revision has it."""
    from dagster_project.calendar.business import BusinessCalendar
    from dagster_project.goals.targets.paths import Shapes
    from dagster_project.goals.targets.versions import Planner

    if not goal.revisions:
        return goal
    planner = Planner(Shapes(BusinessCalendar(definitions.calendar), {}), {}, date.min)
    return planner.versions(goal)[-1].goal


def _base(project: Project, goal: Goal, origin: Literal["plan", "actual"] | None) -> tuple[Base, date | None]:
    """The state to start from, and the day that it knows; None for the plan."""
    from dagster_project.goals.whatif.whatif import actual_base, plan_base

    known = published(project, goal.name)
    targets = known.target if known is not None else {}
    if origin == "plan":
        return plan_base(goal, targets), None
    if known is None or not known.actual:
        if origin == "actual":
            raise UsageError(f"no actual values of '{goal.name}' are published; write --from plan")
        return plan_base(goal, targets), None
    target = goal.target(goal.kgi.name)
    if target is None:
        target = known.target.get(goal.kgi.name)
    try:
        return actual_base(goal, known.actual, known.pace, target), known.as_of
    except UsageError:
        if origin == "actual":
            raise
        return plan_base(goal, targets), None


def published(project: Project, goal: str) -> Published | None:
    """Actual, pace and target of the goal's nodes in the publication in force; None without one."""
    from dagster_project.goals.algebra.exact import exact
    from dagster_project.publish.checks import parquet
    from dagster_project.publish.engine import connect
    from dagster_project.report.rows import rows

    if not project.current.exists():
        return None
    folder = project.current.resolve()  # once: a publication in between must not mix two
    with connect([folder]) as connection:
        found = rows(
            connection,
            f"select as_of, node, actual, pace, target from {parquet(folder, 'kgi_attainment')} "
            "where goal = ? and scenario = 'plan' and dimension = 'total' and segment = 'total'",
            [goal],
        )
    if not found:
        return None

    def by_node(name: str) -> dict[str, Any]:
        return {row["node"]: exact(row[name]) for row in found if row[name] is not None}

    return Published(found[0]["as_of"], by_node("actual"), by_node("pace"), by_node("target"))
