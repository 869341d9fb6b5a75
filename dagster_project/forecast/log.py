"""What can't be rebuilt of forecasts, in state/: what each night said, and the alerts; only ever added to.

One Parquet file a run and table. The path is written before the forecast that it belongs to: a run that is
killed in between leaves rows that the next one writes anew, never a forecast without its path; a night that
is repeated may write the same rows twice.

batches, where it is asked for: the project's folder of state/'s files gathered, see gathered.py.
by: only what runs up to this id have said, None: all of it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.forecast.alerts import ALERTS
from dagster_project.forecast.columns import KGI_FORECAST, KGI_FORECAST_PATH
from dagster_project.forecast.tables import ForecastTables
from dagster_project.goals import kept
from dagster_project.goals.frames import Columns

ALERT_KEY = ["alert"]
FORECAST_KEY = ["as_of", "goal", "node", "scenario", "issue"]
PATH_KEY = ["as_of", "goal", "node", "issue", "date"]


def append(state: Path, tables: ForecastTables, run_id: str) -> None:
    """Adds the rows to state/kgi_forecast and state/kgi_forecast_path; empty tables add no file."""
    kept.append(state / "kgi_forecast_path", tables.kgi_forecast_path, run_id)
    kept.append(state / "kgi_forecast", tables.kgi_forecast, run_id)


def append_alerts(state: Path, rows: pd.DataFrame, run_id: str) -> None:
    """Adds the rows to state/alerts; none add no file."""
    kept.append(state / "alerts", rows, run_id)


def read_alerts(state: Path, batches: Path | None = None, by: str | None = None) -> pd.DataFrame:
    """Every alert as it was last said, columns ALERTS, by name."""
    return _read(state, "alerts", ALERTS, ALERT_KEY, batches, _said_by(by))


def read_forecasts(state: Path, batches: Path | None = None, by: str | None = None) -> pd.DataFrame:
    """Everything ever forecast, columns KGI_FORECAST, by key."""
    return _read(state, "kgi_forecast", KGI_FORECAST, FORECAST_KEY, batches, _said_by(by))


def read_paths(state: Path, as_of: date | None = None, batches: Path | None = None) -> pd.DataFrame:
    """The paths of all forecasts, or of one night's, columns KGI_FORECAST_PATH, by key."""
    of_night = None if as_of is None else pc.field("as_of") == pa.scalar(as_of, pa.date32())
    return _read(state, "kgi_forecast_path", KGI_FORECAST_PATH, PATH_KEY, batches, of_night)


def with_new(kept: pd.DataFrame, new: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The log as it would be with these rows added, in its order."""
    both = pd.concat([kept, new], ignore_index=True) if len(new) else kept
    return both.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)


def paths_of(forecasts: pd.DataFrame, paths: pd.DataFrame) -> pd.DataFrame:
    """Of these paths those whose forecast is among `forecasts`."""
    key = ["as_of", "goal", "node", "issue"]
    return paths.merge(forecasts[key].drop_duplicates(), on=key)


def _said_by(run_id: str | None) -> pc.Expression | None:
    """Ids begin with the moment of the run."""
    return None if run_id is None else pc.field("computed_run_id") <= pa.scalar(run_id)


def _read(
    state: Path,
    table: str,
    columns: Columns,
    key: list[str],
    batches: Path | None,
    where: pc.Expression | None = None,
) -> pd.DataFrame:
    return kept.read(state / table, columns, key, batches and batches / table, where)
