from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Empty
from typing import Any

import duckdb
import pytest

from dagster_project.project import Project
from dagster_project.publish import folder
from dagster_project.publish.publish import publish
from tests.publish.frames import AS_OF, NOW, tables

SPAWN = multiprocessing.get_context("spawn")
FIRST, SECOND = "20261101T031500Z-3f2a9c", "20261102T031500Z-88b1e0"


def read_until_stopped(current: Path, stop: Event, ready: Event, results: Any) -> None:
    """Reads one publication at a time, in turn from its files and its database; reports what it met."""
    seen: set[str] = set()
    faults: list[str] = []
    reads = 0
    while not stop.is_set():
        try:
            if reads % 2:
                version = Path(os.path.realpath(current))
                with duckdb.connect() as reader:
                    runs = reader.execute(
                        f"select distinct computed_run_id from '{version}/kpi_daily.parquet' union "
                        f"select distinct computed_run_id from '{version}/kpi_period.parquet' union "
                        f"select publication_id from '{version}/publication.parquet'"
                    ).fetchall()
            else:
                with duckdb.connect(str(current / "serving.duckdb"), read_only=True) as reader:
                    runs = reader.execute(
                        "select distinct computed_run_id from kpi_daily union "
                        "select distinct computed_run_id from kpi_period union "
                        "select publication_id from publication"
                    ).fetchall()
            if len(runs) != 1:
                faults.append(f"mixed: {runs}")
            seen.update(run for (run,) in runs)
        except Exception as error:  # whatever it is, a reader must not meet it
            faults.append(repr(error))
        reads += 1
        ready.set()
    results.put((reads, len(seen), faults[:3]))


def test_readers_meet_no_error_and_no_mixture_during_twenty_publications(project: Project) -> None:
    publish(project, "20261101T000000Z-000000", AS_OF, tables("20261101T000000Z-000000"), None, NOW)
    stop, ready, results = SPAWN.Event(), SPAWN.Event(), SPAWN.Queue()
    reader = SPAWN.Process(target=read_until_stopped, args=(project.current, stop, ready, results))
    reader.start()
    try:
        assert ready.wait(60)
        for number in range(1, 21):
            run_id = f"20261101T0000{number:02}Z-{number:06x}"
            publish(project, run_id, AS_OF, tables(run_id, orders_of_a_day=2 * number), None, NOW)
    finally:
        stop.set()
        try:
            reads, seen, faults = results.get(timeout=60)
        except Empty:
            pytest.fail("the reader died")
        reader.join(10)
    assert faults == []
    assert reads >= 20
    assert seen >= 5


def publish_and_die(root: Path, point: str) -> None:
    """Publishes SECOND and is killed at the named point."""

    def die(*args: object, **kwargs: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def after(step: Any) -> Any:
        def run(*args: Any) -> None:
            step(*args)
            die()

        return run

    report = die if point == "in the report" else None
    if point == "before sealing":
        folder.seal = die
    if point == "before naming":
        folder.name_whole = die  # type: ignore[assignment]
    if point == "after naming":
        folder.name_whole = after(folder.name_whole)
    if point == "between link and flip":
        os.replace = die  # type: ignore[assignment]
    if point == "after the flip":
        folder.flip = after(folder.flip)
    project = Project(root=root, data=root / "data", outputs=root / "outputs")
    publish(project, SECOND, AS_OF, tables(SECOND), report, NOW)


@pytest.mark.parametrize(
    "point",
    [
        "in the report",
        "before sealing",
        "before naming",
        "after naming",
        "between link and flip",
        "after the flip",
    ],
)
def test_a_kill_anywhere_leaves_one_whole_publication_and_the_next_run_is_clean(
    project: Project, point: str
) -> None:
    publish(project, FIRST, AS_OF, tables(FIRST), None, NOW)
    victim = SPAWN.Process(target=publish_and_die, args=(project.root, point))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    in_force = SECOND if point == "after the flip" else FIRST
    assert project.current.resolve().name == in_force
    assert (project.current / "serving.duckdb").is_file()

    third = "20261103T031500Z-aa0001"
    again = third if point == "after the flip" else SECOND
    version = publish(project, again, AS_OF, tables(again), None, NOW)
    assert project.current.resolve() == version.resolve()
    assert {path.name for path in project.outputs.iterdir()} == {"current", "versions"}
    assert {path.name for path in (project.outputs / "versions").iterdir()} <= {FIRST, SECOND, third}
