"""dbt's log: what is kept of what dbt says."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note, SystemExecutingCmd

from dagster_project.defs import dbt_log


def test_what_dbt_says_is_kept_from_level_info_on(tmp_path: Path) -> None:
    manager = EventManager()
    with dbt_log.written_to(tmp_path / "logs") as listen:
        manager.add_callback(listen)
        manager.fire_event(Note(msg="built 100% of it"))
        manager.fire_event(SystemExecutingCmd(cmd=["a detail"]))
    (line,) = (tmp_path / "logs" / "dbt.log").read_text(encoding="utf-8").splitlines()
    assert "[INFO" in line
    assert line.endswith("[MainThread]: built 100% of it")


def test_secrets_of_the_environment_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_KEY", "hunter2")
    manager = EventManager()
    with dbt_log.written_to(tmp_path) as listen:
        manager.add_callback(listen)
        manager.fire_event(Note(msg="key hunter2"))
    assert "hunter2" not in (tmp_path / "dbt.log").read_text(encoding="utf-8")
