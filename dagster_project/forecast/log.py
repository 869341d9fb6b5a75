"""The forecast log in state/: what each night said, only ever added to.

One Parquet file a run and table, written beside and renamed into place, so that a reader sees whole files
only. The path is written before the forecast that it belongs to: a run that is killed in between leaves rows
that the next one writes anew, never a forecast without its path.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.forecast.tables import KGI_FORECAST, KGI_FORECAST_PATH, ForecastTables
from dagster_project.goals.frames import Columns, as_date, frame

FORECAST_KEY = ["as_of", "goal", "node", "scenario", "issue"]
PATH_KEY = ["as_of", "goal", "node", "issue", "date"]


def append(state: Path, tables: ForecastTables, run_id: str) -> None:
    """Adds the rows to state/kgi_forecast and state/kgi_forecast_path; empty tables add no file."""
    _write(state / "kgi_forecast_path", tables.kgi_forecast_path, run_id)
    _write(state / "kgi_forecast", tables.kgi_forecast, run_id)


def read_forecasts(state: Path) -> pd.DataFrame:
    """Everything ever forecast, columns KGI_FORECAST, by key."""
    return _read(state / "kgi_forecast", KGI_FORECAST, FORECAST_KEY)


def read_paths(state: Path, as_of: date | None = None) -> pd.DataFrame:
    """The paths of all forecasts, or of one night's, columns KGI_FORECAST_PATH, by key."""
    rows = _read(state / "kgi_forecast_path", KGI_FORECAST_PATH, PATH_KEY)
    if as_of is None:
        return rows
    # A list without elements would select columns instead of rows.
    of_night = pd.Series([as_date(day) == as_of for day in rows["as_of"]], index=rows.index, dtype=bool)
    return rows[of_night].reset_index(drop=True)


def _write(folder: Path, rows: pd.DataFrame, run_id: str) -> None:
    if rows.empty:
        return
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{run_id}.parquet"
    beside = folder / f".{run_id}.{os.getpid()}.tmp"
    with beside.open("wb") as file:
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, final)


def _read(folder: Path, columns: Columns, key: list[str]) -> pd.DataFrame:
    empty = frame([], columns)
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    if not files:
        return empty
    schema = pa.Table.from_pandas(empty, preserve_index=False).schema.remove_metadata()
    tables = [pq.read_table(path) for path in files]
    # A file from before a column was added lacks it: NULL there.
    merged = pa.concat_tables(
        [table.replace_schema_metadata() for table in tables] + [schema.empty_table()],
        promote_options="default",
    )
    rows = merged.select(schema.names).to_pandas(types_mapper=pd.ArrowDtype)
    # A night that was killed and repeated may have written the same rows twice.
    return rows.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
