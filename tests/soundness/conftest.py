"""The awkward company, run once for all soundness tests."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.soundness.company import AS_OF, DEFINITIONS, make_exports
from tests.soundness.oracle import Figure, figures


@dataclass
class Night:
    root: Path
    daily: pd.DataFrame
    period: pd.DataFrame
    segments: pd.DataFrame
    expected: dict[str, Figure]


def run(root: Path, *options: str) -> dict:
    """`kpi run --json` on a project; its answer."""
    command = [
        sys.executable,
        "-m",
        "dagster_project.cli.main",
        "run",
        "--json",
        "--project",
        str(root),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    root = tmp_path_factory.mktemp("awkward")
    for name, text in DEFINITIONS.items():
        path = root / "kpi_definitions" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    make_exports(root / "data")
    run(root, "--as-of", AS_OF.isoformat())
    current = (root / "outputs" / "current").resolve()
    tables = [
        pd.read_parquet(current / f"{name}.parquet") for name in ("kpi_daily", "kpi_period", "kpi_segments")
    ]
    return Night(root, *tables, figures(root / "data"))
