"""What the compiler writes: every model is read by the union it belongs to, spans are weighed whole."""

import duckdb
import pytest

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.compile.sql import not_null
from dagster_project.kpi.load import load_definitions

STOCK = """\
department: extra
kpis:
  - name: water_levels_total
    label: {en: Levels}
    type: stock
    entity: deals
    agg: sum
    expr: amount
    from: created_on
    until: closed_on
    unit: JPY
    direction: up
"""
SPREAD = """\
department: extra
kpis:
  - name: budget
    label: {en: Budget}
    type: simple
    entity: deals
    agg: sum
    expr: amount
    spread: {from: created_on, through: closed_on}
    unit: JPY
    direction: up
"""
ORDERS = """\
sources:
  - source: orders
    files: orders_*.csv
    load: full
    version: {from: filename, pattern: "orders_%Y%m%d"}
    key: [order_id]
    columns: {order_id: {type: text}, ordered_on: {type: date}, due_on: {type: date}}
"""
ORDER_ENTITY = """\
entities:
  - {entity: orders, from: orders, key: order_id, times: {ordered_on: {}}}
"""
ORDER_COUNT = """\
department: extra
kpis:
  - {name: n_orders, label: {en: Orders}, type: simple, entity: orders, agg: count, unit: count,
     direction: up}
"""
EVENTS = """\
sources:
  - {source: web, preset: ga4_events, files: "events_*.ndjson", format: {type: ndjson}, load: by_day,
     version: {from: filename, pattern: "events_%Y%m%d"}}
"""
EVENT_ENTITY = """\
entities:
  - {{entity: visits, model: {model}, sources: [web], key: id, columns: {{id: {{type: text}},
     seen_at: {{type: timestamp}}, {column}: {{type: text}}}}, times: {{seen_at: {{}}}}}}
"""


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ((), True),
        (("orders_%Y%m%d", "orders_%Y%m"), False),
        (("key: [order_id]", "covers: {through: 2030-03-31}\n    key: [order_id]"), False),
    ],
)
def test_rows_dated_after_the_day_of_their_export_are_told_where_it_cannot_know_them(
    project, change, is_told
):
    orders = ORDERS.replace(*change) if change else ORDERS
    root = project(sources__orders=orders, entities__orders=ORDER_ENTITY, kpis__extra=ORDER_COUNT)
    model = compile_project(load_definitions(root))["marts/orders.yml"]
    assert ('condition: "cast(ordered_on as date) > cast(version as date)"' in model) is is_told


def test_a_name_with_levels_in_it_is_in_the_union_like_any_other(project):
    files = compile_project(load_definitions(project(kpis__extra=STOCK)))
    assert "ref('stocks_water_levels_total')" in files["kpi/measures_anew.sql"]
    assert "ref('levels_water_levels_total')" not in files["kpi/measures_anew.sql"]


def test_a_span_that_outlasts_the_calendar_is_weighed_by_all_of_its_days(project):
    sql = compile_project(load_definitions(project(kpis__extra=SPREAD)))["kpi/measures_budget.sql"]
    assert "days_between('first_day', 'last_day') }} + 1 as weight_in_all" in sql


def test_an_expression_stays_together_where_it_is_asked_for_a_value():
    rows = "(values (false, null), (true, null), (null, null)) as rows(a, b)"
    found = duckdb.sql(f"select {not_null('a or b')} from {rows}").fetchall()
    assert found == [(False,), (True,), (False,)]


@pytest.mark.parametrize(
    ("model", "column", "kept"),
    [
        ("ga4_events", "page_path", {"page_location"}),
        ("ga4_events", "page_referrer", {"page_referrer"}),
        ("ga4_events", "landing_page", set()),
        ("ga4_sessions", "landing_page", {"page_location"}),
        ("ga4_sessions", "page_title", set()),
        ("ga4_events", "event_name", set()),
    ],
)
def test_texts_of_pages_are_kept_of_events_where_an_entity_declares_them(project, model, column, kept):
    entity = EVENT_ENTITY.format(model=model, column=column)
    files = compile_project(load_definitions(project(sources__web=EVENTS, entities__web=entity)))
    staged = files["staging/stg_ga4__events.sql"]
    texts = ("page_location", "page_title", "page_referrer")
    assert {text for text in texts if f"true as keeps_{text}" in staged} == kept
    assert {text for text in texts if f"false as keeps_{text}" in staged} == set(texts) - kept
