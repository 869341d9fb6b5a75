"""What accumulates in state/: a folder a table, one Parquet file an addition, never changed afterwards.

A file is written beside and renamed into place, so that a reader, and a run after a kill, sees it whole or
not at all. It carries the version of the contract that its columns are of; see migrations.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project import gathered, migrations
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


def read(
    folder: Path, schema: pa.Schema, batches: Path | None = None, where: pc.Expression | None = None
) -> pa.Table:
    """Every row of the folder with the columns and types of `schema`, in the order of the files' names; with
    `where` only those for which it holds.

    Files of earlier versions are migrated; a column that they lack even so is NULL.
    batches: a disposable folder for these files' rows, many files in one, so that not each has to be opened.
    Raises UnknownState for a file of a later version.
    """
    files = sorted(folder.glob("[!.]*.parquet")) if folder.is_dir() else []
    bare = pa.schema([pa.field(field.name, field.type) for field in schema])

    def of_today(some: Sequence[Path]) -> pa.Table:
        tables = [_of_today(path, folder.name) for path in some]
        merged = pa.concat_tables([bare.empty_table(), *tables], promote_options="permissive")
        return merged.select(bare.names).cast(bare)

    return gathered.rows_of(files, bare, of_today, batches, where)


def _of_today(path: Path, table: str) -> pa.Table:
    with pq.ParquetFile(path) as file:  # half of what a data set of one file takes; nights leave many
        rows = file.read(use_threads=False)  # so few rows are not worth handing out
    version = int((rows.schema.metadata or {}).get(STAMP, migrations.FIRST))
    if version > migrations.VERSION:
        raise refuse(path, version)
    return migrations.migrated(
        rows.replace_schema_metadata(), table, version, migrations.VERSION, migrations.MIGRATIONS
    )
