"""What dbt leaves out while it builds what it has parsed, and that it is left out no longer."""

from __future__ import annotations

import pytest
from dbt.contracts.project import ProfileConfig, Project
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.contracts.constraints import ColumnLevelConstraint
from dbt_common.dataclass_schema import ValidationError, dbtClassMixin

from dagster_project.defs.dbt_shortcuts import starting_from_a_parse

FLAG = {"name": "a_flag", "default": False, "description": "of a test"}


def test_the_projects_files_are_not_held_against_their_schemas_again_but_all_else_is() -> None:
    with starting_from_a_parse():
        Project.validate({"name": 1})
        ProfileConfig.validate({})
        with pytest.raises(ValidationError):
            ColumnLevelConstraint.validate({"type": "no such constraint"})
    with pytest.raises(ValidationError):
        Project.validate({"name": 1})
    with pytest.raises(ValidationError):
        ProfileConfig.validate({})


def test_a_flag_is_there_without_a_look_for_who_declares_it() -> None:
    with starting_from_a_parse():
        flag = BehaviorFlagRendered(FLAG, {})  # type: ignore[arg-type]
    assert not flag.setting
    assert flag._behavior_change_event.flag_source == "dbt"
    asked = BehaviorFlagRendered(FLAG, {})  # type: ignore[arg-type]
    assert asked._behavior_change_event.flag_source == __name__


def test_dbt_is_as_it_was_after_an_error_too() -> None:
    before = dbtClassMixin.__dict__["validate"], BehaviorFlagRendered.__dict__["_default_source"]
    with pytest.raises(RuntimeError), starting_from_a_parse():
        raise RuntimeError
    assert before == (dbtClassMixin.__dict__["validate"], BehaviorFlagRendered.__dict__["_default_source"])
