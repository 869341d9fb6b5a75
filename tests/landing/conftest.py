"""A fresh data folder and landing folder; the real exports where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.landing.rooms import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    data = tmp_path / "data"
    data.mkdir()
    return Room(data, tmp_path / "landing")


@pytest.fixture(scope="session")
def real() -> Callable[[str], Path]:
    """Real exports from the folder that KPI_TEST_DATA names; the test is skipped, saying so, without them."""

    def folder(name: str) -> Path:
        root = Path(os.environ.get("KPI_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
        if not (root / name).exists():
            pytest.skip(f"SKIPPED: no real data {root / name}; set KPI_TEST_DATA to run this test")
        return root / name

    return folder
