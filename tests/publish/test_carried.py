"""A database that is brought up to date from the last publication's holds what one written anew would."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dagster_project.project import Project
from dagster_project.publish import carried, ordered, serving
from dagster_project.publish.contract import empty, load
from dagster_project.publish.publish import publish
from tests.publish.frames import AS_OF, NOW, tables

NIGHTS = [f"202611{day:02}T031500Z-3f2a9c" for day in range(1, 6)]
Rows = dict[str, pa.Table]


@pytest.fixture(autouse=True)
def small_tables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tables of these tests be compared, and be of several row groups."""
    monkeypatch.setattr(carried, "LEAST_ROWS", 20)
    monkeypatch.setattr(ordered, "ROW_GROUP", 50)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> dict[str, carried.Change | None]:
    """By table, what the last publication's rows were found to lack; filled as it is published."""
    found: dict[str, carried.Change | None] = {}
    compare = carried.compare

    def noted(table: Any, before: Path, after: Path) -> carried.Change | None:
        found[table.name] = compare(table, before, after)
        return found[table.name]

    monkeypatch.setattr(carried, "compare", noted)
    return found


def night(number: int, **changed: pa.Table) -> Rows:
    return tables(NIGHTS[number]) | changed


def published(project: Project, rows: Rows) -> Path:
    """The publication of `rows`, with its database held against one that is written anew."""
    run_id = rows["publication"]["publication_id"][0].as_py()
    version = publish(project, run_id, AS_OF, rows, None, NOW)
    anew = project.work / "anew"
    shutil.rmtree(anew, ignore_errors=True)
    shutil.copytree(version, anew)
    (anew / serving.FILE).unlink()
    with duckdb.connect() as connection:
        serving.write(connection, anew)
    assert told(version / serving.FILE) == told(anew / serving.FILE)
    return version


def told(path: Path) -> dict[str, Any]:
    """All that a reader sees of a database: rows in their order, columns, comments, views."""
    with duckdb.connect(str(path), read_only=True) as reader:
        found: dict[str, Any] = {
            name: reader.execute(f"from {name}").fetchall() for name in (*load().names, *serving.WIDE)
        }
        found["columns"] = reader.execute(
            "select table_name, column_index, column_name, data_type, is_nullable, comment "
            "from duckdb_columns() order by all"
        ).fetchall()
        found["tables"] = reader.execute(
            "select table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        found["views"] = reader.execute(
            "select view_name, sql from duckdb_views() where not internal"
        ).fetchall()
    return found


def edited(rows: pa.Table, **columns: list[Any]) -> pa.Table:
    for name, values in columns.items():
        at = rows.column_names.index(name)
        rows = rows.set_column(at, rows.schema.field(at), [pa.array(values, rows.schema.field(at).type)])
    return rows


def test_a_night_writes_what_it_changed_and_no_more(
    project: Project, compared: dict[str, carried.Change | None]
) -> None:
    published(project, night(0))
    assert compared == {}
    daily = night(1)["kpi_daily"]
    status = daily["data_status"].to_pylist()
    status[10] = "provisional"
    reason = daily["status_reason"].to_pylist()
    reason[200] = "carried"
    published(project, night(1, kpi_daily=edited(daily, data_status=status, status_reason=reason)))
    change = compared["kpi_daily"]
    assert change is not None
    assert change.kept == daily.num_rows
    assert {name: rows[carried.PLACE].to_pylist() for name, rows in change.columns.items()} == {
        "data_status": places(daily, [10]),
        "status_reason": places(daily, [200]),
        "computed_run_id": list(range(daily.num_rows)),
    }
    assert change.added.num_rows == 0


