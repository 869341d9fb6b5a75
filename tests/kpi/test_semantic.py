"""What is exported to dbt's semantic layer: names, kinds of metrics, and the rules of what stays out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from dbt_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from dbt_semantic_interfaces.validations.reserved_keywords import RESERVED_KEYWORDS
from dbt_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator
from dbt_semantic_interfaces.validations.unique_valid_name import UniqueAndValidNameRule
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.kpi.compile.semantic.files import semantic_files
from dagster_project.kpi.compile.semantic.names import accepted
from dagster_project.kpi.compile.semantic.rules import not_carried, not_carried_kpis
from dagster_project.kpi.load import load_definitions

KPIS = """\
department: extra
kpis:
  - {name: deals, label: 商談, type: simple, entity: deals, time: created_on, agg: count, unit: count, direction: up}
  - {name: team, label: チーム, type: simple, entity: deals, time: created_on, agg: count_distinct, expr: team, unit: count, direction: up}
  - {name: slow, label: 遅い商談, type: simple, entity: deals, time: closed_on, agg: percentile, percentile: 0.9, expr: cycle_days, unit: days, direction: down}
  - {name: waited, label: 待ち, type: simple, entity: deals, time: closed_on, agg: sum, expr: "days_between(created_on, closed_on)", unit: days, direction: down}
  - {name: per_100, label: 100件当たり, type: ratio, entity: deals, time: closed_on, numerator: revenue, denominator: {agg: count}, scale: 100, unit: JPY, direction: up}
  - {name: growth, label: 成長, type: derived, expr: revenue / before - 1, input_metrics: [{name: revenue, alias: before, offset_window: 1 year}], grains: [month], unit: percent, direction: up}
  - {name: last_28, label: 直近, type: cumulative, input_metric: orders_won, window: 28 days, unit: count, direction: up}
  - {name: month_to_date, label: 月累計, type: cumulative, input_metric: revenue, grain_to_date: month, unit: JPY, direction: up}
  - {name: quarter_to_date, label: 四半期累計, type: cumulative, input_metric: revenue, grain_to_date: quarter, unit: JPY, direction: up}
  - {name: year_to_date, label: 年度累計, type: cumulative, input_metric: revenue, grain_to_date: fiscal_year, unit: JPY, direction: up}
  - {name: open_deals, label: 進行中, type: stock, entity: deals, agg: count, from: created_on, until: closed_on, unit: count, direction: up}
  - {name: per_open, label: 進行中当たり, type: ratio, numerator: orders_won, denominator: open_deals, basis: period, unit: percent, direction: up}
"""  # noqa: E501


@pytest.fixture
def exported(project) -> dict[str, Any]:
    """Metrics, measures and dimensions by name, as YAML reads them."""
    files = semantic_files(load_definitions(project(kpis__extra=KPIS)))
    documents = [yaml.safe_load(text) for text in files.values()]
    models = [model for document in documents for model in document.get("semantic_models", [])]
    metrics = [metric for document in documents for metric in document.get("metrics", [])]
    return {
        "metrics": {metric["name"]: metric for metric in metrics},
        "measures": {measure["name"]: measure for model in models for measure in model.get("measures", [])},
        "models": {model["name"]: model for model in models},
        "text": "".join(files.values()),
    }


AWKWARD = {
    "sources/crm": """\
sources:
  - source: crm
    files: deals.csv
    load: full
    key: [product]
    columns: {product: text, week: text, team_: text, team: text, x: text, sold_on: date, amount: money}
""",
    "entities": """\
entities:
  - {entity: product, from: crm, key: product, times: {sold_on: {}}, dimensions: {product: {}, week: {}, team_: {}, team: {}, x: {}, sold_on: {}}}
  - {entity: team, from: crm, key: product, times: {sold_on: {}}, dimensions: {product: {}}}
""",  # noqa: E501
    "kpis/sales": """\
department: sales
kpis:
  - {name: product, label: 同じ, type: simple, entity: product, agg: count, unit: count, direction: up}
  - {name: product_, label: 同じ, type: simple, entity: product, agg: sum, expr: amount, unit: JPY, direction: up}
  - {name: sold_on, label: 同じ, type: simple, entity: team, agg: count, filter: x is null, unit: count, direction: up}
  - {name: metric_time, label: 時, type: ratio, numerator: product, denominator: sold_on, basis: period, unit: rate, direction: up}
""",  # noqa: E501
}


def issues_of(files: dict[str, str]) -> list[str]:
    """What dbt's own validation says of the exported YAML."""
    found: dict[str, list[Any]] = {"semantic_models": [], "metrics": []}
    for text in files.values():
        for kind, items in yaml.safe_load(text).items():
            found[kind] += items
    spine = {
        "node_relation": {"alias": "dim_date", "schema_name": "main"},
        "primary_column": {"name": "date", "time_granularity": "day"},
    }
    models = [
        {**model, "node_relation": {"alias": model["name"], "schema_name": "main"}}
        for model in found["semantic_models"]
    ]
    manifest = PydanticSemanticManifest.parse_obj(
        {
            "semantic_models": models,
            "metrics": found["metrics"],
            "project_configuration": {"time_spines": [spine]},
        }
    )
    return [
        issue.message for issue in SemanticManifestValidator().validate_semantic_manifest(manifest).errors
    ]


