"""What accumulates in state/: a folder a table, one Parquet file an addition, never changed afterwards.

A file is written beside and renamed into place, so that a reader, and a run after a kill, sees it whole or
not at all. It carries the version of the contract that its columns are of; see migrations.py.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project import migrations
from dagster_project.state_version import refuse

STAMP = b"shirube.contract_version"


def write(folder: Path, name: str, rows: pa.Table) -> None:
    """`rows` as `folder/name.parquet`, durable, in place of a file of that name; none for no rows."""
    target = folder / f"{name}.parquet"
    if not rows.num_rows:
        target.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.draft"
    stamped = rows.replace_schema_metadata(
        {**(rows.schema.metadata or {}), STAMP: str(migrations.VERSION).encode()}
    )
    with draft.open("wb") as file:
        pq.write_table(stamped, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def read(folder: Path, schema: pa.Schema) -> pa.Table:
    """Every row of the folder with the columns and types of `schema`, in the order of the files' names.

    Files of earlier versions are migrated; a column that they lack even so is NULL.
    Raises UnknownState for a file of a later version.
    """
    files = sorted(folder.glob("[!.]*.parquet")) if folder.is_dir() else []
    bare = pa.schema([pa.field(field.name, field.type) for field in schema])
    tables = [_of_today(path, folder.name) for path in files]
    merged = pa.concat_tables([bare.empty_table(), *tables], promote_options="permissive")
    return merged.select(bare.names).cast(bare)


def _of_today(path: Path, table: str) -> pa.Table:
    with pq.ParquetFile(path) as file:  # half of what a data set of one file takes; nights leave many
        rows = file.read()
    version = int((rows.schema.metadata or {}).get(STAMP, migrations.FIRST))
    if version > migrations.VERSION:
        raise refuse(path, version)
    return migrations.migrated(
        rows.replace_schema_metadata(), table, version, migrations.VERSION, migrations.MIGRATIONS
    )
