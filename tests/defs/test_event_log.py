"""Dagster's event log: what it keeps open, and that Dagster's own storage reads the same files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.defs.event_log import EventLog
from dagster_project.defs.instance import DAGSTER_YAML, dagster_home
from dagster_project.project import Project


@dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="counted")])
def counted() -> Iterator[Any]:
    sound = dg.AssetCheckResult(passed=True, check_name="sound")
    yield dg.MaterializeResult(metadata={"rows": 3}, check_results=[sound])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
    return dagster_home(Project(root=tmp_path, data=tmp_path / "data", outputs=tmp_path / "outputs"))


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def _log(instance: dg.DagsterInstance) -> EventLog:
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    return log


def test_events_are_there_for_dagsters_own_storage_while_this_one_is_still_open(
    home: Path, instance: dg.DagsterInstance
) -> None:
    run = dg.materialize([counted], instance=instance)
    ours = _log(instance).get_logs_for_run(run.run_id)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as stock:
        log = stock.event_log_storage
        assert not isinstance(log, EventLog)
        assert log.get_logs_for_run(run.run_id) == ours
        materialized = stock.get_latest_materialization_event(dg.AssetKey("counted"))
    assert materialized is not None
    assert materialized.run_id == run.run_id


def test_what_dagsters_own_storage_wrote_is_read_on(home: Path) -> None:
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as stock:
        run = dg.materialize([counted], instance=stock)
        theirs = stock.event_log_storage.get_logs_for_run(run.run_id)
    (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert _log(instance).get_logs_for_run(run.run_id) == theirs


def test_a_second_process_writes_while_this_one_keeps_the_index_open(
    home: Path, instance: dg.DagsterInstance
) -> None:
    mine = dg.materialize([counted], instance=instance)
    with dg.DagsterInstance.from_config(str(home)) as other:
        theirs = dg.materialize([counted], instance=other)
    latest = instance.get_latest_materialization_event(dg.AssetKey("counted"))
    assert latest is not None
    assert latest.run_id == theirs.run_id
    dg.materialize([counted], instance=instance)
    assert mine.success
    assert len(instance.get_runs()) == 3


def test_a_run_leaves_its_events_in_its_file_and_not_in_a_log_beside_it(
    home: Path, instance: dg.DagsterInstance
) -> None:
    run = dg.materialize([counted], instance=instance)
    files = {path.name for path in (home / "history" / "runs").glob(f"{run.run_id}*")}
    assert files == {f"{run.run_id}.db"}


def test_engines_of_former_runs_are_let_go(instance: dg.DagsterInstance) -> None:
    runs = [dg.materialize([counted], instance=instance) for _ in range(3)]
    log = _log(instance)
    assert set(log._engines) == {"index", runs[-1].run_id}
    log.dispose()
    assert log._engines == {}


def test_an_event_that_the_index_does_not_take_is_not_in_the_runs_file_either(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise RuntimeError("no room")

    log = _log(instance)
    run = dg.materialize([counted], instance=instance)
    before = log.get_logs_for_run(run.run_id)
    (made,) = (
        event for event in before if event.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    with monkeypatch.context() as patched:
        patched.setattr(log, "_store_asset_event", refuse)
        with pytest.raises(RuntimeError, match="no room"):
            log.store_event(made)
    assert log.get_logs_for_run(run.run_id) == before
    log.store_event(made)
    assert log.get_logs_for_run(run.run_id) == [*before, made]


def test_what_a_run_intends_to_make_is_stored_at_once(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[str]] = []
    store = EventLog.store_event_batch

    def told(self: EventLog, events: Any) -> None:
        batches.append([event.dagster_event.event_type_value for event in events])
        store(self, events)

    monkeypatch.setattr(EventLog, "store_event_batch", told)
    run = dg.materialize([counted], instance=instance)
    assert batches == [["ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED"]]
    stored = [event.dagster_event_type for event in instance.all_logs(run.run_id) if event.dagster_event]
    assert [kind.value for kind in stored[:2] if kind] == batches[0]


def test_whether_a_table_is_there_is_asked_until_it_is(instance: dg.DagsterInstance) -> None:
    log = _log(instance)
    assert log.has_table("asset_event_tags")
    assert not log.has_table("of_a_later_version")
    with log.index_connection() as connection:
        connection.exec_driver_sql("create table of_a_later_version (id integer)")
    assert log.has_table("of_a_later_version")
    with log.index_connection() as connection:
        connection.exec_driver_sql("drop table of_a_later_version")
    log.dispose()
    assert not log.has_table("of_a_later_version")
