"""Rows of a GA4 export that agree in property, visitor, moment and name, through landing and dbt."""

from __future__ import annotations

import json
from collections.abc import Callable

import duckdb

from dagster_project.project import Project


def _row(visitor: str | None, item: str, source: str = "line", **given: object) -> str:
    return json.dumps(
        {
            "event_date": "20260401",
            "event_timestamp": 1774971000000000,
            "event_name": "view_item",
            "user_pseudo_id": visitor,
            "event_params": [{"key": "source", "value": {"string_value": source}}],
            "items": [{"item_id": item}],
            **given,
        }
    )


FILES = {
    "events_20260401.ndjson": [
        _row("a.1", "x"),
        _row("a.1", "y"),
        _row(None, "x"),
        _row(None, "x"),
        _row("b.2", "x"),
        _row("b.2", "x", event_name="scroll"),
        _row("b.2", "x", event_timestamp=1774971000000001),
        _row("c.3", "x"),
        _row("c.3", "x", source="google"),
        _row("c.3", "x", ecommerce={"transaction_id": "T1"}),
    ],
    "events_20260402.ndjson": [
        _row("a.1", "x", event_date="20260402"),
        _row("d.4", "x", event_date="20260402"),
    ],
}


def test_equal_rows_are_one_event_and_a_batch_is_several(project: Project, night: Callable[[], None]) -> None:
    for name, rows in FILES.items():
        (project.data / name).write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    night()
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select user_id, right(_file, 8 + 3), _line from ga4_flat order by _file, _line"
        ).fetchall()
        numbers = connection.execute(
            "select user_id, list(event_number order by event_number) from ga4_flat group by user_id"
        ).fetchall()
        ids, events = connection.execute(
            "select count(distinct event_id), count(*) from ga4_events"
        ).fetchall()[0]
    first, second = "0401.ndjson", "0402.ndjson"
    assert rows == [
        ("a.1", first, 1),
        ("a.1", first, 2),
        (None, first, 3),
        ("b.2", first, 5),
        ("b.2", first, 6),
        ("b.2", first, 7),
        ("c.3", first, 8),
        ("c.3", first, 9),
        ("c.3", first, 10),
        ("d.4", second, 2),
    ]
    assert dict(numbers) == {
        "a.1": [1, 2],
        None: [1],
        "b.2": [None, None, None],
        "c.3": [1, 2, 3],
        "d.4": [None],
    }
    assert (ids, events) == (10, 10)
