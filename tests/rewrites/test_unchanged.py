"""What stays from one night to the next: as little as may, and what stays is what would have been built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import duckdb
import pandas as pd
import pytest

from dagster_project import memory, warehouse
from dagster_project.defs import dbt_engine, models
from dagster_project.defs.dbt_engine import NodeResult
from dagster_project.defs.landing import land_new
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared, prepare
from dagster_project.defs.shown import Shown
from dagster_project.kpi.metadata import rows
from dagster_project.landing.expose import expose
from dagster_project.project import Project
from dagster_project.rewrites.unchanged import READS_UNTOLD, made_of

DEFINITIONS = {
    "project.yml": "currency: JPY\nlanguage: ja\n",
    "calendar.yml": "timezone: Asia/Tokyo\nholidays: JP\n",
    "sources/crm.yml": """\
sources:
  - source: crm
    files: deals.csv
    format: {type: csv, encoding: utf-8}
    load: full
    covers: {from: 2026-04-01, through: 2026-04-30}
    key: [deal_id]
    columns:
      deal_id: {type: text}
      team: {type: text}
      closed_on: {type: date}
      amount: {type: money, currency: JPY}
""",
    "entities.yml": """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    times: {closed_on: {}}
    dimensions: {team: {label: {ja: 支社, en: Team}}}
""",
    "kpis/sales.yml": """\
department: sales
kpis:
  - {name: revenue, label: 売上, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount,
     unit: JPY, direction: up}
