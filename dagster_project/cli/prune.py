"""`kpi prune`: remove what no night reads any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from dagster_project.project import Project

KEPT_DAYS = 400  # a fiscal year and the month in which it is closed


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEPT_DAYS,
    show_default=True,
    metavar="DAYS",
    help="How far back --known-at may reach, and Dagster's history.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.pass_obj
def prune(project: Project, keep: int, dry_run: bool) -> None:
    """Remove superseded snapshots, old publications and the history of old runs.

    Landed files that count, or have counted within --keep days, stay; so do state/ and the exports in the
    data folder. Of publications the newest three and those of 24 hours stay.

    Example: kpi prune --keep 90 --dry-run
    """
    from dagster_project.defs.instance import prune_runs
    from dagster_project.kpi.load import load_definitions
    from dagster_project.landing import pruning
    from dagster_project.publish import folder
    from dagster_project.run_lock import RunLock

    definitions = load_definitions(project.root)
    now = datetime.now(UTC)
    before = now - timedelta(days=keep)
    with RunLock(project.work, "prune"):
        landed = pruning.prune(
            project.landing, definitions.sources, definitions.calendar, before, now, dry_run=dry_run
        )
        old = folder.prunable(project.outputs, now)
        size = sum(folder.size(version) for version in old)
        if not dry_run:
            folder.prune(project.outputs, now)
        runs = prune_runs(project, before, dry_run=dry_run)
    did = "Would remove" if dry_run else "Removed"
    click.echo(
        f"{did} the files of {landed.entries:,} superseded exports ({landed.bytes / 1e6:,.1f} MB), "
        f"{len(old):,} publications ({size / 1e6:,.1f} MB) and the history of {runs:,} runs."
    )
