"""One night of a small company, executed through Dagster and dbt in this process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.defs import dbt_engine
from dagster_project.defs.dbt_engine import NodeResult
from dagster_project.defs.execution import Finished, run_night
from dagster_project.defs.instance import dagster_home
from dagster_project.defs.nightly import build_definitions
from dagster_project.defs.prepared import prepare
from dagster_project.errors import Busy, NothingPublished
from dagster_project.project import Project
from dagster_project.run_lock import RunLock
from dagster_project.snapshots.changes import state_as_of


@pytest.fixture(scope="module")
def night(company: Project) -> Finished:
    return run_night(company)


def _rows(project: Project, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(project.current / "serving.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_as_of_date_is_the_last_day_of_the_data(night: Finished) -> None:
    assert night.as_of == date(2026, 6, 30)


def test_what_is_published_is_what_the_export_says(company: Project, night: Finished) -> None:
    won = [1000 + day for day in range(1, 61) if day % 5]
    april = [1000 + day for day in range(1, 61) if day % 5 and day % 3 == 0]
    monthly = (
        "select value from kpi_period "
        "where kpi = '{}' and grain = '{}' and period_start = '{}' and segment = 'total'"
    )
    assert _rows(company, monthly.format("revenue", "all", "0001-01-01")) == [(float(sum(won)),)]
    assert _rows(company, monthly.format("won", "month", "2026-04-01")) == [(float(len(april)),)]
    assert _rows(company, "select distinct computed_run_id from kpi_daily") == [(night.run_id,)]
    assert company.current.resolve() == night.publication


def test_every_goal_has_an_attainment_and_a_forecast(company: Project, night: Finished) -> None:
    assert _rows(company, "select count(*) > 0 from kgi_attainment where goal = 'revenue_q1'") == [(True,)]
    assert _rows(company, "select count(*) > 0 from kgi_forecast where goal = 'revenue_q1'") == [(True,)]


def test_the_nights_changes_are_kept_without_personal_columns(company: Project, night: Finished) -> None:
    kept = state_as_of(company.state / "snapshots" / "deals", ["deal_id"], night.as_of)
    assert kept is not None
    assert kept.num_rows == 60
    assert "contact" not in kept.column_names


def test_no_log_or_state_of_the_night_holds_a_personal_value(company: Project, night: Finished) -> None:
    folders = (company.state, company.work / "logs", company.work / "dagster", company.outputs)
    found = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and b"canary" in path.read_bytes()
    ]
    assert found == []


def test_dagster_remembers_the_night_under_its_day(company: Project, night: Finished) -> None:
    runs = company.work / "dagster" / "history" / "runs.db"
    with sqlite3.connect(runs) as connection:
        partitions = connection.execute("select distinct partition, status from runs").fetchall()
    assert partitions == [("2026-06-30", "SUCCESS")]


def test_a_table_chosen_in_the_ui_is_built_with_the_steps_to_it_and_its_tests(
    company: Project, night: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[NodeResult] = []
    whole = dbt_engine.build

    def build(*arguments: Any) -> list[NodeResult]:
        built.extend(whole(*arguments))
        return built

    monkeypatch.setattr(dbt_engine, "build", build)
    job = build_definitions(prepare(company), night.as_of).resolve_job_def("nightly")
    with dg.DagsterInstance.from_config(str(dagster_home(company))) as instance:
        run = job.execute_in_process(
            partition_key=night.as_of.isoformat(), instance=instance, asset_selection=[dg.AssetKey("deals")]
        )
    assert run.success
    models = {result.name: result.status for result in built if result.kind == "model"}
    assert models == {"stg_deals_export": "success", "deals": "success"}
    checks = {found.check_name for found in run.get_asset_check_evaluations()}
    assert checks == {result.name for result in built if result.kind == "test"} != set()


def test_nothing_outside_the_company_is_written(company: Project, night: Finished) -> None:
    assert {path.name for path in company.root.iterdir()} == {
        "kpi_definitions", "data", "landing", "state", "outputs", ".kpi",
    }  # fmt: skip


def test_models_are_parsed_again_only_where_something_changed(
    company: Project, night: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(dbt_engine, "_invoke", refuse)
    prepare(company)
    model = company.generated / "marts" / "deals.sql"
    before = model.read_text(encoding="utf-8")
    model.write_text(before + "\n-- changed\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="parsed again"):
        dbt_engine.ensure_manifest(company)
    model.write_text(before, encoding="utf-8")


def test_models_reach_no_file_outside_the_landing_folder(company: Project, night: Finished) -> None:
    secret = company.root / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    model = company.generated / "marts" / "deals.sql"
    before = model.read_text(encoding="utf-8")
    try:
        dbt_engine.set_environment(company, prepare(company).definitions)
        model.write_text(f"select * from read_csv('{secret}')", encoding="utf-8")
        dbt_engine.ensure_manifest(company)
        results = {result.name: result for result in dbt_engine.build(company, ["deals"])}
    finally:
        model.write_text(before, encoding="utf-8")
        secret.unlink()
    assert results["deals"].status == "error"
    assert "disabled by configuration" in results["deals"].message


def test_a_failed_step_is_named_with_its_reason_and_the_last_publication_stays(
    company: Project, night: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise NothingPublished("check unique_key (date) of dim_date: 2 rows break it")

    monkeypatch.setattr(dbt_engine, "build", broken)
    with pytest.raises(NothingPublished) as failed:
        run_night(company)
    assert "building the models failed.\ncheck unique_key (date) of dim_date" in str(failed.value)
    assert str(company.work / "logs" / "dagster.log") in str(failed.value)
    assert company.current.resolve() == night.publication


def test_a_second_run_is_told_who_holds_the_lock_since_when(company: Project, tmp_path: Path) -> None:
    holds = "import sys, time; from pathlib import Path; from dagster_project.run_lock import RunLock\n"
    holds += "with RunLock(Path(sys.argv[1]), 'night-1'):\n    print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", holds, str(company.work)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout
    assert other.stdout.readline() == "held\n"
    try:
        with pytest.raises(Busy, match=rf"run night-1 of .+ process {other.pid}, since \d{{4}}-"):
            run_night(company)
    finally:
        other.kill()
        other.communicate()
    with RunLock(company.work, "after a kill"):
        pass
