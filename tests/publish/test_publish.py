from __future__ import annotations

import os
import shutil
import stat
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dagster_project.errors import NothingPublished
from dagster_project.project import Project
from dagster_project.publish import folder
from dagster_project.publish.contract import load
from dagster_project.publish.publish import PublishedRelation, publish
from tests.publish.frames import AS_OF, NOW, tables

FIRST, SECOND = "20261101T031500Z-3f2a9c", "20261102T031500Z-88b1e0"


def write_report(built: Path) -> None:
    (built / "report.html").write_text("<!doctype html><title>report</title>", encoding="utf-8")


def published(project: Project, run_id: str, **changed: pa.Table) -> Path:
    return publish(project, run_id, AS_OF, tables(run_id) | changed, write_report, NOW)


def with_value(table: pa.Table, row: int, column: str, value: object) -> pa.Table:
    values = table.column(column).to_pylist()
    values[row] = value
    index = table.column_names.index(column)
    return table.set_column(
        index, table.schema.field(index), [pa.array(values, table.schema.field(index).type)]
    )


def test_a_publication_holds_every_table_the_database_and_the_report(project: Project) -> None:
    version = published(project, FIRST)
    assert project.current.resolve() == version.resolve()
    assert os.readlink(project.current) == f"versions/{FIRST}"
    names = {path.name for path in version.iterdir()}
    assert names == {f"{name}.parquet" for name in load().names} | {"serving.duckdb", "report.html"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in version.iterdir()} == {0o640}


def test_serving_holds_the_same_rows_and_wide_views_under_any_name(project: Project) -> None:
    version = published(project, FIRST)
    with duckdb.connect() as reader:
        reader.execute(f"attach '{version}/serving.duckdb' as bi (read_only)")
        for table in load().tables:
            same = reader.execute(
                f"select count(*) from (from bi.{table.name} except all "
                f"from read_parquet('{version}/{table.name}.parquet'))"
            ).fetchone()
            assert same == (0,), table.name
        assert reader.execute("select * from bi.kpi_month_wide").fetchall() == [
            (date(2026, 9, 1), 120.0, 0.25),
            (date(2026, 10, 1), 124.0, 0.25),
        ]
        comment = reader.execute(
            "select comment from duckdb_columns() where table_name = 'kpi_daily' and column_name = 'value'"
        ).fetchone()
        assert comment is not None
        assert comment[0].startswith("The KPI")


