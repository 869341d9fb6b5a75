"""The working database: hardened, disposable, and never silently lost."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

from dagster_project import memory, warehouse
from dagster_project.errors import Busy, UsageError
from dagster_project.project import HAND_WRITTEN_DBT, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(root=tmp_path, data=tmp_path / "data", outputs=tmp_path / "outputs")
    found.landing.mkdir()
    return found


def test_tables_are_replaced_whole_with_their_values_bound(project: Project) -> None:
    evil = "'); drop table definitions.kpis; --"
    columns = (("kpi", "varchar"), ("scale", "double"))
    warehouse.write_tables(project, "definitions", {"kpis": (columns, [("old", 1.0), ("older", 2.0)])})
    warehouse.write_tables(project, "definitions", {"kpis": (columns, [(evil, None)]), "none": (columns, [])})
    with warehouse.opened(project, read_only=True) as connection:
        assert connection.execute("from definitions.kpis").fetchall() == [(evil, None)]
        assert connection.execute("from definitions.none").fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '{root}/out.csv'",
        "attach '{root}/other.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
    ],
)
def test_nothing_outside_the_landing_folder_is_reached(project: Project, statement: str) -> None:
    with warehouse.opened(project) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(root=project.root))


def _seen_within(project: Project) -> None:
    with warehouse.opened(project) as outside:
        with warehouse.opened(project) as inside:
            inside.execute("create table seen as select 1 as n")
            with pytest.raises(duckdb.Error):
                inside.execute("select * from read_text('/etc/hostname')")
        warehouse.write_tables(project, "definitions", {"kpis": ((("kpi", "varchar"),), [("a",)])})
        assert outside.execute("from seen, definitions.kpis").fetchall() == [(1, "a")]
        raise RuntimeError


def test_within_itself_it_is_opened_once_and_closed_with_the_outermost(project: Project) -> None:
    with pytest.raises(RuntimeError):
        _seen_within(project)
    with warehouse.opened(project, read_only=True) as connection, pytest.raises(duckdb.Error):
        connection.execute("create table anything as select 1")


def test_landed_files_are_read(project: Project) -> None:
    duckdb.connect().execute(f"copy (select 7 as n) to '{project.landing / 'a.parquet'}' (format parquet)")
    with warehouse.opened(project) as connection:
        assert connection.execute(f"from '{project.landing / 'a.parquet'}'").fetchall() == [(7,)]


def test_a_broken_file_is_put_aside_and_a_new_one_begun(project: Project) -> None:
    warehouse.write_tables(project, "definitions", {"kpis": ((("kpi", "varchar"),), [("a",)])})
    damaged = bytearray(project.warehouse.read_bytes())
    damaged[:4096] = bytes(4096)
    project.warehouse.write_bytes(damaged)
    said = warehouse.make_ready(project)
    assert said is not None
    assert "rebuilt from the landed files" in said
    assert (project.work / "broken" / "warehouse.duckdb").read_bytes() == damaged
    assert warehouse.make_ready(project) is None
    with warehouse.opened(project) as connection:
        assert connection.execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_a_log_that_lost_its_database_is_kept_aside(project: Project) -> None:
    project.work.mkdir()
    log = project.warehouse.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"left behind")
    assert warehouse.make_ready(project) is not None
    assert not log.exists()
    assert (project.work / "broken" / log.name).read_bytes() == b"left behind"


def test_a_warehouse_open_elsewhere_is_busy_and_stays_where_it_is(project: Project) -> None:
    warehouse.write_tables(project, "definitions", {"kpis": ((("kpi", "varchar"),), [("a",)])})
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(project.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "open\n"
    try:
        with pytest.raises(Busy, match=r"serving\.duckdb"):
            warehouse.make_ready(project)
        assert project.warehouse.exists()
    finally:
        other.communicate("")


def test_rows_are_inserted_with_their_types_and_none_stays_none(project: Project) -> None:
    columns = (("a", "varchar"), ("b", "double"), ("c", "date"), ("d", "boolean"), ("e", "decimal(18, 4)"))
    rows = [
        ("x", 1, date(2026, 3, 1), True, Decimal("0.0001")),
        (None, 0.1, None, None, Decimal("12345678901234.5678")),
        (None, None, None, False, None),
    ]
    warehouse.write_tables(project, "definitions", {"typed": (columns, rows)})
    with warehouse.opened(project, read_only=True) as connection:
        assert connection.execute("from definitions.typed").fetchall() == rows


def test_dbt_opens_the_warehouse_with_the_same_settings() -> None:
    given = {"KPI_MEMORY_LIMIT": memory.LIMIT, "KPI_THREADS": memory.THREADS}
    text = (HAND_WRITTEN_DBT / "profiles.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["shirube"]["outputs"]["duckdb"]["config_options"]
    read = {
        name: jinja2.Template(value).render(env_var=lambda name, default: given.get(name, default))
        for name, value in options.items()
    }
    assert read == warehouse.SETTINGS


def test_what_outgrows_the_memory_is_written_beside_the_warehouse_though_files_are_shut(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(warehouse.SETTINGS, "memory_limit", "80MB")
    many = (
        "select (i * 7919) % 1000003 as number, repeat('x', 60) || i as text from range(1_000_000) as t (i)"
    )
    with warehouse.opened(project) as connection:
        connection.execute(f"create table sorted as select * from ({many}) order by number")
        assert (
            connection.execute("select count(*), sum(number) from sorted").fetchall()
            == connection.execute(f"select count(*), sum(number) from ({many})").fetchall()
        )
        with pytest.raises(duckdb.Error):
            connection.execute("set memory_limit = '8GB'")


@pytest.mark.parametrize("given", ["two", "0", "-1", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused_in_words(given: str) -> None:
    with pytest.raises(UsageError, match=f"KPI_THREADS is '{given}': write how many"):
        memory.threads_of(given)


@pytest.mark.parametrize("given", ["lots", "80%", "1000", "GB"])
def test_a_limit_of_memory_without_a_size_is_refused_in_words(given: str) -> None:
    with pytest.raises(UsageError, match=f"KPI_MEMORY_LIMIT is '{given}': write a size"):
        memory.limit_of(given, "2")


@pytest.mark.parametrize("given", ["500MB", "1.5 GB", "2GiB", "800mb"])
def test_duckdb_reads_a_limit_that_is_taken(given: str) -> None:
    duckdb.connect(config={"memory_limit": memory.limit_of(given, "2")}).close()


@pytest.mark.parametrize(("threads", "limit"), [("1", "300MB"), ("2", "300MB"), ("4", "600MB")])
def test_more_threads_are_allowed_more_memory(threads: str, limit: str) -> None:
    assert memory.limit_of(None, memory.threads_of(threads)) == limit
