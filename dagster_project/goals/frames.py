"""Frames with fixed columns and types, and the daily series of one KPI and segment read from kpi_daily."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from dagster_project.goals.progress.days import STATUSES, TOTAL, Day, Slice, worst

__all__ = [
    "STATUSES", "TOTAL", "Columns", "Day", "Slice", "as_date", "frame", "number", "read_days", "worst",
]  # fmt: skip

Columns = Sequence[tuple[str, str]]


_ARROW: Mapping[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}


def frame(rows: Iterable[Sequence[Any]], columns: Columns) -> pd.DataFrame:
    """Rows as a frame of exactly these (name, type) columns, Arrow-backed, so that empty ones are typed
    and NULL is not NaN. A NaN among the values becomes NULL."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        pa.array(column, type=_ARROW[kind], from_pandas=True)
        for column, (_, kind) in zip(values, columns, strict=True)
    ]
    table = pa.Table.from_arrays(arrays, names=[name for name, _ in columns])
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def read_days(kpi_daily: pd.DataFrame, slices: Iterable[Slice]) -> dict[Slice, dict[date, Day]]:
    """The days of each (kpi, dimension, segment), by date. A slice that has no row has no day."""
    wanted = set(slices)
    found: dict[Slice, dict[date, Day]] = {key: {} for key in wanted}
    rows = kpi_daily[kpi_daily["kpi"].isin({kpi for kpi, _, _ in wanted})]
    rows = rows[rows["segment"].isin({segment for _, _, segment in wanted})]
    for key, of_slice in rows.groupby(["kpi", "dimension", "segment"], sort=False, observed=True):
        if key in wanted:
            found[cast(Slice, key)] = _days(of_slice)
    return found


def _days(rows: pd.DataFrame) -> dict[date, Day]:
    """Many rows a night: whole columns at a time."""
    dates: list[date] = rows["date"].to_numpy("datetime64[D]").tolist()
    top, bottom, value = (_finite(rows[name]) for name in ("numerator", "denominator", "value"))
    # a formula has no sides, and where it adds up its value does
    top = np.where(np.isnan(top) & np.isnan(bottom), value, top)
    status = rows["data_status"].to_numpy(object)
    known = (status != "missing") & ~((status == "held") & np.isnan(top))
    columns = (_or_none(top), _or_none(bottom), status.tolist(), known.tolist())
    return dict(zip(dates, map(Day._make, zip(dates, *columns, strict=True)), strict=True))


def _finite(column: pd.Series) -> np.ndarray:
    """Floats with NaN for NULL, NaN and infinities."""
    values = column.to_numpy(float, na_value=math.nan)
    return np.where(np.isfinite(values), values, math.nan)


def _or_none(values: np.ndarray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def number(value: Any) -> float | None:
    """A finite float, or None for NULL, NaN and infinities."""
    if value is None or value is pd.NA:
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def as_date(value: Any) -> date:
    """A date from what frames hold: date, datetime, pandas or numpy timestamp."""
    return value if type(value) is date else pd.Timestamp(value).date()
