from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.errors import NothingPublished
from dagster_project.project import Project
from dagster_project.publish import ordered
from dagster_project.publish.contract import Table, load
from dagster_project.publish.publish import PublishedRelation, publish
from tests.publish.frames import AS_OF, NOW, tables

RUN = "20261101T031500Z-3f2a9c"
TEXTS = ("", "a", "A", "ab", "é", "東京", "(none)", "total", "z" * 30, "\U0001f300")


def daily(count: int = 4000) -> tuple[Table, pa.Table]:
    """kpi_daily with awkward texts as keys, in no order."""
    table = load().table("kpi_daily")
    random = np.random.default_rng(7)
    slots = random.permutation(50 * len(TEXTS) ** 3)[:count]
    text = np.array(TEXTS, dtype=object)
    given = {
        "date": [date(2026, 1, 1) + timedelta(days=int(slot) % 50) for slot in slots],
        "kpi": text[slots // 50 % len(TEXTS)],
        "dimension": text[slots // 500 % len(TEXTS)],
        "segment": text[slots // 5000],
        "value": [None if slot % 9 == 0 else float(slot) for slot in slots],
        "status_reason": [None if slot % 2 else "no_file" for slot in slots],
    }
    columns = {
        field.name: pa.array(given[field.name], field.type)
        if field.name in given
        else pa.nulls(count, field.type)
        for field in table.schema
    }
    return table, pa.table(columns)


def written(table: Table, rows: pa.Table, path: Path) -> pa.Table:
    ordered.write(ordered.in_order(table, rows), path)
    return pq.read_table(path)


@pytest.mark.parametrize("largest", [ordered.LARGEST, 60])
def test_rows_come_in_the_order_that_sql_gives_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(ordered, "LARGEST", largest)
    monkeypatch.setattr(ordered, "ROW_GROUP", 700)
    table, rows = daily()
    found = written(table, rows, tmp_path / "x.parquet")
    with duckdb.connect() as connection:
        connection.register("given", rows)
        wanted = connection.execute("from given order by date, kpi, dimension, segment").to_arrow_table()
    assert found.to_pydict() == wanted.to_pydict()
    assert found.schema.types == wanted.schema.types
    assert pq.ParquetFile(tmp_path / "x.parquet").num_row_groups == 6


def test_rows_in_order_are_not_moved() -> None:
    table, rows = daily()
    once = ordered.in_order(table, rows)
    again = ordered.in_order(table, pa.concat_tables(list(once.parts())))
    assert once.order is not None
    assert again.order is None
    first, second = (pa.concat_tables(list(rows.parts())) for rows in (once, again))
    assert first.to_pydict() == second.to_pydict()


def test_the_same_rows_are_the_same_bytes_however_they_came(tmp_path: Path) -> None:
    table, rows = daily()
    paths = tmp_path / "one.parquet", tmp_path / "other.parquet"
    written(table, rows, paths[0])
    written(table, rows.take(pa.array(range(rows.num_rows - 1, -1, -1))), paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_read_in_parts_the_relation_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    table, rows = daily()
    monkeypatch.setattr(ordered, "ROW_GROUP", 2048)
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.register("given", rows)
        found = ordered.in_order(table, ordered.read(connection, table, "given"))
        nothing = ordered.in_order(table, ordered.read(connection, table, "given where false"))
    parts = pa.concat_tables(list(found.parts()))
    assert parts.to_pydict() == pa.concat_tables(list(ordered.in_order(table, rows).parts())).to_pydict()
    assert nothing.rows.num_rows == 0


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    table = load().table("quarantine")
    found = written(table, table.schema.empty_table(), tmp_path / "x.parquet")
    assert (found.column_names, found.schema.types) == (table.schema.names, table.schema.types)


def with_warehouse(project: Project, statement: str) -> dict[str, pa.Table | PublishedRelation]:
    """The set of tables whose kpi_daily lies in the warehouse, after `statement` there."""
    given: dict[str, pa.Table | PublishedRelation] = dict(tables(RUN))
    project.work.mkdir()
    with duckdb.connect(str(project.warehouse)) as warehouse:
        warehouse.register("given", given["kpi_daily"])
        warehouse.execute("create table kpi_daily as from given")
        warehouse.execute(statement)
    given["kpi_daily"] = PublishedRelation("main", "kpi_daily")
    return given


def test_keys_that_come_twice_in_the_warehouse_block_and_are_named(project: Project) -> None:
    shop = "insert into kpi_daily from kpi_daily where kpi = 'orders' and segment = 'shop' and date"
    given = with_warehouse(project, f"{shop} in ('2026-09-02', '2026-10-09'); {shop} = '2026-09-02'")
    with pytest.raises(NothingPublished) as caught:
        publish(project, RUN, AS_OF, given, None, NOW)
    assert (
        "- kpi_daily: the key date=2026-09-02, kpi=orders, dimension=channel, segment=shop occurs 4 times\n"
        "- kpi_daily: the key date=2026-10-09, kpi=orders, dimension=channel, segment=shop occurs 2 times\n"
    ) in str(caught.value)


def test_a_null_in_the_warehouse_blocks_and_is_named(project: Project) -> None:
    given = with_warehouse(project, "update kpi_daily set segment = null where date = '2026-09-02'")
    with pytest.raises(NothingPublished, match="column segment may never be NULL, and is in 4 rows"):
        publish(project, RUN, AS_OF, given, None, NOW)