def test_dbts_own_validation_finds_nothing_whatever_things_are_called(project):
    files = semantic_files(load_definitions(project(**{k.replace("/", "__"): v for k, v in AWKWARD.items()})))
    assert issues_of(files) == []


def test_dbts_validation_would_find_a_name_that_it_refuses(project):
    files = semantic_files(load_definitions(project(kpis__extra=KPIS)))
    assert issues_of(files) == []
    assert issues_of(
        {name: text.replace("the_x", "x").replace("last_28", "week") for name, text in files.items()}
    )


@given(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True))
def test_every_name_of_ours_becomes_one_that_dbt_accepts(name):
    found = accepted(name)
    assert UniqueAndValidNameRule.check_valid_name(found) == []
    assert found.upper() not in RESERVED_KEYWORDS


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("win_rate__denominator", "win_rate_denominator"),
        ("x", "the_x"),
        ("week", "the_week"),
        ("a__", "the_a"),
    ],
)
def test_a_name_is_changed_only_where_dbt_refuses_it(name, wanted):
    assert accepted(name) == wanted
    assert accepted("revenue") == "revenue"


def test_a_measure_shares_no_name_with_an_entity_or_a_dimension(exported):
    assert {"deals_measured", "team_measured"} <= set(exported["measures"])
    assert exported["metrics"]["deals"]["type_params"]["measure"]["name"] == "deals_measured"


def test_every_operand_of_a_ratio_is_a_measure_of_its_own(exported):
    per_100 = exported["metrics"]["per_100"]
    assert per_100["type"] == "derived"
    assert per_100["type_params"]["expr"] == "100.0 * revenue / nullif(per_100_denominator, 0)"
    assert exported["measures"]["per_100_denominator"]["expr"] == "1"
    assert exported["metrics"]["per_100_denominator"]["config"]["meta"]["kpi"] == {"part_of": "per_100"}


def test_an_offset_is_the_kpi_under_another_name(exported):
    params = exported["metrics"]["growth"]["type_params"]
    assert re.sub(r"\s", "", params["expr"]) in (
        "revenue/nullif(revenue_12_months_before,0)-1",
        "(revenue)/nullif((revenue_12_months_before),0)-1",
    )
    assert {"name": "revenue", "alias": "revenue_12_months_before", "offset_window": "12 months"} in params[
        "metrics"
    ]


def test_a_cumulative_kpi_keeps_its_window_and_stands_for_the_last_day(exported):
    window = exported["metrics"]["last_28"]["type_params"]["cumulative_type_params"]
    assert window == {"window": "28 days", "period_agg": "last"}
    to_date = exported["metrics"]["month_to_date"]["type_params"]["cumulative_type_params"]
    assert to_date == {"grain_to_date": "month", "period_agg": "last"}


def test_a_percentile_is_continuous_and_days_between_is_written_out(exported):
    assert exported["measures"]["slow"]["agg_params"] == {"percentile": 0.9, "use_discrete_percentile": False}
    assert exported["measures"]["waited"]["expr"] == "date_diff('day', created_on, closed_on)"
    assert not re.search(r"\{\{|\{%|\{#", exported["text"])


def test_segments_are_written_as_in_our_tables(exported):
    (team,) = [d for d in exported["models"]["deals"]["dimensions"] if d["name"] == "team"]
    assert team["expr"] == "coalesce(cast(team as varchar), '(none)')"


@pytest.mark.parametrize(
    ("month", "out"), [(4, {"year_to_date"}), (1, set()), (2, {"year_to_date", "quarter_to_date"})]
)
def test_to_date_is_carried_where_fiscal_and_calendar_periods_start_together(project, month, out):
    definitions = load_definitions(project(kpis__extra=KPIS))
    calendar = replace(definitions.calendar, fiscal_start_month=month)
    to_date = [kpi for kpi in definitions.kpis if kpi.name.endswith("_to_date")]
    assert len(to_date) == 3
    assert {kpi.name for kpi in to_date if not_carried(kpi, calendar)} == out


def test_a_kpi_that_stays_out_is_listed_with_its_reason_and_takes_what_is_made_of_it_with_it(
    project, exported
):
    reasons = not_carried_kpis(load_definitions(project(kpis__extra=KPIS)))
    assert set(reasons) == {"open_deals", "per_open", "year_to_date"}
    listed = exported["models"]["deals"]["config"]["meta"]["kpi"]["not_carried"]
    assert {one["name"]: one["reason"] for one in listed} == reasons
    assert not set(reasons) & set(exported["metrics"])
