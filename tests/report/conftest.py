from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.report.frames import tables


def write(folder: Path, given: dict[str, pa.Table]) -> Path:
    """The Parquet files of a publication, as a report finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in given.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="session")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("publication"), tables())
