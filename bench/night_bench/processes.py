"""A measured thing is a process of its own: its CPU seconds, children included, and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[1]
FOUND = os.pathsep.join(map(str, (BENCH, BENCH.parent)))  # the bench's modules, and those of the tests


@dataclass(frozen=True)
class Ran:
    """cpu: user and system seconds. peak: bytes resident, of the process or the largest of its children.
    answer: the JSON that it printed."""

    cpu: float
    peak: int
    answer: Any


def run(command: Sequence[str]) -> Ran:
    """Run to the end. Raises SystemExit, with what it said, where it fails."""
    environment = {**os.environ, "PYTHONPATH": FOUND, "KPI_THREADS": "1"}
    # as installed: pip compiles what it installs, and a night does not compile it again
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with (
        tempfile.TemporaryFile() as said_to,  # not a pipe: nobody would empty it meanwhile
        subprocess.Popen(
            command, cwd=BENCH, env=environment, stdout=subprocess.PIPE, stderr=said_to
        ) as process,
    ):
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said_to.seek(0)
        said = said_to.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{out.decode()[-2000:]}\n{said.decode()[-4000:]}")
    answer = json.loads(out) if out.strip() else None
    return Ran(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, answer)


def module(name: str, *arguments: str | Path | int) -> Ran:
    """Run a module of this package."""
    return run([sys.executable, "-W", "ignore", "-m", f"night_bench.{name}", *map(str, arguments)])
