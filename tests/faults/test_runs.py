"""What may go wrong while a night runs: the last publication stays whole, and the next night is right."""

from __future__ import annotations

import importlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.publish.contract import load
from dagster_project.run_lock import RunLock
from tests.faults.company import Company, assert_same, differing, tables


def test_a_changed_definition_changes_its_own_rows_only_and_restates_no_value(company: Company) -> None:
    before = tables(company.project.current)
    company.define("kpis/all.yml", lambda text: text.replace("label: 受注, ", "label: 受注件数, "))
    company.define(
        "kpis/all.yml",
        lambda text: text.replace("expr: visits,\n", "expr: visits,\n     filter: buyers > 11,\n"),
    )
    company.night()
    after = tables(company.project.current)
    for name in ("kpi_daily", "kpi_period"):
        old, new = before[name], after[name]
        assert set(differing(new, old).kpi) == set(differing(old, new).kpi) == {"visits"}
        hashes = [set(rows[rows.kpi == "visits"].definition_hash) for rows in (old, new)]
        assert [len(found) for found in hashes] == [1, 1]
        assert hashes[0] != hashes[1]
    assert company.days("visits")[1] == 0.0
    assert company.published("restatements").empty, "what changed is the meaning, not the data"


def test_a_model_that_fails_is_named_and_the_last_publication_stays(company: Company) -> None:
    before = company.project.current.resolve()
    company.define(
        "kpis/all.yml", lambda text: text.replace("agg: sum, expr: amount,\n     filter: stage = 'won'",
        "agg: sum, expr: cast(team as integer),\n     filter: stage = 'won'"),
    )  # fmt: skip
    assert company.kpi("check").code == 0
    answer = company.kpi("run")
    assert answer.code == 1
    assert "Nothing was published, the last publication stays: building the models failed." in answer.err
    assert re.search(r"model measures_\w+ \(models/generated/kpi/measures_\w+\.sql\)", answer.err)
    assert "Traceback" not in answer.err
    assert company.project.current.resolve() == before


STEPS = {
    "landing the exports": "dagster_project.defs.landing:expose",
    "computing targets and attainment": "dagster_project.goals.tables:build_goal_tables",
    "publishing": "dagster_project.defs.publication:publication_row",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_breaks_leaves_the_last_publication_whole(
    company: Company, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ValueError("no such luck")

    module, _, name = STEPS[step].partition(":")
    monkeypatch.setattr(importlib.import_module(module), name, broken)
    before = company.project.current.resolve()
    content = {path.name: path.read_bytes() for path in before.iterdir()}
    answer = company.kpi("run", "--json")
    assert answer.code == 1
    said = json.loads(answer.out)
    assert (said["published"], said["publication"]) == (False, None)
    assert f"{step} failed.\nValueError: no such luck" in said["error"]
    assert company.project.current.resolve() == before
    assert {path.name: path.read_bytes() for path in before.iterdir()} == content


def test_storage_of_dagster_that_breaks_is_told_in_words(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(dg.DagsterInstance, "from_config", full)
    answer = company.kpi("run")
    assert answer.code == 1
    assert "Nothing was published, the last publication stays" in answer.err
    assert "OperationalError: database or disk is full" in answer.err


def test_a_publication_holds_rows_of_one_run(seen: Company) -> None:
    runs = {
        run
        for table in load().tables
        if table.one_run
        for run in seen.published(table.name).get("computed_run_id", [])
    }
    assert runs == {seen.published("publication").publication_id[0]}


def test_a_second_run_says_who_is_at_work_and_exits_with_1(company: Company) -> None:
    with RunLock(company.project.work, "night-1"):
        answer = company.kpi("run")
    assert answer.code == 1
    assert "run night-1 of" in answer.err
    assert f"process {os.getpid()}, since" in answer.err
    assert company.kpi("run", "--as-of", "next week").code == 2


def test_a_warehouse_with_flipped_bytes_is_rebuilt_and_kept(company: Company) -> None:
    before = tables(company.project.current)
    damaged = bytearray(company.project.warehouse.read_bytes())
    for at in range(4096, len(damaged), 8192):
        damaged[at] ^= 0xFF
    company.project.warehouse.write_bytes(damaged)
    company.night()
    assert_same(tables(company.project.current), before)
    assert (company.project.work / "broken" / "warehouse.duckdb").read_bytes() == bytes(damaged)


WRITES_AND_DIES = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("set wal_autocheckpoint = '1TB'")
connection.execute("create table left_over as select range as n from range(200000)")
connection.execute("insert into left_over select range from range(200000)")
os._exit(9)
"""


def test_a_torn_log_of_a_killed_night_is_no_hindrance(company: Company) -> None:
    before = tables(company.project.current)
    warehouse = company.project.warehouse
    subprocess.run([sys.executable, "-c", WRITES_AND_DIES, str(warehouse)], check=False)
    log = warehouse.with_name("warehouse.duckdb.wal")
    whole = log.read_bytes()
    torn = whole[: len(whole) // 3] + b"\xff" * 64
    log.write_bytes(torn)
    company.night()
    assert_same(tables(company.project.current), before)
    kept = company.project.work / "broken" / log.name
    assert kept.read_bytes() == torn


def test_old_data_are_published_with_a_mark_that_strict_turns_into_3(company: Company) -> None:
    answer = company.kpi("run", "--as-of", "2026-04-14", "--strict")
    assert answer.code == 3, answer.err
    assert company.published("publication").as_of[0].isoformat() == "2026-04-14"
    fresh = company.published("source_freshness").set_index("source")
    assert set(fresh.status) == {"stale"}
    # the shop is closed on the 11th and 12th, a Saturday and a Sunday, and owes no file
    assert fresh.days_late.to_dict() == {"crm": 4, "ga4": 4, "shop": 4, "store": 2}
    report = (company.root / "outputs/current/report.html").read_text(encoding="utf-8")
    assert report.count("4日") >= 4
    assert company.days("revenue")[14] is None


def test_no_model_reads_the_clock() -> None:
    models = Path(__file__).parents[2] / "dbt"
    clock = re.compile(r"\b(current_date|current_timestamp|now\s*\(|today\s*\(|getdate|run_started_at)", re.I)
    found = [
        path
        for path in models.rglob("*.sql")
        if "target" not in path.parts and clock.search(path.read_text())
    ]
    assert found == []


def test_the_served_database_is_in_the_format_of_duckdb_1_0(seen: Company) -> None:
    header = (seen.project.current / "serving.duckdb").read_bytes()[:20]
    assert (header[8:12], int.from_bytes(header[12:20], "little")) == (b"DUCK", 64)  # 1.0 and 1.1 read 64
