"""What accumulates in state/: a folder a table, one Parquet file an addition, never changed afterwards.

A file is written beside and renamed into place, so that a reader, and a run after a kill, sees it whole or
not at all.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write(folder: Path, name: str, rows: pa.Table) -> None:
    """`rows` as `folder/name.parquet`, durable, in place of a file of that name; none for no rows."""
    target = folder / f"{name}.parquet"
    if not rows.num_rows:
        target.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.draft"
    with draft.open("wb") as file:
        pq.write_table(rows, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def read(folder: Path, schema: pa.Schema) -> pa.Table:
    """Every row of the folder with the columns and types of `schema`, in the order of the files' names.

    A file from before a column was added lacks it: NULL there.
    """
    files = sorted(folder.glob("[!.]*.parquet")) if folder.is_dir() else []
    bare = pa.schema([pa.field(field.name, field.type) for field in schema])
    tables = [pq.read_table(path).replace_schema_metadata() for path in files]
    merged = pa.concat_tables([bare.empty_table(), *tables], promote_options="permissive")
    return merged.select(bare.names).cast(bare)
