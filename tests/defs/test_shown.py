"""Which dbt models are assets, on a small graph: landing.raw → stg_raw → deals → measures → kpi_daily."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.defs.shown import Shown, source_key

RAW = "source.shirube.landing.raw"
LINKS = {
    "stg_raw": [RAW],
    "deals": ["stg_raw"],
    "dim_date": [],
    "measures_deals": ["deals"],
    "kpi_values": ["measures_deals", "dim_date"],
    "kpi_daily": ["kpi_values"],
    "stg_unused": [RAW],
}
FOLDERS = {"deals": "generated/marts", "dim_date": "calendar", "stg_raw": "generated/staging"}
TESTS = {"key_of_deals": ("deals", ["deals"]), "one_currency": ("stg_raw", ["stg_raw"])}
TESTS |= {"lookup": ("deals", ["deals", "measures_deals"]), "of_unused": ("stg_unused", ["stg_unused"])}


def _id(name: str) -> str:
    return name if name.startswith("source.") else f"model.shirube.{name}"


@pytest.fixture
def manifest() -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    for name in LINKS:
        folder = FOLDERS.get(name, "generated/staging" if name.startswith("stg_") else "kpi")
        nodes[_id(name)] = {
            "name": name,
            "resource_type": "model",
            "original_file_path": f"models/{folder}/{name}.sql",
            "config": {"materialized": "table"},
            "depends_on": {"nodes": [_id(parent) for parent in LINKS[name]]},
        }
    for name, (tested, reads) in TESTS.items():
        nodes[f"test.shirube.{name}"] = {
            "name": name,
            "resource_type": "test",
            "original_file_path": "models/tests.yml",
            "attached_node": _id(tested),
            "depends_on": {"nodes": [_id(read) for read in reads]},
        }
    parents = {name: list(node["depends_on"]["nodes"]) for name, node in nodes.items()} | {RAW: []}
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    return {"nodes": nodes, "parent_map": parents, "child_map": children}


def test_staging_and_what_leads_to_the_published_tables_are_steps(manifest: dict[str, Any]) -> None:
    steps = {name.rpartition(".")[2] for name in Shown(manifest).steps}
    assert steps == {"stg_raw", "stg_unused", "measures_deals", "kpi_values"}


def test_dagster_is_told_that_steps_are_ephemeral_and_dbt_is_not(manifest: dict[str, Any]) -> None:
    told = Shown(manifest).for_dagster["nodes"]
    kinds = {name: told[_id(name)]["config"]["materialized"] for name in ("deals", "kpi_values", "kpi_daily")}
    assert kinds == {"deals": "table", "kpi_values": "ephemeral", "kpi_daily": "table"}
    assert manifest["nodes"][_id("kpi_values")]["config"]["materialized"] == "table"


def test_a_test_of_a_step_belongs_to_the_first_table_made_from_it(manifest: dict[str, Any]) -> None:
    told = Shown(manifest).for_dagster
    moved = told["nodes"]["test.shirube.one_currency"]
    assert (moved["attached_node"], moved["depends_on"]["nodes"]) == (_id("deals"), [_id("deals")])
    assert "test.shirube.one_currency" in told["child_map"][_id("deals")]
    assert told["nodes"]["test.shirube.key_of_deals"] == manifest["nodes"]["test.shirube.key_of_deals"]


def test_a_test_reads_no_step_as_dagster_sees_it(manifest: dict[str, Any]) -> None:
    parents = Shown(manifest).for_dagster["parent_map"]
    assert parents["test.shirube.lookup"] == [_id("deals")]
    assert parents["test.shirube.one_currency"] == [RAW]


def test_the_steps_to_a_chosen_table_are_built_with_it_and_no_other_table_is(
    manifest: dict[str, Any],
) -> None:
    shown = Shown(manifest)
    assert set(shown.with_steps([_id("kpi_daily")])) == {
        _id(name) for name in ("kpi_daily", "kpi_values", "measures_deals")
    }
    assert set(shown.with_steps([_id("deals")])) == {_id("deals"), _id("stg_raw")}
    assert shown.with_steps([_id("dim_date")]) == [_id("dim_date")]


def test_an_export_is_an_asset_and_so_is_each_schema_that_a_run_writes() -> None:
    assert source_key("landing", "raw") == ("landing", "raw")
    assert source_key("night", "run") == source_key("night", "settings") == ("night", "tables")