""",
}
HEAD = "deal_id,team,closed_on,amount\n"
AS_OF = date(2026, 4, 10)


def node(name: str, kind: str, *reads: str) -> tuple[str, dict[str, Any]]:
    resource = "test" if kind == "test" else "model"
    reading = {"depends_on": {"nodes": list(reads)}}
    return name, {"resource_type": resource, "config": {"materialized": kind}, "alias": name, **reading}


MANIFEST = {
    "nodes": dict(
        [
            node("staged", "view", "source.export"),
            node("entity", "table", "staged"),
            node("sound_entity", "test", "entity"),
            node("events", "in_parts", "source.export"),
            node("shown", "view", "events"),
            node("counted", "table", "shown", "entity"),
            node("sound_shown", "test", "shown"),
            node("unknown", "table", "source.other"),
            node("kept", "table", "entity"),
        ]
    )
}
MANIFEST["nodes"]["kept"]["depends_on"]["macros"] = [READS_UNTOLD]


def stays(code: str, content: str) -> set[str]:
    """What is made of the same now as with code `a` and content `1`."""
    before, now = (
        made_of(MANIFEST, "a", {"source.export": "1"}),
        made_of(MANIFEST, code, {"source.export": content}),
    )
    return {name for name, digest in now.items() if before.get(name) == digest}


def test_nothing_is_known_of_what_reads_a_model_in_parts_or_an_unknown_source_or_more_than_it_says() -> None:
    assert stays("a", "1") == {"staged", "entity", "sound_entity", "shown"}


def test_of_changed_rows_only_views_stay() -> None:
    assert stays("a", "2") == {"staged", "shown"}


def test_of_changed_sql_or_columns_nothing_stays() -> None:
    assert stays("b", "1") == set()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    root = tmp_path_factory.mktemp("company")
    for name, text in DEFINITIONS.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    project = Project(root=root, data=root / "data", outputs=root / "outputs")
    project.data.mkdir()
    with patch.dict(os.environ):
        yield prepare(project)


def export(project: Project, text: str) -> None:
    path = project.data / "deals.csv"
    path.write_text(text, encoding="utf-8")
    rested = (datetime.now() - timedelta(minutes=1)).timestamp()
    os.utime(path, (rested, rested))


def build(prepared: Prepared, as_of: date = AS_OF) -> dict[str, NodeResult]:
    project, definitions = prepared.project, prepared.definitions
    night = Night(prepared, "run", as_of, datetime.now(UTC))
    land_new(prepared, lambda line: None)
    with warehouse.opened(project) as connection:
        expose(connection, project.landing, definitions.sources, definitions.calendar, as_of, "run")
        warehouse.write_tables(project, "definitions", rows(definitions))
    return {result.name: result for result in models._build(night, (), lambda name, at, of: None)}


def left(results: dict[str, NodeResult]) -> set[str]:
    return {name for name, result in results.items() if result.seconds == 0}


def known_tables(prepared: Prepared) -> dict[str, pd.DataFrame]:
    """What people read; of the steps to it some hold only what a night computed anew."""
    nodes, steps = prepared.manifest["nodes"].items(), Shown(prepared.manifest).steps
    names = [node["name"] for at, node in nodes if node["resource_type"] == "model" and at not in steps]
    with duckdb.connect(str(prepared.project.warehouse), config=warehouse.SETTINGS) as connection:
        return {name: connection.execute(f"select * from main.{name} order by all").df() for name in names}


def test_nights_that_leave_things_as_they_are_equal_those_that_build_all(prepared: Prepared) -> None:
    project = prepared.project

    export(project, HEAD + "A,east,2026-04-02,100\nB,west,2026-04-03,20\n")
    every = build(prepared)
    assert left(every) == set()

    # a day later, nothing new
    tomorrow = AS_OF + timedelta(days=1)
    quiet = build(prepared, tomorrow)
    assert quiet.keys() == every.keys()
    assert {"stg_crm", "deals", "dim_date", "kpi_catalog", "unique_key_deals_deal_id"} <= left(quiet)
    assert not {"entity_days", "measures_deals__closed_on", "kpi_made_from", "kpi_rows"} & left(quiet)

    export(project, HEAD + "A,east,2026-04-02,100\nB,west,2026-04-03,50\n")
    changed = build(prepared)
    assert {"stg_crm", "dim_date"} <= left(changed)
    assert not {"deals", "unique_key_deals_deal_id"} & left(changed)
    ours = known_tables(prepared)
    project.warehouse.unlink()
    assert left(build(prepared)) == set()
    whole = known_tables(prepared)
    assert ours.keys() == whole.keys()
    for name, rows_of in whole.items():
        pd.testing.assert_frame_equal(ours[name], rows_of, obj=name)


def test_a_test_that_did_not_pass_is_made_again(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    really = dbt_engine.build

    def warned(*given: Any) -> list[NodeResult]:
        return [
            replace(result, status="warn") if result.name == "unique_key_dim_date_date" else result
            for result in really(*given)
        ]

    export(prepared.project, HEAD + "A,east,2026-04-02,70\n")
    with warehouse.opened(prepared.project) as connection:
        connection.execute("delete from built.nodes")
    with monkeypatch.context() as patched:
        patched.setattr(dbt_engine, "build", warned)
        build(prepared)
    again = left(build(prepared))
    assert "dim_date" in again
    assert "unique_key_dim_date_date" not in again


def test_what_a_killed_night_was_to_build_is_built_the_next_time(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(prepared.project, HEAD + "A,east,2026-04-02,100\n")
    build(prepared)
    assert "deals" in left(build(prepared))

    def killed(*given: object) -> list[NodeResult]:
        raise KeyboardInterrupt

    export(prepared.project, HEAD + "A,east,2026-04-02,300\n")
    with monkeypatch.context() as patched:
        patched.setattr(dbt_engine, "build", killed)
        with pytest.raises(KeyboardInterrupt):
            build(prepared)
    export(prepared.project, HEAD + "A,east,2026-04-02,100\n")
    assert "deals" not in left(build(prepared))


def test_what_is_gone_is_built_again(prepared: Prepared) -> None:
    build(prepared)
    with warehouse.opened(prepared.project) as connection:
        connection.execute("drop table main.kpi_catalog")
        connection.execute("drop view main.stg_crm")
    results = build(prepared)
    assert not {"kpi_catalog", "stg_crm"} & left(results)
    assert "dim_date" in left(results)


def test_a_night_of_many_rows_takes_more_threads_than_one_of_few(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FEW_ROWS", 2)
    monkeypatch.setattr(memory, "THREADS", "3")
    taken: list[str] = []

    def build_nothing(*_: object, **__: object) -> SimpleNamespace:
        taken.append(os.environ["KPI_THREADS"])
        return SimpleNamespace(result=SimpleNamespace(results=[]))

    monkeypatch.setattr(dbt_engine, "_invoke", build_nothing)
    for rows_of in ("A,east,2026-04-02,1\nB,west,2026-04-03,2\n", "A,east,2026-04-02,1\nB,,,\nC,,,\n"):
        export(prepared.project, HEAD + rows_of)
        build(prepared)
    assert taken == ["1", "3"]
