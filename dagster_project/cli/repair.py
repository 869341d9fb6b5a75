"""`kpi repair`: everything disposable made anew from what has landed."""

from __future__ import annotations

import shutil

import click

from dagster_project.errors import NothingPublished
from dagster_project.project import Project


@click.command()
@click.pass_obj
def repair(project: Project) -> None:
    """Check the landed files, rebuild the warehouse and publish again, as of the publication in force.

    Typed rows that are gone or broken are made anew from their snapshots. The old warehouse is put aside in
    .kpi/broken; state/ and the exports are not touched, and no new export is landed.

    Exit 1 where a snapshot is gone or was changed: its export must come again.

    Example: kpi repair
    """
    from dagster_project import warehouse
    from dagster_project.defs.execution import run_night
    from dagster_project.kpi.load import load_definitions
    from dagster_project.landing.verify import verify
    from dagster_project.publish.publication import as_of_of, known_at_of
    from dagster_project.run_lock import RunLock

    definitions = load_definitions(project.root)
    with RunLock(project.work, "repair"):
        found = verify(project.landing, definitions.sources, definitions.calendar)
        if found.lost:
            raise NothingPublished(
                "Nothing was rebuilt, the last publication stays. Landed files that can't be mended:\n"
                + "\n".join(f"- {line}" for line in found.lost)
            )
        if project.warehouse.exists():
            warehouse.put_aside(project)
        for copies in (project.work / "dbt" / "target", project.state_batches):
            shutil.rmtree(copies, ignore_errors=True)
    click.echo(f"{found.checked:,} landed files are as they arrived; {len(found.mended):,} typed anew.")
    for name in found.mended:
        click.echo(f"  {name}")
    published = project.current.resolve() if project.current.exists() else None
    finished = run_night(
        project,
        as_of=as_of_of(published) if published else None,
        known_at=known_at_of(published) if published else None,
        full_refresh=True,
        landed=published is not None,
    )
    click.echo(f"Published {finished.run_id} as of {finished.as_of}: {project.current / 'report.html'}")
