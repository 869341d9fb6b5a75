"""What all tests share: where the real data lies, and how a project is run as a user runs it."""

from __future__ import annotations

import contextlib
import csv
import gc
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import dagster_project  # noqa: F401  (before numpy: it sets in how many threads linear algebra runs)

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("KPI_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
OF_ONE_NIGHT = ("tests/faults/", "tests/soundness/")
LONG = (
    "tests/slow/test_kills", *OF_ONE_NIGHT, "tests/slow/", "tests/pipeline/", "tests/mappings/",
    "tests/docs/", "tests/goals/test_gap_command", "tests/forecast/test_plugins", "tests/valuetests/",
    "tests/publish/", "tests/defs/",
)  # fmt: skip
OF_THE_SHELL = ("KPI_PROJECT_DIR", "KPI_DATA_DIR", "DAGSTER_HOME")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of whole nights first: begun last, one would leave the other core idle for minutes."""
    config.option.loadscopereorder = False  # else files of many tests, which are the short ones, go first
    items.sort(key=lambda item: next((at for at, path in enumerate(LONG) if path in item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """As --dist loadfile, but a folder whose tests begin with one night stays in one process."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((folder for folder in OF_ONE_NIGHT if file.startswith(folder)), file)

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What is imported by now stays: each full collection of garbage would go through all of it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_project_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another project's settings in the shell must not reach a test."""
    for name in OF_THE_SHELL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """The folder of one real data set; skips, saying so, where it is absent."""

    def folder(name: str) -> Path:
        path = REAL_DATA / name
        if not path.is_dir():
            pytest.skip(f"real data '{name}' is not in {REAL_DATA}: set KPI_TEST_DATA to check against it")
        return path

    return folder


@pytest.fixture(scope="session")
def kpi_catalogue() -> Callable[[], list[dict[str, str]]]:
    """The rows of the catalogue of KPIs beside the real data; skips, saying so, where it is absent."""

    def rows() -> list[dict[str, str]]:
        path = REAL_DATA.parent / "kpi_catalogue.csv"
        if not path.is_file():
            pytest.skip(f"there is no {path}: set KPI_TEST_DATA to a folder beside it to check against it")
        with path.open(encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    return rows


def kpi(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line, in this process: importing dbt and Dagster takes longer than a night.

    What it sets in the environment is taken back.
    """
    from dagster_project.cli.main import main

    command = ["kpi", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        patch.dict(os.environ),
        patch.object(sys, "argv", command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        for name in OF_THE_SHELL:
            os.environ.pop(name, None)
        try:
            main()
        except SystemExit as ended:
            said = [stream.buffer.getvalue().decode() for stream in (out, err)]
            return subprocess.CompletedProcess(command, int(ended.code or 0), *said)
    raise AssertionError("the command did not exit")


def kpi_apart(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a process and an environment of its own."""
    command = [sys.executable, "-m", "dagster_project.cli.main", *map(str, arguments)]
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_SHELL}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=inherited | environment)


def run_project(root: Path, *options: str | Path) -> dict[str, Any]:
    """`kpi run --json` on a project; its answer. Fails with what was printed where nothing was published."""
    done = kpi("run", "--json", "--project", root, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def copy_of_project(name: str, target: Path) -> Path:
    """A copy of tests/projects/<name>, so that nothing is written beside the original."""
    return Path(shutil.copytree(REPOSITORY / "tests" / "projects" / name, target))
