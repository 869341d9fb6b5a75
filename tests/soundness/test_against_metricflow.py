"""Every KPI that dbt's metrics can carry, against MetricFlow's own plan over the same entities."""

from __future__ import annotations

import json

import pytest

from tests.semantic.oracle import Comparison, Oracle, questions

GRAINS = ("day", "month")
NOT_CARRIED = {
    "open_deals": "a stock",
    "closed_of_open": "a stock",  # of one side is enough
    "cohort_win": "a cohort",
    "cohort_order": "a cohort",
    "returning_buyers": "its filter names the period",
    "buyers_2plus": "those with so many rows in the period",
    "retention": "those with so many rows in the period, or in the next",
    "target": "an amount over a span",
    "reach": "the only row of a slice",
    "won_fytd": "to date of a fiscal period",
}


@pytest.fixture(scope="module")
def oracle(night) -> Oracle:
    return Oracle(night.root)


@pytest.mark.slow
def test_metricflow_says_the_same_of_every_day_and_month_in_total_and_by_a_dimension(oracle):
    found = Comparison()
    for kpi, grain, dimension in questions(oracle, GRAINS):
        oracle.compare(kpi, grain, dimension, found)
    assert not found.differences
    assert found.rows > 40_000
    asked = {(name, grain) for name, grain, dimension in found.asked if dimension == "total"}
    assert asked == {(kpi.name, grain) for kpi in oracle.carried for grain in GRAINS if grain in kpi.grains}
    assert {name for name, _, dimension in found.asked if dimension != "total"} >= {"win_rate", "won_yoy"}


@pytest.mark.parametrize(
    ("kpi", "as_exported", "slip"),
    [
        ("won_amount", "stage = 'won' then amount", "stage = 'lost' then amount"),
        ("aov", "case when stage = 'won' then amount", "case when amount > 0 then amount"),
        ("not_first", "won_number = 1", "won_number = 2"),
    ],
)
def test_a_metric_that_says_something_else_is_found_out(night, kpi, as_exported, slip):
    exported = (night.root / ".kpi/dbt/target/semantic_manifest.json").read_text(encoding="utf-8")
    assert as_exported in exported
    oracle, found = Oracle(night.root, exported.replace(as_exported, slip)), Comparison()
    oracle.compare(oracle.definitions.kpi(kpi), "month", "total", found)
    assert len(found.differences) >= 10


def test_what_no_metric_can_say_is_left_out_by_rule_and_listed_with_its_reason(oracle, night):
    for name, reason in NOT_CARRIED.items():
        assert oracle.reasons[name].startswith(reason), name
    manifest = json.loads((night.root / ".kpi/dbt/target/manifest.json").read_text(encoding="utf-8"))
    listed = {
        kpi["name"]: kpi["reason"]
        for model in manifest["semantic_models"].values()
        for kpi in model["config"]["meta"].get("kpi", {}).get("not_carried", [])
    }
    assert listed == oracle.reasons


def test_dbt_reads_every_semantic_model_and_metric_that_was_written(oracle, night):
    manifest = json.loads((night.root / ".kpi/dbt/target/manifest.json").read_text(encoding="utf-8"))
    assert {metric["name"] for metric in manifest["metrics"].values()} == set(oracle.metrics.written)
    measured = {kpi.numerator.measure.entity for kpi in oracle.definitions.kpis}
    measured |= {measure.entity for measure in oracle.metrics.measures.values()}
    assert {model["name"] for model in manifest["semantic_models"].values()} == measured
    carried = {oracle.metrics.metric_name(kpi.name) for kpi in oracle.carried}
    assert None not in carried
    assert carried <= set(oracle.metrics.written)
    spine = manifest["nodes"]["model.shirube.dim_date"]["time_spine"]
    assert {item["name"] for item in spine["custom_granularities"]} == {
        "fiscal_quarter", "fiscal_half", "fiscal_year", "company_week",
    }  # fmt: skip


def test_a_metric_keeps_what_dbt_has_no_key_for(night):
    manifest = json.loads((night.root / ".kpi/dbt/target/manifest.json").read_text(encoding="utf-8"))
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    meta = metrics["win_rate"]["config"]["meta"]["kpi"]
    assert (meta["department"], meta["unit"], meta["direction"]) == ("sales", "percent", "up")
    assert metrics["win_rate_numerator"]["config"]["meta"]["kpi"] == {"part_of": "win_rate"}
