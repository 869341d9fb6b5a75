"""Tables kept in state/: only ever added to, one Parquet file a writing, since nothing can rebuild them.

A file is written beside and renamed into place, so that a reader sees whole files only.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.goals.frames import Columns, frame


def append(folder: Path, rows: pd.DataFrame, name: str) -> None:
    """Adds the rows as `<name>.parquet`; no rows add no file. The same name again replaces its file."""
    if rows.empty:
        return
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{name}.{os.getpid()}.tmp"
    with beside.open("wb") as file:
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, folder / f"{name}.parquet")


def read(folder: Path, columns: Columns, key: list[str]) -> pd.DataFrame:
    """Everything ever added, with exactly these columns, by key; of equal keys the last added.

    A file from before a column was introduced has NULL in it.
    """
    empty = frame([], columns)
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    if not files:
        return empty
    schema = pa.Table.from_pandas(empty, preserve_index=False).schema.remove_metadata()
    tables = [pq.read_table(path) for path in files]
    merged = pa.concat_tables(
        [table.replace_schema_metadata() for table in tables] + [schema.empty_table()],
        promote_options="default",
    )
    rows = merged.select(schema.names).to_pandas(types_mapper=pd.ArrowDtype)
    return rows.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
