"""What of dbt's parse a build is given."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.defs.dbt_manifest import CALLED_BY_DBT, needed
from dagster_project.defs.prepared import Prepared

# of what a night never asks dbt for: a catalogue, the age of sources, Python's own check of SQL
NEVER_CALLED = {
    "collect_freshness",
    "collect_freshness_custom_sql",
    "get_catalog",
    "get_catalog_relations",
    "get_relation_last_modified",
    "validate_sql",
}


def _model(name: str, sql: str, reads: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": name, "raw_code": sql, "depends_on": {"nodes": list(reads), "macros": []}, "config": {}}


def _macro(package: str, name: str, sql: str = "") -> dict[str, Any]:
    return {"name": name, "package_name": package, "macro_sql": sql}


@pytest.fixture
def saved() -> dict[str, Any]:
    key = _model("key", "{{ test_key(**_dbt_generic_test_kwargs) }}", ("deals",))
    return {
        "metadata": {"project_name": "ours"},
        "nodes": {
            "raw": _model("raw", "select 1"),
            "stg": _model("stg", "select * from {{ ref('raw') }}", ("raw", "source.of.exports")),
            "deals": _model("deals", "{{ dbt.whole('stg') }}", ("stg",)),
            "key": {**key, "test_metadata": {"kwargs": {"model": "{{ where(ref('deals')) }}"}}},
        },
        "metrics": {"revenue": {}},
        "macros": {
            "dbt.whole": _macro("dbt", "whole", "{{ adapter.dispatch('parts', 'dbt') }}"),
            "dbt.default__parts": _macro("dbt", "default__parts", "{{ deep() }}"),
            "duckdb.duckdb__parts": _macro("dbt_duckdb", "duckdb__parts"),
            "dbt.deep": _macro("dbt", "deep"),
            "dbt.where": _macro("dbt", "where"),
            "dbt.test_key": _macro("dbt", "test_key"),
            "dbt.snapshot": _macro("dbt", "snapshot", "{{ of_snapshots() }}"),
            "dbt.of_snapshots": _macro("dbt", "of_snapshots"),
            "dbt.drop_relation": _macro("dbt", "drop_relation"),
            "ours.unused": _macro("ours", "unused"),
        },
    }


def test_a_node_that_is_left_out_stays_only_where_one_that_is_built_comes_from_it(saved: Any) -> None:
    assert set(needed(saved, ["stg", "key"], "ours")["nodes"]) == {"raw", "stg", "deals"}
    assert set(needed(saved, ["deals", "key"], "ours")["nodes"]) == {"raw", "stg"}
    assert set(needed(saved, [], "ours")["nodes"]) == set(saved["nodes"])
    assert needed(saved, [], "ours")["metrics"] == {}
    assert needed(saved, [], "ours")["metadata"] == saved["metadata"]


def test_macros_stay_that_are_ours_or_called_however_deep_and_dispatched(saved: Any) -> None:
    left = set(saved["macros"]) - {"dbt.snapshot", "dbt.of_snapshots"}
    assert set(needed(saved, [], "ours")["macros"]) == left
    without_test = left - {"dbt.where", "dbt.test_key"}
    assert set(needed(saved, ["key"], "ours")["macros"]) == without_test


def test_no_macro_of_dbts_is_missing_that_dbt_itself_sees_called(prepared: Prepared) -> None:
    found = needed(prepared.manifest, [], "shirube")
    called = {
        macro
        for one in [*found["nodes"].values(), *found["macros"].values()]
        for macro in one["depends_on"]["macros"]
    }
    assert called
    assert called <= found["macros"].keys()
    assert len(found["macros"]) < len(prepared.manifest["macros"]) / 2


def test_every_name_that_dbts_python_calls_a_macro_by_is_known() -> None:
    from dbt.adapters.base import impl as base
    from dbt.adapters.sql import impl as sql

    names = {
        value
        for module in (base, sql)
        for name, value in vars(module).items()
        if name.endswith("_MACRO_NAME")
    }
    assert names
    assert names <= {*CALLED_BY_DBT, *NEVER_CALLED}
