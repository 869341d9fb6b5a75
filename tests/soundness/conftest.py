"""The awkward company, run once for all soundness tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.project import find_project
from dagster_project.sandbox.landed import built
from tests.conftest import run_project
from tests.soundness.company import AS_OF, DEFINITIONS, make_exports
from tests.soundness.oracle import Figure, figures


@dataclass
class Night:
    root: Path
    daily: pd.DataFrame
    period: pd.DataFrame
    segments: pd.DataFrame
    expected: dict[str, Figure]


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    root = tmp_path_factory.mktemp("awkward")
    for name, text in DEFINITIONS.items():
        path = root / "kpi_definitions" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    make_exports(root / "data")
    run_project(root, "--as-of", AS_OF.isoformat())
    current = (root / "outputs" / "current").resolve()
    tables = [
        pd.read_parquet(current / f"{name}.parquet") for name in ("kpi_daily", "kpi_period", "kpi_segments")
    ]
    return Night(root, *tables, figures(root / "data"))


@pytest.fixture(scope="session")
def in_memory(night: Night) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same figures by the generated SQL alone, without dbt; to look at only."""
    with built(find_project(night.root), load_definitions(night.root), AS_OF) as connection:
        yield connection
