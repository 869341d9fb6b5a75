"""A small publishable set of tables: two KPIs over two complete months, by channel."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from dagster_project.publish.contract import empty, load

AS_OF = date(2026, 10, 31)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
CHANNELS = ("shop", "(none)")


def rows(table: str, given: list[dict[str, Any]]) -> pa.Table:
    """Rows of a published table; columns that a row leaves out are NULL."""
    schema = load().table(table).schema
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in given], schema=schema)


def tables(run_id: str, orders_of_a_day: int = 4) -> dict[str, pa.Table]:
    """Every table of the contract; orders are equal on all days, so a month is days * orders_of_a_day."""
    made: dict[str, Any] = {name: empty(name) for name in load().names}
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(61)]
    daily = [
        _row(run_id, "date", day, kpi, split, orders_of_a_day) for day in days for kpi, split in _slices()
    ]
    made["kpi_daily"] = rows("kpi_daily", daily)
    months = [(date(2026, 9, 1), 30), (date(2026, 10, 1), 31)]
    made["kpi_period"] = rows(
        "kpi_period",
        [
            _row(run_id, "period_start", start, kpi, split, orders_of_a_day * length)
            | {
                "grain": "month",
                "period_end": start + timedelta(days=length - 1),
                "elapsed_days": length,
                "is_complete": True,
            }
            for start, length in months
            for kpi, split in _slices()
        ],
    )
    made["kpi_catalog"] = rows(
        "kpi_catalog",
        [
            {
                "kpi": kpi,
                "label_ja": label,
                "label_en": kpi,
                "type": "simple",
                "unit": "count",
                "direction": "up",
                "level": "kpi",
                "department": "sales",
                "definition": "count of orders",
                "definition_hash": "d1",
                "sort": sort,
            }
            for sort, (kpi, label) in enumerate(
                [("orders", "受注件数"), ("repeat_rate", "リピート率")], start=1
            )
        ],
    )
    made["publication"] = rows(
        "publication",
        [
            {
                "publication_id": run_id,
                "as_of": AS_OF,
                "published_at": NOW.replace(tzinfo=None),
                "definitions_hash": "h1",
                "contract_version": load().version,
                "synthetic": True,
                "project": "example",
                "label_ja": "例",
                "label_en": "Example",
                "language": "ja",
                "currency": "JPY",
                "timezone": "Asia/Tokyo",
                "fiscal_start_month": 4,
            }
        ],
    )
    return made


def _slices() -> list[tuple[str, tuple[str, str]]]:
    splits = [("total", "total"), *(("channel", channel) for channel in CHANNELS)]
    return [("orders", split) for split in splits] + [("repeat_rate", splits[0])]


def _row(run_id: str, key: str, day: date, kpi: str, split: tuple[str, str], orders: int) -> dict[str, Any]:
    adds = kpi == "orders"
    value = (orders if split[0] == "total" else orders / len(CHANNELS)) if adds else 0.25
    return {
        key: day,
        "kpi": kpi,
        "dimension": split[0],
        "segment": split[1],
        "numerator": value,
        "value": value,
        "unit": "count" if adds else "percent",
        "data_status": "final",
        "data_through": AS_OF,
        "sums_over_days": adds,
        "sums_over_segments": adds,
        "definition_hash": "d1",
        "computed_run_id": run_id,
    }
