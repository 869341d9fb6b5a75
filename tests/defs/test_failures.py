"""Which failures are tried again, and how a broken model or test is put into words."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from dagster_project.defs.dbt_engine import NodeResult
from dagster_project.defs.failures import Transient, told_apart
from dagster_project.defs.models import _checked, _failure
from dagster_project.errors import NothingPublished

MANIFEST = {
    "nodes": {
        "model.shirube.deals": {"original_file_path": "models/generated/marts/deals.sql"},
        "test.shirube.key": {
            "depends_on": {"nodes": ["model.shirube.deals"]},
            "test_metadata": {"name": "unique_key", "kwargs": {"columns": ["deal_id"]}},
        },
    }
}


def _result(
    kind: str = "model", status: str = "error", message: str = "boom", failures: int | None = None
) -> NodeResult:
    name = "deals" if kind == "model" else "key"
    return NodeResult(f"{kind}.shirube.{name}", name, kind, status, message, 0.1, failures)


@pytest.mark.parametrize("error", [duckdb.IOException("disk"), TimeoutError(), Transient("later")])
def test_passing_trouble_reaches_the_retry_policy_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), told_apart():
        raise error


def test_an_error_meant_for_a_person_is_kept_in_its_words_and_not_tried_again() -> None:
    with pytest.raises(dg.Failure) as failed, told_apart():
        raise NothingPublished("the keys of kpi_daily are not unique")
    assert failed.value.description == "the keys of kpi_daily are not unique"
    assert not failed.value.allow_retries


def test_an_unexpected_error_is_named_with_its_kind() -> None:
    with pytest.raises(dg.Failure) as failed, told_apart():
        raise KeyError("rows")
    assert failed.value.description == "KeyError: 'rows'"


def test_a_broken_model_is_told_with_its_file_and_not_tried_again() -> None:
    failure = _failure([_result()], MANIFEST)
    assert isinstance(failure, dg.Failure)
    assert not failure.allow_retries
    assert failure.description == "model deals (models/generated/marts/deals.sql): boom"


def test_a_failed_test_says_which_columns_of_which_model_and_how_many_rows() -> None:
    failure = _failure([_result("test", "fail", "Got 3 results", 3)], MANIFEST)
    assert str(failure.description) == "check unique_key (deal_id) of deals: 3 rows break it"


def test_models_that_broke_on_reading_a_file_are_tried_again() -> None:
    assert isinstance(
        _failure([_result(message="Runtime Error\n  IO Error: cannot read")], MANIFEST), Transient
    )


def test_a_night_that_does_not_fit_into_memory_says_how_to_allow_more() -> None:
    failure = _failure([_result(message="Out of Memory Error: failed to pin block")], MANIFEST)
    assert "KPI_MEMORY_LIMIT" in str(failure)


@pytest.mark.parametrize(
    ("status", "passed", "severity"),
    [
        ("pass", True, dg.AssetCheckSeverity.ERROR),
        ("warn", False, dg.AssetCheckSeverity.WARN),
        ("fail", False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_a_dbt_test_becomes_a_check_of_the_same_severity(
    status: str, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    spec = dg.AssetCheckSpec("key", asset="deals")
    check = _checked(spec, _result("test", status, "", 0))
    assert (check.passed, check.severity) == (passed, severity)
