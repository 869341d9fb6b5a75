"""What Dagster is told about a company: its assets, what they depend on, the checks they carry."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dagster_project.defs.night import days_of, tags_of_range
from dagster_project.defs.nightly import build_definitions, partitions
from dagster_project.defs.prepared import Prepared
from dagster_project.defs.schedule import first_missed
from dagster_project.publish.contract import load


@pytest.fixture(scope="session")
def graph(prepared: Prepared) -> dg.AssetGraph:
    return build_definitions(prepared).resolve_asset_graph()


def _keys(graph: dg.AssetGraph) -> set[str]:
    return {key.to_user_string() for key in graph.get_all_asset_keys()}


def test_the_assets_are_these_and_no_other(graph: dg.AssetGraph) -> None:
    expected = {"landing/deals_export", "night/tables", "definitions/tables"}
    expected |= {"deals", "dim_date"}
    expected |= {"kpi_daily", "kpi_period", "kpi_catalog", "kpi_segments"}
    expected |= {"goal_tree", "goal_targets", "kgi_attainment", "goal_actions"}
    expected |= {"kgi_forecast", "kgi_forecast_path"}
    expected |= {"tree_checks", "gap_drivers", "goal_funnel", "kpi_scorecard"}
    expected |= {"assumption_review", "goal_reviews"}
    expected |= {"forecast_accuracy", "alerts"}
    expected |= {"snapshots/deals", "restatements", "publication"}
    assert _keys(graph) == expected


def test_a_table_depends_on_what_the_steps_to_it_are_made_from(graph: dg.AssetGraph) -> None:
    def above(name: str) -> set[str]:
        return {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}

    assert above("deals") == {"landing/deals_export"}
    assert above("kpi_daily") == {"deals", "dim_date", "definitions/tables", "night/tables"}
    assert above("kpi_catalog") == {"definitions/tables"}


def test_no_asset_depends_on_one_that_nobody_makes(graph: dg.AssetGraph) -> None:
    dangling = {
        parent.to_user_string()
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if not graph.has(parent) or not graph.get(parent).is_materializable
    }
    assert dangling == set()


def test_every_published_table_is_an_asset_or_comes_from_landing(graph: dg.AssetGraph) -> None:
    from_landing = {"source_freshness", "quarantine", "pipeline_runs"}
    assert set(load().names) - from_landing - {"publication"} <= _keys(graph)


def test_the_lineage_runs_from_the_export_to_the_publication(graph: dg.AssetGraph) -> None:
    below = {dg.AssetKey(["landing", "deals_export"])}
    while True:
        more = {child for key in below for child in graph.get(key).child_keys} - below
        if not more:
            break
        below |= more
    assert dg.AssetKey("publication") in below
    assert dg.AssetKey(["snapshots", "deals"]) in below


def test_every_dbt_test_is_a_check_in_the_ui_and_the_trees_are_checked_too(
    graph: dg.AssetGraph, prepared: Prepared
) -> None:
    nodes = prepared.manifest["nodes"].values()
    tests = {node["name"] for node in nodes if node["resource_type"] == "test" and node["config"]["enabled"]}
    assert {key.name for key in graph.asset_check_keys} == tests | {"equations_hold", "sound_targets"}


def test_the_nightly_job_holds_every_asset_and_runs_at_three_in_the_calendars_zone(
    prepared: Prepared,
) -> None:
    definitions = build_definitions(prepared)
    job = definitions.resolve_job_def("nightly")
    assert job.asset_layer.executable_asset_keys == definitions.resolve_asset_graph().get_all_asset_keys()
    schedule = definitions.resolve_schedule_def("nightly_schedule")
    assert schedule.cron_schedule == "0 3 * * *"
    assert schedule.execution_timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("done", "first"),
    [
        ([], date(2026, 6, 9)),
        ([date(2026, 6, 8)], date(2026, 6, 9)),
        ([date(2026, 6, 9), date(2026, 6, 8)], date(2026, 6, 9)),
        ([date(2026, 6, 2), date(2026, 6, 5)], date(2026, 6, 6)),
        ([date(2026, 4, 1)], date(2026, 5, 10)),
        ([date(2026, 6, 12)], date(2026, 6, 9)),
    ],
    ids=["the first night", "as every night", "once more", "missed", "at most 31 days", "a later one"],
)
def test_nights_are_missed_since_the_newest_that_was_published(done: list[date], first: date) -> None:
    assert first_missed(done, date(2026, 6, 9)) == first


def test_the_schedule_asks_for_yesterday_and_for_nights_missed_before_it_in_one_run(
    prepared: Prepared, tmp_path: Path
) -> None:
    definitions = build_definitions(prepared)
    schedule = definitions.resolve_schedule_def("nightly_schedule")
    asked = []
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("publication", partition="2026-06-08"))
        for day in (10, 13):
            at = datetime(2026, 6, day, 3, tzinfo=ZoneInfo("Asia/Tokyo"))
            context = dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=at,
                repository_def=definitions.get_repository_def(),
            )
            (request,) = schedule.evaluate_tick(context).run_requests
            asked.append(days_of({"dagster/partition": request.partition_key or "", **request.tags}))
    assert asked[0] == (date(2026, 6, 9), None)
    assert asked[1] == (date(2026, 6, 12), (date(2026, 6, 9), date(2026, 6, 12)))


def test_a_range_of_days_is_a_night_as_of_its_last_day(prepared: Prepared) -> None:
    first, last = date(2026, 6, 6), date(2026, 6, 9)
    assert days_of(tags_of_range(first, last)) == (last, (first, last))
    assert days_of({"dagster/partition": "2026-06-09"}) == (last, None)
    assert partitions(prepared, last, date(2001, 1, 1)).has_partition_key("2001-01-01")


def test_every_asset_takes_a_range_as_one_run(graph: dg.AssetGraph) -> None:
    single = dg.BackfillPolicy.single_run()
    assert {graph.get(key).backfill_policy for key in graph.get_all_asset_keys()} == {single}


def test_a_range_may_be_chosen_over_all_assets(graph: dg.AssetGraph) -> None:
    """Dagster refuses it where one asset of a step hangs on others and another asset of it on none."""
    for step in graph.assets_defs:
        if not step.can_subset:
            assert len({bool(graph.get(key).parent_keys) for key in step.keys}) == 1, step.keys


def test_days_run_from_the_first_declared_to_yesterday_in_the_calendars_zone(prepared: Prepared) -> None:
    yesterday = datetime.now(ZoneInfo("Asia/Tokyo")).date() - timedelta(days=1)
    days = partitions(prepared)
    assert days.get_first_partition_key() == "2026-04-01"
    assert days.get_last_partition_key() == yesterday.isoformat()


@pytest.mark.parametrize("days_from_today", [0, 1, 400])
def test_a_run_may_ask_for_a_day_that_the_clock_has_not_reached(
    prepared: Prepared, days_from_today: int
) -> None:
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    wanted = today + timedelta(days=days_from_today)
    assert partitions(prepared, wanted).has_partition_key(wanted.isoformat())


def test_a_run_may_ask_for_a_day_before_the_first(prepared: Prepared) -> None:
    assert partitions(prepared, date(2001, 1, 1)).has_partition_key("2001-01-01")
