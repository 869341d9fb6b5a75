"""`kpi run`: one night, from new exports to the publication."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from dagster_project.errors import EXIT_MARKS, EXIT_OK, ShirubeError
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.defs.execution import Finished
    from dagster_project.report.summary import Summary

Tell = Callable[[str], None]
Night = Callable[[Tell], "Finished"]

# A provisional day is the ordinary state of the newest days, no finding.
EXPECTED_MARKS = ("provisional",)


class Moment(click.ParamType):
    """A date (through its end) or a date and time; without a zone, in the calendar's."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            if len(value) == len("2026-10-31"):
                return datetime.combine(date.fromisoformat(value), time()) + timedelta(days=1)
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no moment; write 2026-10-31 or '2026-11-01 03:15'", param, ctx)


@click.command()
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last complete day that the run knows, YYYY-MM-DD; default: project.yml's rule, else yesterday.",
)
@click.option(
    "--known-at",
    type=Moment(),
    metavar="MOMENT",
    help="Only files that had arrived by then: a past night again. A date means through its end.",
)
@click.option("--full-refresh", is_flag=True, help="Rebuild the warehouse from the landed files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--strict", is_flag=True, help="Exit with 3 where something is published with marks.")
@click.pass_obj
def run(
    project: Project,
    as_of: datetime | None,
    known_at: datetime | None,
    full_refresh: bool,
    as_json: bool,
    strict: bool,
) -> int:
    """Land new exports, compute every KPI, goal and forecast, and publish them in one step.

    Exit 0 where it published, 1 where it did not (the last publication stays), 2 where the definitions are
    wrong, 3 under --strict where it published with marks.

    Example: kpi run --as-of 2026-10-31
    """
    day = as_of.date() if as_of else None

    def night(tell: Tell) -> Finished:
        from dagster_project.defs.execution import run_night

        return run_night(project, day, full_refresh, tell, known_at)

    return publish(project, night, day, as_json, strict)


def publish(project: Project, night: Night, as_of: date | None, as_json: bool, strict: bool) -> int:
    """Runs the night and tells of it, a person or (`as_json`) a machine; returns the exit code."""
    if as_json:
        return _run_for_machines(night, as_of, strict)
    return _run_for_people(project, night, strict)


def _run_for_people(project: Project, night: Night, strict: bool) -> int:
    started = monotonic()
    with _progress() as tell:
        finished = night(tell)
    from dagster_project.report.summary import summarize
    from dagster_project.report.terminal import print_summary

    summary = summarize(finished.publication)
    print_summary(summary)
    for warning in finished.warnings:
        click.echo(f"! {warning}")
    seconds = monotonic() - started
    click.echo(f"\nPublished {finished.run_id} in {seconds:.0f} s: {project.current / 'report.html'}")
    return _exit_code(finished, summary, strict)


def _run_for_machines(night: Night, as_of: date | None, strict: bool) -> int:
    from dagster_project.report.summary import summarize

    try:
        finished = night(lambda line: None)
    except ShirubeError as error:
        failed = {"published": False, "error": str(error), "publication": None, "marks": [], "goals": []}
        click.echo(
            json.dumps({"run_id": None, "as_of": as_of and as_of.isoformat(), **failed}, ensure_ascii=False)
        )
        return error.exit_code
    summary = summarize(finished.publication)
    about = {
        "run_id": finished.run_id,
        "as_of": finished.as_of.isoformat(),
        "published": True,
        "publication": str(finished.publication),
        "warnings": list(finished.warnings),
        "cpu_seconds": finished.cpu,
    }
    click.echo(json.dumps({**summary.as_json(), **about}, ensure_ascii=False))
    return _exit_code(finished, summary, strict)


def _exit_code(finished: Finished, summary: Summary, strict: bool) -> int:
    marked = bool(finished.warnings) or any(mark.kind not in EXPECTED_MARKS for mark in summary.marks)
    return EXIT_MARKS if strict and marked else EXIT_OK


@contextmanager
def _progress() -> Iterator[Tell]:
    """A line that says what is going on; where nobody watches, one line a phase."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("starting") as status:
            yield lambda line: status.update(line.replace("[", r"\["))
        return
    yield lambda line: None
