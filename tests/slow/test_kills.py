"""A night that is killed anywhere, and run again, publishes what an undisturbed night would have."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dagster_project.publish.contract import load
from dagster_project.snapshots.changes import state_as_of
from tests.conftest import kpi_apart, run_project
from tests.faults.company import assert_same, tables
from tests.slow.conftest import FIRST_NIGHT, SECOND_NIGHT, start, write_nights_exports

pytestmark = pytest.mark.slow

OVER_THE_WHOLE_NIGHT = 8
OF_A_FIRST_NIGHT = 2
IN_PUBLICATION = 4
READ_EVERY = 0.3  # seconds; more often would only slow the night down
ONE_RUN = [table.name for table in load().tables if table.one_run]


def restore(kept: Path, root: Path) -> None:
    shutil.rmtree(root)
    shutil.copytree(kept, root, symlinks=True)


def published_run(root: Path) -> str | None:
    """The run whose publication is in force, None where there is none. It must be one whole run."""
    current = root / "outputs" / "current"
    if not current.exists():
        return None
    folder = Path(os.path.realpath(current))
    each = " union ".join(
        f"select distinct computed_run_id from '{folder}/{name}.parquet'" for name in ONE_RUN
    )
    with duckdb.connect() as reader:
        files = reader.execute(each).fetchall()
    with duckdb.connect(str(folder / "serving.duckdb"), read_only=True) as reader:
        served = reader.execute("select publication_id from publication").fetchall()
    assert files == served == [(folder.name,)]
    assert (folder / "report.html").stat().st_size > 0
    return folder.name


@dataclass
class Nights:
    """The company after its first night, with the second night's exports waiting."""

    root: Path
    fresh: Path  # nothing has run yet
    waiting: Path  # one night has run
    expected_first: dict[str, pd.DataFrame]
    expected: dict[str, pd.DataFrame]
    expected_deals: list[dict[str, object]]
    seconds: float


def kept_deals(root: Path) -> list[dict[str, object]]:
    rows = state_as_of(root / "state" / "snapshots" / "deals", ["deal_id"], SECOND_NIGHT)
    assert rows is not None
    found: list[dict[str, object]] = rows.to_pylist()
    return found


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("kills")
    root, fresh, waiting = folder / "company", folder / "fresh", folder / "waiting"
    write_nights_exports(root, FIRST_NIGHT)
    shutil.copytree(root, fresh, symlinks=True)
    assert run_project(root)["as_of"] == FIRST_NIGHT.isoformat()
    first = tables(root / "outputs" / "current")
    write_nights_exports(root, SECOND_NIGHT)
    shutil.copytree(root, waiting, symlinks=True)
    began = time.monotonic()
    undisturbed = kpi_apart("run", "--project", root)  # in a process of its own, as those that are killed
    seconds = time.monotonic() - began
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = tables(root / "outputs" / "current")
    assert set(expected["publication"].as_of) == {SECOND_NIGHT}
    return Nights(root, fresh, waiting, first, expected, kept_deals(root), seconds)


def kill_when(root: Path, is_time: Callable[[float], bool]) -> bool:
    """Starts a night and kills it; whether it was still at work. A reader looks on all the while."""
    run = start("run", "--project", root)
    began = looked = time.monotonic()
    try:
        while run.poll() is None and not is_time(time.monotonic() - began):
            if time.monotonic() > looked + READ_EVERY:
                published_run(root)
                looked = time.monotonic()
            time.sleep(0.01)
        alive = run.poll() is None
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
    return alive


def test_a_night_killed_at_any_moment_and_run_again_is_an_undisturbed_night(nights: Nights) -> None:
    draw = random.Random(20261031)
    killed = 0
    for number in range(OVER_THE_WHOLE_NIGHT):
        restore(nights.waiting, nights.root)
        before = published_run(nights.root)
        moment = nights.seconds * (number + draw.random()) / OVER_THE_WHOLE_NIGHT
        killed += kill_when(nights.root, lambda elapsed, moment=moment: elapsed >= moment)  # type: ignore[misc]
        assert published_run(nights.root) is not None
        run_id = run_project(nights.root)["run_id"]
        assert published_run(nights.root) == run_id != before
        assert_same(tables(nights.root / "outputs" / "current"), nights.expected)
        assert kept_deals(nights.root) == nights.expected_deals
    assert killed >= OVER_THE_WHOLE_NIGHT - 2  # the last moments may come after the end


def test_a_first_night_killed_at_any_moment_and_run_again_is_an_undisturbed_night(nights: Nights) -> None:
    draw = random.Random(20261030)
    for number in range(OF_A_FIRST_NIGHT):
        restore(nights.fresh, nights.root)
        moment = nights.seconds * (number + draw.random()) / OF_A_FIRST_NIGHT
        assert kill_when(nights.root, lambda elapsed, moment=moment: elapsed >= moment)  # type: ignore[misc]
        run_project(nights.root)
        assert_same(tables(nights.root / "outputs" / "current"), nights.expected_first)


def test_a_night_killed_while_it_publishes_leaves_one_whole_publication(nights: Nights) -> None:
    draw = random.Random(20261101)
    met = 0
    for _ in range(IN_PUBLICATION):
        restore(nights.waiting, nights.root)
        before = published_run(nights.root)
        versions, pause, seen = nights.root / "outputs" / "versions", draw.uniform(0, 1.2), [0.0]

        def is_time(elapsed: float) -> bool:
            if not seen[0] and list(versions.glob(".*.building")):  # noqa: B023
                seen[0] = elapsed  # noqa: B023
            return bool(seen[0]) and elapsed >= seen[0] + pause  # noqa: B023

        if kill_when(nights.root, is_time):
            met += 1
        after = published_run(nights.root)
        assert after is not None
        if after == before:
            assert_same(tables(nights.root / "outputs" / "current"), nights.expected_first)
        run_project(nights.root)
        assert_same(tables(nights.root / "outputs" / "current"), nights.expected)
        assert {path.name for path in (nights.root / "outputs").iterdir()} == {"current", "versions"}
        assert list(versions.glob(".*")) == []
    assert met >= 2


def test_of_two_runs_at_once_one_publishes_and_the_other_says_who_is_at_work(nights: Nights) -> None:
    restore(nights.waiting, nights.root)
    runs = [start("run", "--project", nights.root), start("run", "--project", nights.root)]
    answers: list[tuple[int, str]] = []
    for run in runs:
        try:
            _, said = run.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            run.kill()
            raise
        answers.append((run.returncode, said))
    answers.sort()
    assert [code for code, _ in answers] == [0, 1]
    assert "another run of this project is at work" in answers[1][1]
    assert any(f"process {run.pid}" in answers[1][1] for run in runs)
    assert_same(tables(nights.root / "outputs" / "current"), nights.expected)
