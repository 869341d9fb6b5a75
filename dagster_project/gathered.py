"""Rows of many small Parquet files, gathered in fewer and larger ones.

To open a file takes about a millisecond of CPU, however few rows are in it, and state/ gains several files
a night. So every BATCH of them, in their order, is also kept as one file, in a folder that may be deleted at
any time: what is missing there, broken, or made of other files is made anew from the files themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project import migrations

BATCH = 32  # files; the last ones, too few for a batch, are opened each time
FORMAT = 1
STAMP = b"shirube.gathered_from"

Read = Callable[[Sequence[Path]], pa.Table]


def rows_of(
    files: Sequence[Path],
    schema: pa.Schema,
    read: Read,
    gathered: Path | None,
    where: pc.Expression | None = None,
) -> pa.Table:
    """The rows of `files` in their order, or those of them for which `where` holds, as `schema`.

    read: the rows of some of the files, in order and as `schema`. gathered: the folder of these files'
    batches; without one, or where it can't be written, every file is opened.
    """
    tables = [schema.empty_table()]
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        if gathered is None or len(batch) < BATCH:
            tables.append(_chosen(read(batch), where))
        else:
            tables.append(_batch(gathered / f"{start // BATCH:05}.parquet", batch, schema, read, where))
    return pa.concat_tables(tables)


def _batch(
    target: Path, files: Sequence[Path], schema: pa.Schema, read: Read, where: pc.Expression | None
) -> pa.Table:
    # What the files are is taken down before they are read: one replaced in between is noticed next time.
    stamp = _stamp(files)
    rows = _known(target, stamp, schema, where)
    if rows is None:
        whole = read(files)
        _keep(target, stamp, whole)
        rows = _chosen(whole, where)
    return rows


def _stamp(files: Sequence[Path]) -> bytes:
    """What a batch is made of, by what changes when a file is replaced under its name."""
    found = [(path.name, path.stat()) for path in files]
    marks = [[name, at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino] for name, at in found]
    return json.dumps([FORMAT, migrations.VERSION, marks]).encode()


def _known(target: Path, stamp: bytes, schema: pa.Schema, where: pc.Expression | None) -> pa.Table | None:
    """The rows of a batch; None where it is not there, is broken or is not what `stamp` and `schema` say."""
    try:
        with pa.OSFile(str(target)) as source:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            found = file.schema_arrow
            if (found.metadata or {}).get(STAMP) != stamp or not found.equals(schema):
                return None
            if where is None:
                rows = file.read(use_threads=False)
            else:  # by its statistics most batches hold nothing of one night, and are not read
                rows = pq.read_table(
                    source, filters=where, use_threads=False, page_checksum_verification=True
                )
            return rows.replace_schema_metadata()
    except (OSError, pa.ArrowException):
        return None


def _keep(target: Path, stamp: bytes, rows: pa.Table) -> None:
    """Writes a batch, seen whole or not at all; where that is not possible, it is done without."""
    draft = target.parent / f".{target.name}.{os.getpid()}.draft"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            rows.replace_schema_metadata({STAMP: stamp}), draft, compression="zstd", write_page_checksum=True
        )
        draft.replace(target)
    except OSError:
        # Not a reason to fail: of a full disk, or one that is read-only, something else will tell.
        try:
            draft.unlink(missing_ok=True)
        except OSError:
            return


def _chosen(rows: pa.Table, where: pc.Expression | None) -> pa.Table:
    return rows if where is None else rows.filter(where)
