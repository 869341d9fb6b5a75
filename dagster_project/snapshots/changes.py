"""What changed in an entity from night to night, as appended Parquet; any night's rows can be rebuilt.

One file a night that brought changes, named `<as of>_<run id>.parquet`: the entity's columns and

    snapshot_as_of   DATE      the night
    change           VARCHAR   insert, update or delete; of a delete the columns hold what was last seen
    snapshot_run_id  VARCHAR

batches, where it is asked for: a disposable folder of these files gathered, see gathered.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project import gathered
from dagster_project.publish.engine import ONE_THREAD, connect

OWN = pa.schema({"snapshot_as_of": pa.date32(), "change": pa.string(), "snapshot_run_id": pa.string()})
OWN_COLUMNS = tuple(OWN.names)
POSITION = "snapshot_position"  # in the history, while it is looked at


def append_changes(
    folder: Path,
    rows: pa.Table,
    key: Sequence[str],
    as_of: date,
    run_id: str,
    batches: Path | None = None,
) -> int:
    """Append the rows that are new, changed or gone since the last night; returns how many, 0 writes no file.

    rows: the entity as of the night, without personal columns; `key` is unique in it. The same rows again
    append nothing, and neither does a night before the newest one: its state is no longer to be had.
    """
    files = _files(folder)
    if files and as_of < _night(files[-1]):
        return 0
    if reserved := sorted(set(rows.column_names) & set(OWN_COLUMNS)):
        raise ValueError(
            f"a snapshot adds its own column '{reserved[0]}'; the entity can't have one of that name"
        )
    connection = connect([], settings=ONE_THREAD)
    connection.register("present", rows)
    connection.register("past", _state(files, rows.schema, key, batches))
    keys = " and ".join(f"present.{_quoted(name)} = past.{_quoted(name)}" for name in key)
    first = _quoted(key[0])
    differs = " or ".join(
        f"present.{name} is distinct from past.{name}" for name in map(_quoted, rows.column_names)
    )
    taken = ", ".join(
        f"case when present.{first} is null then past.{name} else present.{name} end as {name}"
        for name in map(_quoted, rows.column_names)
    )
    changes = connection.execute(
        f"""
        select
            {taken},
            $as_of::date as snapshot_as_of,
            case
                when past.{first} is null then 'insert'
                when present.{first} is null then 'delete'
                else 'update'
            end as change,
            $run_id::varchar as snapshot_run_id
        from present full join past on {keys}
        where past.{first} is null or present.{first} is null or {differs}
        order by {", ".join(_quoted(name) for name in key)}
        """,
        {"as_of": as_of, "run_id": run_id},
    ).to_arrow_table()
    connection.close()
    if changes.num_rows:
        _write(changes, folder / f"{as_of.isoformat()}_{run_id}.parquet")
    return changes.num_rows


def state_as_of(folder: Path, key: Sequence[str], as_of: date) -> pa.Table | None:
    """The entity's rows as of a night (the night's own changes included); None before the first snapshot."""
    files = [path for path in _files(folder) if _night(path) <= as_of]
    if not files:
        return None
    newest = pq.read_schema(files[-1])
    return _state(files, pa.schema([field for field in newest if field.name not in OWN_COLUMNS]), key)


def changes_through(
    folder: Path, as_of: date, batches: Path | None = None, by: str | None = None
) -> pa.Table | None:
    """Every change up to a night, oldest first, with the newest columns of the entity and OWN_COLUMNS; None
    before the first snapshot. by: only what runs up to this id have seen, None: all of it."""
    files = [
        path
        for path in _files(folder)
        if _night(path) <= as_of and (by is None or path.stem.partition("_")[2] <= by)
    ]
    if not files:
        return None
    return _history(files, pq.read_schema(files[-1]), batches)


def _history(files: Sequence[Path], schema: pa.Schema, batches: Path | None) -> pa.Table:
    """Every change in the files, oldest first, with the columns and types of `schema`."""

    def read(some: Sequence[Path]) -> pa.Table:
        return pa.concat_tables([_as_schema(path, schema) for path in some])

    return gathered.rows_of(files, schema, read, batches)


def _state(
    files: Sequence[Path], schema: pa.Schema, key: Sequence[str], batches: Path | None = None
) -> pa.Table:
    """The newest row of each key that is not deleted, with the columns and types of `schema`."""
    history = _history(files, pa.unify_schemas([schema, OWN]), batches)
    # Of a key there is a row a night at most: later rows are of later nights.
    history = history.append_column(POSITION, pa.array(range(history.num_rows), pa.int64()))
    columns = ", ".join(_quoted(name) for name in schema.names)
    keys = ", ".join(_quoted(name) for name in key)
    with connect([], settings=ONE_THREAD) as connection:
        connection.register("history", history)
        return connection.execute(
            f"""
            select {columns} from history
            qualify
                row_number() over (partition by {keys} order by {POSITION} desc) = 1
                and change <> 'delete'
            order by {keys}
            """
        ).to_arrow_table()


def _as_schema(path: Path, schema: pa.Schema) -> pa.Table:
    """Rows of an older definition of the entity: a column it lacked, or of another type now, is NULL."""
    with pq.ParquetFile(path) as file:
        rows = file.read(use_threads=False)
    arrays = []
    for field in schema:
        if field.name not in rows.column_names:
            arrays.append(pa.nulls(rows.num_rows, field.type))
        else:
            try:
                arrays.append(rows.column(field.name).cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                arrays.append(pa.nulls(rows.num_rows, field.type))
    return pa.table(arrays, schema=schema)


def _write(rows: pa.Table, target: Path) -> None:
    """A reader, and a run after a kill, sees the file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    pq.write_table(rows, draft, compression="zstd")
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _files(folder: Path) -> list[Path]:
    """Snapshots, oldest first: their names begin with the night and the moment the run began."""
    return sorted(folder.glob("*.parquet"), key=lambda path: path.name)


def _night(path: Path) -> date:
    return date.fromisoformat(path.name[:10])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
