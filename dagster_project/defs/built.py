"""Tables that Python makes in a run, as Parquet in project.build, from one step to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.project import Project

if TYPE_CHECKING:
    import pandas as pd


def path(project: Project, table: str) -> Path:
    return project.build / f"{table}.parquet"


def write(project: Project, table: str, rows: pa.Table | pd.DataFrame) -> int:
    """Replace the table in one step; returns the number of its rows."""
    if not isinstance(rows, pa.Table):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    target = path(project, table)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    pq.write_table(rows, draft)
    draft.replace(target)
    return rows.num_rows


def read(project: Project, table: str) -> pa.Table:
    return pq.read_table(path(project, table))
