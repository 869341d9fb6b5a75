"""What dbt leaves out while it parses and builds, and that it is left out no longer."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest
from dbt.adapters.events.types import AdapterEventDebug
from dbt.cli.main import dbtRunner
from dbt.contracts.project import ProfileConfig, Project
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.contracts.constraints import ColumnLevelConstraint
from dbt_common.dataclass_schema import ValidationError, dbtClassMixin
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note

from dagster_project.defs import dbt_engine, dbt_shortcuts
from dagster_project.kpi.load import load_definitions
from dagster_project.project import HAND_WRITTEN_DBT
from dagster_project.project import Project as Ours

FLAG = {"name": "a_flag", "default": False, "description": "of a test"}


def test_nothing_is_held_against_its_schema() -> None:
    with dbt_shortcuts.taken():
        Project.validate({"name": 1})
        ProfileConfig.validate({})
        ColumnLevelConstraint.validate({"type": "no such constraint"})
    for kind, content in (
        (Project, {"name": 1}),
        (ProfileConfig, {}),
        (ColumnLevelConstraint, {"type": "no"}),
    ):
        with pytest.raises(ValidationError):
            kind.validate(content)


def test_what_is_written_here_stands_before_all_of_dbts_schemas(tmp_path: Path) -> None:
    own = HAND_WRITTEN_DBT.parent
    project = Ours(root=own, data=own / "data", outputs=tmp_path / "outputs")
    with patch.dict(os.environ):
        dbt_engine.set_environment(project, load_definitions(own))
        os.environ["DBT_TARGET_PATH"] = str(tmp_path / "target")
        os.environ["DBT_LOG_PATH"] = str(tmp_path / "logs")
        where = ["--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)]
        result = dbtRunner().invoke(["parse", *where, "--quiet", "--log-level", "none"])
    assert result.success, result.exception
    assert (tmp_path / "target" / "manifest.json").is_file()


def test_a_flag_is_there_without_a_look_for_who_declares_it() -> None:
    with dbt_shortcuts.taken():
        flag = BehaviorFlagRendered(FLAG, {})  # type: ignore[arg-type]
    assert not flag.setting
    assert flag._behavior_change_event.flag_source == "dbt"
    asked = BehaviorFlagRendered(FLAG, {})  # type: ignore[arg-type]
    assert asked._behavior_change_event.flag_source == __name__


def test_of_debugging_events_no_messages_are_made_but_of_all_others_and_for_a_log_of_dbts() -> None:
    heard: list[str] = []
    manager = EventManager()
    manager.add_callback(lambda message: heard.append(message.info.msg))
    with dbt_shortcuts.taken():
        for level in EventLevel:
            manager.fire_event(Note(msg=level.value), level)
        manager.fire_event(AdapterEventDebug(base_msg="of an adapter"))
        assert heard == [level.value for level in EventLevel if level is not EventLevel.DEBUG]
        manager.add_logger(LoggerConfig(name="of dbt", filter=lambda message: False))
        manager.fire_event(Note(msg="now"), level=EventLevel.DEBUG)
    assert heard[-1] == "now"


def test_dbt_is_as_it_was_after_an_error_too() -> None:
    def now() -> list[object]:
        return [
            dbtClassMixin.__dict__["validate"],
            BehaviorFlagRendered.__dict__["_default_source"],
            EventManager.__dict__["fire_event"],
        ]

    before = now()
    with dbt_shortcuts.taken():
        assert all(one is not other for one, other in zip(before, now(), strict=True))
    with pytest.raises(RuntimeError), dbt_shortcuts.taken():
        raise RuntimeError
    assert before == now()
