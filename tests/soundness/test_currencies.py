"""Amounts in several currencies: converted by the rate of their day, and never added as they are."""

from __future__ import annotations

import pytest

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.load import check_definitions, load_definitions
from tests.soundness.small_world import expect, write

SOURCES = """\
sources:
  - source: crm
    files: deals.csv
    load: {load}
    key: [deal]
    columns:
      deal: text
      currency: text
      closed_on: date
      amount: {{type: money, currency_column: currency, rates: fx, rate_on: closed_on, tax: excluded}}
  - source: fx
    files: fx.csv
    load: full
    key: [day, code]
    columns: {{day: date, code: text, rate: number}}
"""
ENTITIES = """\
entities:
  - {entity: deals, from: crm, key: deal, times: {closed_on: {}}, dimensions: {currency: {}}}
"""
KPIS = """\
department: sales
kpis:
  - {name: revenue, label: R, type: simple, entity: deals, agg: sum, expr: amount, unit: JPY, direction: up}
  - {name: deals_closed, label: 件数, type: simple, entity: deals, agg: count, unit: count, direction: up}
"""
GIVEN = """
    crm: |
      deal, currency, closed_on, amount
      A, JPY, 2026-05-01, 1000
      B, USD, 2026-05-01, 10
      C, USD, 2026-05-04, 10
      D, USD, 2026-05-10, 0.01
      E, EUR, 2026-05-10, 5
      F, , 2026-05-10, 7
      G, USD, 2026-04-01, 3
      H, USD, , 2
    fx: |
      day, code, rate
      2026-05-01, USD, 150
      2026-05-05, USD, 160.5
      2026-05-20, USD, 170
      2026-05-01, EUR,
    """


def files(load="full"):
    return {"sources/all": SOURCES.format(load=load), "entities": ENTITIES, "kpis/sales": KPIS}


@pytest.mark.parametrize("load", ["full", "by_key"])
def test_an_amount_takes_the_newest_rate_up_to_its_day(tmp_path, load):
    values = """
        - {kpi: revenue, day: 2026-05-01, value: 2500, because: "1,000 and 10 * 150"}
        - {kpi: revenue, day: 2026-05-04, value: 1500, because: "the rate of 1 May still holds"}
        - {kpi: revenue, day: 2026-05-10, value: 1.605, because: "E has no rate, F no currency"}
        - {kpi: revenue, day: 2026-04-01, value: 0, because: "there was no rate yet"}
        - {kpi: deals_closed, day: 2026-05-10, value: 3, because: "their rows are there"}
        - {kpi: revenue, all: true, where: {currency: USD}, value: 3341.605, because: H at 170}
        - {kpi: revenue, all: true, where: {currency: JPY}, value: 1000}
        """
    expect(tmp_path, files(load), GIVEN, values, known="2026-04-01", as_of="2026-05-31")


def test_a_rate_that_the_night_does_not_know_yet_does_not_count(tmp_path):
    values = "- {kpi: revenue, all: true, where: {currency: USD}, value: 3321.0, because: H at 160.5}"
    given = GIVEN.replace("D, USD, 2026-05-10, 0.01", "D, USD, 2026-06-10, 0.01")
    expect(tmp_path, files(), given, values, known="2026-04-01", as_of="2026-05-19")


def test_what_has_no_rate_is_told_and_undeclared_currencies_stop_the_night(tmp_path):
    write(tmp_path, files())
    told = compile_project(load_definitions(tmp_path))["staging/_currencies.yml"]
    assert "amount__original is not null and amount is null" in told
    assert "one_value" not in told
    plain = SOURCES.format(load="full").replace(
        ", currency_column: currency, rates: fx, rate_on: closed_on", ""
    )
    (tmp_path / "kpi_definitions" / "sources" / "all.yml").write_text(plain, encoding="utf-8")
    definitions, issues = check_definitions(tmp_path)
    assert "'currency' may hold several currencies" in str(issues[0])
    assert "one_currency_crm__currency" in compile_project(definitions)["staging/_currencies.yml"]


def test_the_unit_of_a_converted_amount_is_the_project_s_currency(tmp_path):
    write(tmp_path, files())
    assert str(load_definitions(tmp_path).kpi("revenue").measured) == "JPY, tax excluded"


def test_the_history_changes_with_the_mapping_of_the_rates(tmp_path):
    write(tmp_path, files())
    before = load_definitions(tmp_path).kpi("revenue").definition_hash
    path = tmp_path / "kpi_definitions" / "sources" / "all.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rate: number", "rate: {type: number, unit: 0.01}"), encoding="utf-8")
    assert load_definitions(tmp_path).kpi("revenue").definition_hash != before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((", rates: fx", ""), "'rates' is missing: currencies would be mixed"),
        ((", rate_on: closed_on", ""), "'rate_on' is missing"),
        (("rates: fx", "rates: fxx"), "unknown source 'fxx' (did you mean 'fx'?)"),
        (("rates: fx,", "rates: crm,"), "'crm' does not look like rates"),
        (("currency_column: currency", "currency_column: closed_on"), "'closed_on' is no text column"),
        (("rate_on: closed_on", "rate_on: deal"), "'deal' is no date of this source"),
        (("type: money, ", "type: number, "), "'currency_column' belongs to money, not number"),
        (("type: money, ", "type: money, currency: USD, "), "in one currency, or in that of currency_column"),
    ],
)
def test_a_conversion_that_is_not_whole_is_refused(tmp_path, changed, message):
    path = tmp_path / "kpi_definitions" / "sources" / "all.yml"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCES.format(load="full").replace(*changed), encoding="utf-8")
    assert any(message in str(issue) for issue in check_definitions(tmp_path)[1])
