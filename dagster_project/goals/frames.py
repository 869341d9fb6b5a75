"""Frames with fixed columns and types, and the daily series of one KPI and segment read from kpi_daily."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

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
    names = ["kpi", "dimension", "segment", "date", "numerator", "denominator", "value", "data_status"]
    for kpi, dimension, segment, day, numerator, denominator, value, status in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        if (kpi, dimension, segment) not in wanted:
            continue
        top, bottom = number(numerator), number(denominator)
        if top is None and bottom is None:
            top = number(value)  # a formula has no sides, and where it adds up its value does
        known = status != "missing" and not (status == "held" and top is None)
        day = as_date(day)
        found[kpi, dimension, segment][day] = Day(day, top, bottom, status, known)
    return found


def number(value: Any) -> float | None:
    """A finite float, or None for NULL, NaN and infinities."""
    if value is None or value is pd.NA:
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def as_date(value: Any) -> date:
    """A date from what frames hold: date, datetime, pandas or numpy timestamp."""
    return value if type(value) is date else pd.Timestamp(value).date()
