"""`kpi backfill`: a range of days made anew, as one run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from dagster_project.cli.run import Tell, publish
from dagster_project.errors import UsageError
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.defs.execution import Finished

MOST_DAYS = 400  # Dagster keeps an event a day for each of its assets


@click.command()
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    required=True,
    help="The first day to compute anew, YYYY-MM-DD.",
)
@click.option(
    "--to",
    "last",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    required=True,
    help="The last day, which is also the as-of date of what is published.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--strict", is_flag=True, help="Exit with 3 where something is published with marks.")
@click.pass_obj
def backfill(project: Project, first: datetime, last: datetime, as_json: bool, strict: bool) -> int:
    """Compute the days from D1 to D2 anew, as one run: land what is new, rebuild, publish once, as of D2.

    The days of the range are computed anew with everything that hangs on them (weeks, months, goals, gaps),
    also where nothing seems to have changed. Nights that were missed are caught up by any later run; no
    forecast is made up for them, only that of D2 is made, from what is known now.

    Exit codes are those of kpi run.

    Example: kpi backfill --from 2026-10-01 --to 2026-10-31
    """
    since, as_of = first.date(), last.date()
    if since > as_of:
        raise UsageError(f"--from {since} is after --to {as_of}; a range begins with its earlier day")
    if (days := (as_of - since).days + 1) > MOST_DAYS:
        raise UsageError(
            f"--from {since} --to {as_of} are {days:,} days, and a backfill takes at most {MOST_DAYS}; "
            f"all days are computed anew by kpi run --as-of {as_of} --full-refresh"
        )

    def night(tell: Tell) -> Finished:
        from dagster_project.defs.execution import run_night

        return run_night(project, as_of, tell=tell, since=since)

    return publish(project, night, as_of, as_json, strict)