def test_a_column_comes_to_one_value_or_to_another_in_the_rows_that_are_added(
    project: Project, compared: dict[str, carried.Change | None]
) -> None:
    daily = night(0)["kpi_daily"].sort_by([("date", "ascending")])
    published(project, night(0, kpi_daily=daily.slice(0, 200), kpi_period=empty("kpi_period")))
    more = night(1)["kpi_daily"].sort_by([("date", "ascending")]).slice(0, 240)
    changed = edited(
        more,
        data_through=[None] * 240,
        status_reason=["it's late"] * 240,
        data_status=["provisional"] * 200 + ["held"] * 40,
    )
    published(project, night(1, kpi_daily=changed, kpi_period=empty("kpi_period")))
    change = compared["kpi_daily"]
    assert change is not None
    assert change.one_value == {
        "data_through": None,
        "status_reason": "it's late",
        "computed_run_id": NIGHTS[1],
    }


def places(rows: pa.Table, given: list[int]) -> list[int]:
    """Where rows, given by number, come in the order of kpi_daily's key."""
    order = (
        rows.append_column("at", pa.array(range(rows.num_rows)))
        .sort_by([(name, "ascending") for name in load().table("kpi_daily").key])["at"]
        .to_pylist()
    )
    return [order.index(one) for one in given]


def test_night_after_night_is_as_if_written_anew(
    project: Project, compared: dict[str, carried.Change | None]
) -> None:
    """Days come and go at the end, a column changes in all rows by its KPI, NULLs come and go."""
    random = np.random.default_rng(5)
    for number in range(len(NIGHTS)):
        daily = night(number)["kpi_daily"].sort_by([("date", "ascending")])
        daily = daily.slice(0, 200 + [0, 20, 32, 28, 44][number])
        through = [AS_OF - timedelta(days=number + len(kpi)) for kpi in daily["kpi"].to_pylist()]
        reason = [None if draw < 0.97 else f"why {draw:.3f}" for draw in random.random(daily.num_rows)]
        changed = edited(daily, data_through=through, status_reason=reason)
        published(project, night(number, kpi_daily=changed, kpi_period=empty("kpi_period")))
        assert number == 0 or isinstance(compared["kpi_daily"], carried.Change)


def test_where_keys_differ_early_the_table_is_written_anew(
    project: Project, compared: dict[str, carried.Change | None]
) -> None:
    published(project, night(0))
    daily = night(1)["kpi_daily"]
    fewer = daily.filter(pc.greater(daily["date"], pa.scalar(date(2026, 9, 8))))
    published(project, night(1, kpi_daily=fewer, kpi_period=empty("kpi_period")))
    assert compared["kpi_daily"] is None


@pytest.mark.parametrize(
    "harm", ["changed", "a table changed", "a table gone", "forgotten", "other contract"]
)
def test_a_publication_that_is_not_what_was_published_is_not_built_upon(
    project: Project, compared: dict[str, carried.Change | None], harm: str
) -> None:
    version = published(project, night(0))
    if harm == "changed":
        with duckdb.connect(str(version / serving.FILE)) as writer:
            writer.execute("update kpi_daily set value = 17 where date = '2026-09-05'")
    if harm == "forgotten":
        (project.work / carried.RECORD).unlink()
    if harm == "a table changed":
        rows = tables(NIGHTS[1])["kpi_daily"]
        pq.write_table(rows.slice(0, rows.num_rows - 4), version / "kpi_daily.parquet")
    if harm == "a table gone":
        (version / "kpi_daily.parquet").unlink()
    if harm == "other contract":
        record = project.work / carried.RECORD
        record.write_text(record.read_text().replace('"contract.json": "', '"contract.json": "0'))
    published(project, night(1))
    assert compared == {}


def test_a_night_that_is_killed_before_it_remembers_leaves_the_next_one_right(
    project: Project, compared: dict[str, carried.Change | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(work: Path, path: Path) -> None:
        raise KeyboardInterrupt

    published(project, night(0))
    with monkeypatch.context() as patched:
        patched.setattr(carried, "remember", killed)
        with pytest.raises(KeyboardInterrupt):
            published(project, night(1))
    assert project.current.resolve().name == NIGHTS[1]
    compared.clear()
    published(project, night(2))
    assert compared == {}
    published(project, night(3))
    assert "kpi_daily" in compared
