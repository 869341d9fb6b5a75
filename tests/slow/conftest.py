"""A short sample of the fictitious company, and how a run is started that is meant to be disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from dagster_project.sample.write import write_sample
from tests.conftest import OF_THE_SHELL

START, FIRST_NIGHT, SECOND_NIGHT = date(2026, 9, 21), date(2026, 10, 30), date(2026, 10, 31)


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """`kpi` with these arguments, in a process group of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_SHELL}
    return subprocess.Popen(
        [sys.executable, "-m", "dagster_project.cli.main", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | environment,
        start_new_session=True,
    )


def write_nights_exports(root: Path, end: date) -> None:
    """The exports from the sample's first day to `end`, at rest for a minute, and the definitions."""
    write_sample(root, START, end, definitions=True)
    for path in root.rglob("*"):
        if path.is_file():
            rested = path.stat().st_mtime - 60
            os.utime(path, (rested, rested))
