"""Frames kept in state/: only ever added to, since nothing can rebuild them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project import appended
from dagster_project.goals.frames import Columns, frame


def append(folder: Path, rows: pd.DataFrame, name: str) -> None:
    """Adds the rows as `<name>.parquet`; no rows add no file. The same name again replaces its file."""
    if not rows.empty:
        appended.write(folder, name, pa.Table.from_pandas(rows, preserve_index=False))


def read(
    folder: Path,
    columns: Columns,
    key: list[str],
    batches: Path | None = None,
    where: pc.Expression | None = None,
) -> pd.DataFrame:
    """Everything ever added, with exactly these columns, by key; of equal keys the last added.

    A file from before a column was introduced has NULL in it. batches: see appended.read. where: only these
    rows, told apart by columns of the key.
    """
    schema = pa.Table.from_pandas(frame([], columns), preserve_index=False).schema
    rows = appended.read(folder, schema, batches, where).to_pandas(types_mapper=pd.ArrowDtype)
    return rows.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
