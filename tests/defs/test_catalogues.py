"""What people read in dbt's and Dagster's catalogues: descriptions, owners, KPIs, who uses the outcome."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_project.defs.models import as_owner
from dagster_project.defs.nightly import build_definitions
from dagster_project.defs.prepared import Prepared
from dagster_project.publish.contract import load


@pytest.fixture(scope="module")
def graph(prepared: Prepared) -> dg.AssetGraph:
    return build_definitions(prepared).resolve_asset_graph()


def test_every_model_and_source_says_what_it_is_in_dbts_catalogue(prepared: Prepared) -> None:
    nodes = [node for node in prepared.manifest["nodes"].values() if node["resource_type"] == "model"]
    nodes += prepared.manifest["sources"].values()
    assert len(nodes) > 40
    assert [node["name"] for node in nodes if not node["description"]] == []


def test_an_entity_names_the_owners_of_its_kpis_in_dbts_catalogue(prepared: Prepared) -> None:
    deals = prepared.manifest["nodes"]["model.shirube.deals"]
    assert deals["config"]["meta"] == {"owners": ["won@example.jp", "営業 推進"], "kpis": ["revenue", "won"]}
    assert deals["columns"]["team"]["description"] == "支社 / Team"


def test_the_readers_of_the_outcome_depend_on_every_table_that_dbt_publishes(prepared: Prepared) -> None:
    published = {table.name for table in load().tables if table.made_by == "dbt"}
    exposures = {exposure["name"]: exposure for exposure in prepared.manifest["exposures"].values()}
    assert set(exposures) == {"report", "serving_duckdb"}
    for exposure in exposures.values():
        read = {name.rpartition(".")[2] for name in exposure["depends_on"]["nodes"]}
        assert read == published
        assert exposure["owner"]["name"] == "小さな会社"


def test_an_entity_shows_its_owners_and_kpis_in_dagsters_catalogue(graph: dg.AssetGraph) -> None:
    deals = graph.get(dg.AssetKey("deals"))
    assert set(deals.owners) == {"won@example.jp", "team:営業 推進"}
    shown = {record.data["kpi"]: record.data for record in deals.metadata["kpis"].records}
    assert shown["revenue"]["label"] == "売上 / Revenue"
    assert shown["revenue"]["definition"] == "sum(amount) where stage = 'won' [deals.closed_on]"
    catalogue = graph.get(dg.AssetKey("kpi_catalog")).metadata["kpis"].records
    assert [record.data["kpi"] for record in catalogue] == ["revenue", "won"]


def test_every_asset_says_what_it_is(graph: dg.AssetGraph) -> None:
    silent = {
        key.to_user_string() for key in graph.get_all_asset_keys() if not (graph.get(key).description or "")
    }
    assert silent == set()


@pytest.mark.parametrize(
    ("owner", "accepted"),
    [("a.b@example.jp", "a.b@example.jp"), ("sales-ops", "team:sales-ops"), ("@営業", "team:@営業")],
)
def test_an_owner_is_an_address_or_a_team(owner: str, accepted: str) -> None:
    assert as_owner(owner) == accepted
