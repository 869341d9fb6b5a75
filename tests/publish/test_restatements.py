from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from dagster_project.publish.restatements import InputFile, Read, find
from tests.publish.frames import AS_OF, tables

NIGHT, RUN = "20261101T031500Z-3f2a9c", "20261102T031500Z-88b1e0"
READS = {"orders": Read(frozenset({"shop"})), "repeat_rate": Read(frozenset({"shop"}))}
LATE = InputFile("shop", "late.csv", "abc", None, datetime(2026, 11, 2, tzinfo=UTC))


def restated(folder: Path, change: str) -> list[dict[str, object]]:
    """What `change`, SQL on the warehouse's kpi_daily, restates of the publication of the night before."""
    published, work = folder / "published", folder / "work"
    published.mkdir()
    work.mkdir()
    given = tables(NIGHT)
    for name in ("kpi_daily", "publication", "pipeline_runs"):
        pq.write_table(given[name], published / f"{name}.parquet")
    with duckdb.connect(str(work / "warehouse.duckdb")) as warehouse:
        daily = given["kpi_daily"]
        warehouse.register("given", daily)
        warehouse.execute("create table kpi_daily as from given")
        warehouse.execute(change)
    rows: list[dict[str, object]] = find(
        work / "warehouse.duckdb", published, READS, [LATE], RUN, AS_OF
    ).to_pylist()
    names = ("kpi", "date", "dimension", "segment", "old_value", "new_value", "cause_file")
    return [{name: row[name] for name in names} for row in rows]


def test_a_night_like_the_last_one_restates_nothing(tmp_path: Path) -> None:
    change = "create or replace table kpi_daily as from kpi_daily order by segment, date desc;"
    assert restated(tmp_path, change + f"update kpi_daily set computed_run_id = '{RUN}'") == []


def test_of_a_day_that_changed_only_the_changed_segments_are_told(tmp_path: Path) -> None:
    change = (
        "update kpi_daily set value = 7 where kpi = 'orders' and segment = 'shop' and date = '2026-09-05'"
    )
    assert restated(tmp_path, change) == [
        {
            "kpi": "orders",
            "date": date(2026, 9, 5),
            "dimension": "channel",
            "segment": "shop",
            "old_value": 2.0,
            "new_value": 7.0,
            "cause_file": "late.csv",
        }
    ]


def test_rows_that_go_and_rows_that_come_are_told_and_a_changed_definition_is_not(tmp_path: Path) -> None:
    change = """
        delete from kpi_daily where kpi = 'orders' and segment = 'shop' and date = '2026-09-05';
        insert into kpi_daily
        select * replace ('new' as segment, 5.0 as value) from kpi_daily
        where kpi = 'orders' and segment = 'shop' and date = '2026-10-09';
        update kpi_daily set value = 9, definition_hash = 'another' where kpi <> 'orders';
    """
    found = [
        (row["kpi"], row["date"], row["segment"], row["old_value"], row["new_value"])
        for row in restated(tmp_path, change)
    ]
    assert found == [
        ("orders", date(2026, 9, 5), "shop", 2.0, None),
        ("orders", date(2026, 10, 9), "new", None, 5.0),
    ]
