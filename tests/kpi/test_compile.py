"""What the compiler writes: every model is read by the union it belongs to, spans are weighed whole."""

from dagster_project.kpi.compile.files import compile_project
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


def test_a_name_with_levels_in_it_is_in_the_union_like_any_other(project):
    files = compile_project(load_definitions(project(kpis__extra=STOCK)))
    assert "ref('stocks_water_levels_total')" in files["kpi/measures_anew.sql"]
    assert "ref('levels_water_levels_total')" not in files["kpi/measures_anew.sql"]


def test_a_span_that_outlasts_the_calendar_is_weighed_by_all_of_its_days(project):
    sql = compile_project(load_definitions(project(kpis__extra=SPREAD)))["kpi/measures_budget.sql"]
    assert "days_between('first_day', 'last_day') }} + 1 as weight_in_all" in sql