def test_the_database_is_written_in_the_storage_of_the_first_stable_drivers(project: Project) -> None:
    header = (published(project, FIRST) / "serving.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    # Storage 64 is what DuckDB 0.10 to 1.1 write and all later read.
    assert int.from_bytes(header[12:20], "little") == 64


def test_tables_of_the_warehouse_are_published_in_the_order_of_their_key(project: Project) -> None:
    given: dict[str, pa.Table | PublishedRelation] = dict(tables(FIRST))
    daily = given["kpi_daily"]
    assert isinstance(daily, pa.Table)
    project.work.mkdir()
    with duckdb.connect(str(project.warehouse)) as warehouse:
        shuffled = daily.sort_by([("segment", "descending"), ("date", "descending")])
        warehouse.register("shuffled", shuffled)
        warehouse.execute("create table kpi_daily as from shuffled")
    given["kpi_daily"] = PublishedRelation("main", "kpi_daily")
    version = publish(project, FIRST, AS_OF, given, None, NOW)
    with duckdb.connect() as reader:
        key = reader.sql(
            f"select date, kpi, dimension, segment from '{version}/kpi_daily.parquet'"
        ).fetchall()
    assert key == sorted(key)
    assert len(key) == daily.num_rows


def test_the_same_tables_are_published_as_the_same_bytes(project: Project) -> None:
    first, second = published(project, FIRST), None
    kept = {path.name: path.read_bytes() for path in first.glob("*.parquet")}
    shutil.rmtree(project.outputs)
    second = published(project, FIRST)
    assert {path.name: path.read_bytes() for path in second.glob("*.parquet")} == kept


def test_a_wrong_shape_in_the_warehouse_is_named_and_blocks(project: Project) -> None:
    given: dict[str, pa.Table | PublishedRelation] = dict(tables(FIRST))
    project.work.mkdir()
    with duckdb.connect(str(project.warehouse)) as warehouse:
        warehouse.execute("create table kpi_segments (dimension varchar, segment integer, label_ja varchar)")
    given["kpi_segments"] = PublishedRelation("main", "kpi_segments")
    given["dim_date"] = PublishedRelation("main", "dim_date")
    with pytest.raises(NothingPublished) as caught:
        publish(project, FIRST, AS_OF, given, None, NOW)
    assert "kpi_segments: column segment is INTEGER, the contract says VARCHAR" in str(caught.value)
    assert "kpi_segments: column label_en is missing" in str(caught.value)
    assert "dim_date: the warehouse has no main.dim_date" in str(caught.value)


def test_a_month_that_is_not_its_days_blocks_and_the_last_publication_stays(project: Project) -> None:
    published(project, FIRST)
    period = tables(SECOND)["kpi_period"]
    total = pc.and_(pc.equal(period["kpi"], "orders"), pc.equal(period["dimension"], "total"))
    spoiled = with_value(period, pc.indices_nonzero(total)[0].as_py(), "value", 121.0)
    with pytest.raises(NothingPublished) as caught:
        published(project, SECOND, kpi_period=spoiled)
    assert "orders of the month 2026-09-01 is 121.0, its days add up to 120.0" in str(caught.value)
    assert "its segments of channel add up to 120.0" in str(caught.value)
    assert project.current.resolve().name == FIRST
    assert [path.name for path in (project.outputs / "versions").iterdir()] == [FIRST]
    assert (project.work / "refused_publication" / "kpi_period.parquet").is_file()


def test_a_lost_segment_row_blocks(project: Project) -> None:
    daily = tables(FIRST)["kpi_daily"]
    lost = daily.filter(
        pc.invert(pc.and_(pc.equal(daily["segment"], "(none)"), pc.equal(daily["date"], date(2026, 9, 5))))
    )
    with pytest.raises(
        NothingPublished, match=r"orders on 2026-09-05 is 4.0, its segments of channel add up to 2"
    ):
        published(project, FIRST, kpi_daily=lost)


def test_rows_of_another_run_block(project: Project) -> None:
    mixed = with_value(tables(FIRST)["kpi_daily"], 0, "computed_run_id", SECOND)
    with pytest.raises(NothingPublished, match=f"kpi_daily: 1 rows were computed by run {SECOND}"):
        published(project, FIRST, kpi_daily=mixed)


def test_a_publication_of_another_night_blocks(project: Project) -> None:
    with pytest.raises(NothingPublished, match="publication: must be the one row"):
        publish(project, FIRST, AS_OF - timedelta(days=1), tables(FIRST), None, NOW)


def test_every_table_of_the_contract_must_be_handed_over(project: Project) -> None:
    given = tables(FIRST)
    given["kpi_dialy"] = given.pop("kpi_daily")
    with pytest.raises(NothingPublished) as caught:
        publish(project, FIRST, AS_OF, given, None, NOW)
    assert "kpi_daily: not handed over" in str(caught.value)
    assert "kpi_dialy: not in the contract (did you mean 'kpi_daily'?)" in str(caught.value)


def test_a_report_that_fails_leaves_the_last_publication_and_no_rest(project: Project) -> None:
    def broken(built: Path) -> None:
        raise ZeroDivisionError

    published(project, FIRST)
    with pytest.raises(ZeroDivisionError):
        publish(project, SECOND, AS_OF, tables(SECOND), broken, NOW)
    assert project.current.resolve().name == FIRST
    assert [path.name for path in (project.outputs / "versions").iterdir()] == [FIRST]


def test_a_full_disk_leaves_the_last_publication(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    published(project, FIRST)
    usage = shutil.disk_usage(project.outputs)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**20))
    with pytest.raises(NothingPublished, match="1 MB are free"):
        published(project, SECOND)
    monkeypatch.undo()

    def full(built: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(NothingPublished, match="the disk is full"):
        publish(project, SECOND, AS_OF, tables(SECOND), full, NOW)
    assert project.current.resolve().name == FIRST
    assert [path.name for path in (project.outputs / "versions").iterdir()] == [FIRST]


def test_a_folder_in_the_place_of_the_link_is_not_overwritten(project: Project) -> None:
    project.current.mkdir(parents=True)
    (project.current / "mine.txt").write_text("mine")
    with pytest.raises(NothingPublished, match="Move it away"):
        published(project, FIRST)
    assert (project.current / "mine.txt").read_text() == "mine"


def test_the_newest_three_the_one_in_force_and_a_day_are_kept(tmp_path: Path) -> None:
    for age_hours, name in [(50, "a"), (49, "b"), (48, "c"), (47, "d"), (3, "e"), (2, "f"), (1, "g")]:
        version = tmp_path / "versions" / name
        version.mkdir(parents=True)
        stamp = NOW.timestamp() - age_hours * 3600
        os.utime(version, (stamp, stamp))
    (tmp_path / "current").symlink_to("versions/b")
    assert sorted(folder.prune(tmp_path, NOW)) == ["a", "c", "d"]


def test_the_newest_three_are_kept_however_old(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / "versions" / name).mkdir(parents=True)
        os.utime(tmp_path / "versions" / name, (0, 0))
    (tmp_path / "current").symlink_to("versions/c")
    assert folder.prune(tmp_path, NOW) == []


def test_outputs_can_be_moved_with_their_pointer(project: Project, tmp_path: Path) -> None:
    published(project, FIRST)
    moved = tmp_path / "elsewhere"
    project.outputs.rename(moved)
    assert (moved / "current" / "kpi_daily.parquet").is_file()
