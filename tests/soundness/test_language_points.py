"""What goes wrong without the rules of the language, each point with rows on which it would: values by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import DefinitionError
from dagster_project.kpi.compile.semantic.rules import not_carried_kpis
from dagster_project.kpi.load import check_definitions, load_definitions
from dagster_project.kpi.metadata import rows
from tests.soundness.small_world import expect, write

SOURCES = """\
sources:
  - {source: crm, files: deals.csv, load: full, key: [deal], columns: {deal: text, customer: text, owner: text, stage: text, opened_on: date, closed_on: date, amount: money, discount: money, seats: integer}}
  - {source: reps, files: reps.csv, load: full, key: [owner], columns: {owner: text, team: text}}
  - {source: inquiries, files: leads.csv, load: full, key: [lead], columns: {lead: text, customer: text, created_on: date, channel: text}}
  - {source: shop, files: lines.csv, load: full, key: [order_no, line], columns: {order_no: text, line: integer, customer: text, ordered_on: date, amount: money}}
  - {source: billing, files: subs.csv, load: full, key: [contract], columns: {contract: text, customer: text, started_on: date, cancelled_on: date}}
  - {source: hr, files: staff.csv, load: full, key: [person], columns: {person: text, hired_on: date, left_on: date}}
  - {source: market, files: market.csv, load: full, key: [starts_on], columns: {starts_on: date, ends_on: date, amount: money}}
  - {source: platform, files: reach.csv, load: full, key: [], columns: {report_on: date, report_grain: text, reach: integer}}
  - {source: inventory, files: counts.csv, load: full, key: [place, counted_on], columns: {place: text, counted_on: date, on_hand: integer}}
  - {source: survey, files: survey.csv, load: full, key: [answer], columns: {answer: text, answered_on: date, team: text, score: number}}
"""
ENTITIES = """\
entities:
  - entity: deals
    from: crm
    key: deal
    lookups: {reps: {match: {owner: owner}, take: [team]}}
    columns:
      days_open: days_between(opened_on, closed_on)
      won_number: {nth: closed_on, by: customer, filter: stage = 'won'}
    times: {opened_on: {}, closed_on: {}}
    dimensions: {team: {}, owner: {parent: team, values_from: reps}, customer: {}}
  - {entity: leads, from: inquiries, key: lead, dimensions: {channel: {}}}
  - {entity: lines, from: shop, key: [order_no, line]}
  - entity: orders
    from: shop
    key: order_no
    group_by: order_no
    columns: {ordered_on: min(ordered_on), customer: min(customer), amount: sum(amount)}
    then: {order_number: {nth: ordered_on, by: customer}, first_ordered_on: {first: ordered_on, by: customer}}
    times: {ordered_on: {}}
  - {entity: subscriptions, from: billing, key: contract, times: {started_on: {}, cancelled_on: {}}}
  - {entity: employees, from: hr, key: person, times: {hired_on: {}, left_on: {}}}
  - {entity: market_sizes, from: market, key: starts_on, times: {starts_on: {}, ends_on: {}}}
  - {entity: reach_reports, from: platform, key: [], times: {report_on: {}}}
  - {entity: counts, from: inventory, key: [place, counted_on], times: {counted_on: {}}}
  - {entity: answers, from: survey, key: answer, dimensions: {team: {}}}
"""
REVENUE = "- {name: revenue, label: revenue, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', unit: JPY, direction: up}"


def company(kpis: str) -> dict[str, str]:
    lines = "\n".join(f"  {line.strip()}" for line in kpis.strip().splitlines())
    return {"sources/all": SOURCES, "entities": ENTITIES, "kpis/all": f"department: x\nkpis:\n{lines}\n"}


def world(tmp_path: Path, kpis: str, given: str, values: str, *, known="2026-01-01", as_of="2026-06-30"):
    expect(tmp_path, company(kpis), given, values, known=known, as_of=as_of)


def definitions_of(tmp_path: Path, kpis: str):
    write(tmp_path, company(kpis))
    return load_definitions(tmp_path)


def test_01_an_offset_over_a_running_period_is_cut_after_equal_elapsed_days(tmp_path):
    kpis = f"""
        {REVENUE}
        - {{name: mom, label: mom, type: derived, expr: revenue / before - 1, input_metrics: [{{name: revenue, alias: before, offset_window: 1 month}}], unit: percent, direction: up}}
        """
    given = """
        crm: |
          deal, stage, closed_on, amount
          A, won, 2026-03-15, 500
          B, won, 2026-04-05, 100
          C, won, 2026-04-20, 900
          D, won, 2026-05-08, 200
          E, won, 2026-03-31, 40
        """
    values = """
        - {kpi: mom, month: 2026-05, value: 1, because: "200 / 100; against all of April it would be -80 %"}
        - {kpi: mom, month: 2026-04, value: 46/54, because: "1000 / 540, a month that is over is compared whole"}
        - {kpi: mom, day: 2026-05-31, no_row: true}
        - {kpi: mom, day: 2026-04-30, no_value: no_data, because: "30 March had nothing to divide by"}
        """
    world(tmp_path, kpis, given, values, as_of="2026-05-10")


def test_01_a_day_without_a_counterpart_and_one_before_the_data_say_so(tmp_path):
    kpis = f"""
        {REVENUE}
        - {{name: mom, label: mom, type: derived, expr: revenue / before - 1, input_metrics: [{{name: revenue, alias: before, offset_window: 1 month}}], unit: percent, direction: up}}
        """
    given = "crm: [{deal: A, stage: won, closed_on: 2026-03-31, amount: 40}]"
    values = """
        - {kpi: mom, day: 2026-03-31, no_value: no_counterpart}
        - {kpi: mom, day: 2026-01-20, no_value: before_data}
        - {kpi: mom, month: 2026-01, no_value: before_data}
        """
    world(tmp_path, kpis, given, values, as_of="2026-04-10")


def test_02_base_rows_whose_window_is_not_over_are_left_out(tmp_path):
    kpis = """
        - {name: converted, label: converted, type: conversion, base: {entity: leads, time: created_on}, conversion: {entity: deals, time: closed_on, filter: stage = 'won'}, match: customer, window: 30 days, unit: percent, direction: up}
        """
    given = """
        inquiries: |
          lead, customer, created_on
          L1, A, 2026-07-01
          L2, B, 2026-07-05
          L3, C, 2026-07-25
          L4, D, 2026-07-28
          L5, E, 2026-06-01
        crm: |
          deal, customer, stage, closed_on, amount
          D1, A, won, 2026-07-20, 1
          D2, C, lost, 2026-07-30, 1
        """
    values = """
        - {kpi: converted, month: 2026-06, value: 0, status: final}
        - {kpi: converted, month: 2026-07, value: 1/2, status: provisional, because: "L1 of L1 and L2; 1/4 with all"}
        - {kpi: converted, day: 2026-07-25, no_value: not_mature, status: immature}
        """
    world(tmp_path, kpis, given, values, as_of="2026-08-10")


def test_03_an_average_counts_the_rows_that_it_sums(tmp_path):
    kpis = "- {name: aov, label: aov, type: simple, entity: deals, time: closed_on, agg: average, expr: amount, unit: JPY, direction: up}"
    given = """
        crm: |
          deal, closed_on, amount
          A, 2026-05-01, 100
          B, 2026-05-02, 300
          C, 2026-05-03,
        """
    world(tmp_path, kpis, given, '- {kpi: aov, month: 2026-05, value: 200, because: "400 / 3 with count(*)"}')


def test_04_an_amount_of_a_span_is_laid_over_its_days(tmp_path):
    kpis = f"""
        {REVENUE}
        - {{name: market_size, label: market, type: simple, entity: market_sizes, agg: sum, expr: amount, spread: {{from: starts_on, through: ends_on}}, unit: JPY, direction: up}}
        - {{name: share, label: share, type: ratio, basis: period, numerator: revenue, denominator: market_size, unit: percent, direction: up}}
        """
    given = """
        crm: [{deal: A, stage: won, closed_on: 2026-05-10, amount: 3100}]
        market: [{starts_on: 2026-04-01, ends_on: 2027-03-31, amount: 365000}]
        """
    values = """
        - {kpi: market_size, day: 2026-05-01, value: 1000}
        - {kpi: share, month: 2026-05, value: 10%, because: "of 31,000; dated on 1 April, May would have none"}
        - {kpi: market_size, fiscal_year: 2026, value: 91_000, because: "the 91 days to 30 June"}
        """
    world(tmp_path, kpis, given, values)


def test_04_business_days_fall_back_to_all_days_where_there_are_none(tmp_path):
    kpis = "- {name: plan, label: plan, type: simple, entity: market_sizes, agg: sum, expr: amount, spread: {from: starts_on, through: ends_on, over: business_days}, unit: JPY, direction: up}"
    given = """
        market: |
          starts_on, ends_on, amount
          2026-06-01, 2026-06-07, 500
          2026-06-13, 2026-06-14, 80
          2026-06-22, 2046-06-21, 7305000
        """
    values = """
        - {kpi: plan, day: 2026-06-05, value: 100, because: "five business days"}
        - {kpi: plan, day: 2026-06-06, value: 0}
        - {kpi: plan, day: 2026-06-13, value: 40, because: "a weekend has no business day: both of its days"}
        - {kpi: plan, day: 2026-06-23, value: 1000, because: "twenty years outlast the calendar: all 7,305 days"}
        """
    world(tmp_path, kpis, given, values)


def test_05_only_who_was_there_at_the_start_can_leave(tmp_path):
    kpis = """
        - {name: active, label: active, type: stock, entity: subscriptions, agg: count, from: started_on, until: cancelled_on, unit: count, direction: up}
        - {name: churn, label: churn, type: ratio, basis: period, numerator: {entity: subscriptions, time: cancelled_on, agg: count_distinct, expr: customer, filter: started_on < period_start}, denominator: {name: active, period_agg: opening}, grains: [month], unit: percent, direction: down}
        """
    given = """
        billing: |
          contract, customer, started_on, cancelled_on
          1, A, 2026-01-01, 2026-05-10
          2, B, 2026-01-01,
          3, C, 2026-01-01,
          4, D, 2026-05-05, 2026-05-20
        """
    world(
        tmp_path,
        kpis,
        given,
        '- {kpi: churn, month: 2026-05, value: 1/3, because: "A of A B C; D was not there: 2/3"}',
    )


def test_06_a_stock_inside_a_ratio_says_which_of_its_days_counts(tmp_path):
    kpis = "\n".join(
        [
            "- {name: open, label: open, type: stock, entity: deals, agg: count, from: opened_on, until: closed_on, unit: count, direction: up}",
            "- {name: opened, label: opened, type: simple, entity: deals, time: opened_on, agg: count, unit: count, direction: up}",
            *(
                f"- {{name: of_{way}, label: of {way}, type: ratio, numerator: opened, denominator: {{name: open, period_agg: {way}}}, grains: [month], unit: percent, direction: up}}"
                for way in ("opening", "last", "average", "midpoint", "any")
            ),
        ]
    )
    given = """
        crm: |
          deal, opened_on, closed_on
          A, 2026-04-01,
          B, 2026-05-11,
          C, 2026-05-11, 2026-05-21
        """
    values = """
        - {kpi: of_opening, month: 2026-05, value: 2, because: "2 / 1"}
        - {kpi: of_last, month: 2026-05, value: 1, because: "2 / 2"}
        - {kpi: of_average, month: 2026-05, value: 62/62, because: "2 / ((31 + 21 + 10) / 31)"}
        - {kpi: of_midpoint, month: 2026-05, value: 4/3, because: "2 / 1.5"}
        - {kpi: of_any, month: 2026-05, value: 2/3, because: "2 / 3"}
        """
    world(tmp_path, kpis, given, values)


def test_06_what_came_and_went_on_one_day_was_open_on_none(tmp_path):
    kpis = "- {name: seen, label: seen, type: stock, entity: deals, agg: count, from: opened_on, until: closed_on, period_agg: any, unit: count, direction: up}"
    given = """
        crm: |
          deal, opened_on, closed_on
          A, 2026-05-12, 2026-05-12
          B, 2026-05-12, 2026-05-13
        """
    values = """
        - {kpi: seen, day: 2026-05-12, value: 1}
        - {kpi: seen, week: 2026-05-11, value: 1, because: "B; A was open at the end of no day"}
        - {kpi: seen, month: 2026-05, value: 1}
        - {kpi: seen, fiscal_year: 2026, value: 1}
        """
    world(tmp_path, kpis, given, values)


def test_06_a_level_that_no_series_holds_any_more_is_unknown_and_not_zero(tmp_path):
    base = "type: stock, entity: counts, time: counted_on, agg: sum, expr: on_hand, series: [place], carry: 3 days, unit: count, direction: up"
    kpis = f"""
        - {{name: on_hand, label: on hand, {base}}}
        - {{name: at_opening, label: at opening, {base}, period_agg: opening}}
        - {{name: at_middle, label: at middle, {base}, period_agg: midpoint}}
        - {{name: at_average, label: at average, {base}, period_agg: average}}
        - {{name: on_some_day, label: on some day, {base}, period_agg: any}}
        - {{name: low, label: low, {base}, filter: on_hand < 10}}
        """
    given = """
        inventory: |
          place, counted_on, on_hand
          north, 2026-01-01, 100
          south, 2026-01-03, 7
          north, 2026-01-31, 0
          north, 2026-02-28, 40
        """
    values = """
        - {kpi: on_hand, day: 2026-01-05, value: 7, because: "north has run out, south holds"}
        - {kpi: on_hand, day: 2026-01-07, no_value: no_data, because: "nothing holds any more"}
        - {kpi: on_hand, month: 2026-01, value: 0, because: "counted, and none there"}
        - {kpi: on_hand, month: 2026-03, no_value: no_data}
        - {kpi: on_hand, fiscal_year: 2026, no_value: no_data}
        - {kpi: at_average, month: 2026-01, value: 61.142857143, because: "428 over the seven days that are known"}
        - {kpi: at_average, month: 2026-03, value: 40, because: "until 3 March"}
        - {kpi: at_average, month: 2026-04, no_value: no_data}
        - {kpi: on_some_day, month: 2026-03, value: 40, because: "until 3 March"}
        - {kpi: on_some_day, month: 2026-04, no_value: no_data}
        - {kpi: low, day: 2026-01-02, value: 0, because: "the filter chooses, the level is known"}
        - {kpi: at_opening, month: 2026-01, no_value: before_data}
        - {kpi: at_middle, month: 2026-01, no_value: before_data}
        - {kpi: at_opening, day: 2026-01-01, no_value: before_data}
        - {kpi: at_opening, month: 2026-02, value: 0}
        - {kpi: at_middle, month: 2026-02, value: 20}
        - {kpi: at_opening, month: 2026-04, no_value: no_data}
        """
    world(tmp_path, kpis, given, values)


def test_16_a_neighbouring_period_outside_the_data_is_unknown_and_not_empty(tmp_path):
    base = "type: simple, entity: orders, time: ordered_on, agg: count_distinct, expr: customer, unit: count, direction: up"
    kpis = f"""
        - {{name: came_back, label: came back, {base}, also_in: next_period}}
        - {{name: were_there, label: were there, {base}, also_in: previous_period}}
        """
    given = """
        shop: |
          order_no, line, customer, ordered_on, amount
          1, 1, A, 2026-01-05, 1
          2, 1, A, 2026-02-05, 1
          3, 1, A, 2026-05-05, 1
          4, 1, A, 2026-06-05, 1
        """
    values = """
        - {kpi: were_there, month: 2026-01, no_value: before_data}
        - {kpi: were_there, month: 2026-02, value: 1}
        - {kpi: were_there, month: 2026-03, value: 0}
        - {kpi: were_there, fiscal_year: 2026, no_value: before_data, because: "FY2025 is not there as a whole"}
        - {kpi: came_back, month: 2026-01, value: 1}
        - {kpi: came_back, month: 2026-04, value: 0}
        - {kpi: came_back, month: 2026-05, value: 1}
        - {kpi: came_back, month: 2026-06, no_value: not_mature}
        - {kpi: came_back, fiscal_year: 2025, no_value: not_mature}
        """
    world(tmp_path, kpis, given, values)


def test_07_the_last_day_in_is_not_the_first_day_out(tmp_path):
    kpis = """
        - {name: staff, label: staff, type: stock, entity: employees, agg: count, from: hired_on, through: left_on, unit: count, direction: up}
        - {name: staff_until, label: staff until, type: stock, entity: employees, agg: count, from: hired_on, until: left_on, unit: count, direction: up}
        """
    given = """
        hr: |
          person, hired_on, left_on
          A, 2026-01-05, 2026-03-31
          B, 2026-01-05,
          C, , 2026-03-31
        """
    values = """
        - {kpi: staff, month: 2026-03, value: 2, because: "A still works on 31 March"}
        - {kpi: staff, day: 2026-04-01, value: 1}
        - {kpi: staff_until, month: 2026-03, value: 1}
        """
    world(tmp_path, kpis, given, values)


def test_08_a_null_customer_is_neither_new_nor_repeat_and_is_the_segment_none(tmp_path):
    base = "type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, unit: JPY, direction: up"
    kpis = f"""
        - {{name: all_sales, label: all, {base}}}
        - {{name: first_sales, label: first, {base}, filter: not (won_number > 1)}}
        - {{name: repeat_sales, label: repeat, {base}, filter: won_number > 1}}
        - {{name: not_first_sales, label: not first, {base}, filter: not (won_number = 1)}}
        """
    given = """
        crm: |
          deal, customer, stage, closed_on, amount
          A, K, won, 2026-05-01, 100
          B, K, won, 2026-05-02, 20
          C, , won, 2026-05-03, 4
        """
    values = """
        - {kpi: all_sales, month: 2026-05, value: 124}
        - {kpi: first_sales, month: 2026-05, value: 100}
        - {kpi: repeat_sales, month: 2026-05, value: 20}
        - {kpi: not_first_sales, month: 2026-05, value: 20, because: "NULL is false: C is lost to both, and seen below"}
        - {kpi: all_sales, month: 2026-05, where: {customer: (none)}, value: 4}
        """
    world(tmp_path, kpis, given, values)


def test_09_first_orders_are_orders_and_not_lines(tmp_path):
    kpis = "- {name: first_amount, label: first, type: simple, entity: orders, time: ordered_on, agg: sum, expr: amount, filter: order_number = 1, unit: JPY, direction: up}"
    lines = """
        shop: |
          order_no, line, customer, ordered_on, amount
          O1, 1, A, 2026-05-01, 10
          O1, 2, A, 2026-05-01, 20
          O2, 1, A, 2026-05-09, 400
        """
    world(
        tmp_path / "a", kpis, lines, '- {kpi: first_amount, month: 2026-05, value: 30, because: "both lines"}'
    )
    late = lines.rstrip() + "\n          O0, 1, A, 2026-04-20, 7\n"
    values = """
        - {kpi: first_amount, month: 2026-04, value: 7}
        - {kpi: first_amount, month: 2026-05, value: 0, because: "the late row restates the customer's later ones"}
        """
    world(tmp_path / "b", kpis, late, values)


def test_10_what_lies_outside_coverage_is_missing_and_never_zero(tmp_path):
    kpis = f"""
        {REVENUE}
        - {{name: yoy, label: yoy, type: derived, expr: revenue / before - 1, input_metrics: [{{name: revenue, alias: before, offset_window: 1 year}}], grains: [month, fiscal_year], unit: percent, direction: up}}
        """
    given = """
        crm: |
          deal, stage, closed_on, amount
          A, won, 2025-03-10, 100
          B, won, 2025-06-10, 500
          C, won, 2026-03-10, 120
        """
    values = """
        - {kpi: yoy, fiscal_year: 2025, no_value: before_data, because: "one month of FY2024 would make it +520 %"}
        - {kpi: yoy, month: 2026-03, value: 20%}
        - {kpi: yoy, month: 2026-02, no_value: before_data}
        - {kpi: revenue, month: 2025-02, no_row: true}
        - {kpi: revenue, month: 2025-04, value: 0, because: "inside coverage, a month without rows"}
        """
    world(tmp_path, kpis, given, values, known="2025-03-01", as_of="2026-03-31")


BUYERS = "- {name: buyers, label: buyers, type: simple, entity: deals, time: closed_on, agg: count_distinct, expr: customer, unit: count, direction: up}"


def test_11_what_must_not_be_added_is_counted_anew_and_says_so(tmp_path):
    given = """
        crm: |
          deal, customer, owner, closed_on
          A, K, Aoki, 2026-05-01
          B, K, Baba, 2026-05-02
          C, L, Baba, 2026-05-02
        """
    values = """
        - {kpi: buyers, day: 2026-05-01, value: 1}
        - {kpi: buyers, day: 2026-05-02, value: 2}
        - {kpi: buyers, month: 2026-05, value: 2, because: "3 by adding days"}
        - {kpi: buyers, month: 2026-05, where: {owner: Baba}, value: 2, because: "with Aoki's 1, 3 by adding owners"}
        """
    world(tmp_path, BUYERS, given, values)
    columns, found = rows(definitions_of(tmp_path, f"{BUYERS}\n{REVENUE}"))["kpis"]
    names = [name for name, _ in columns]
    adds = {row[names.index("kpi")]: row[names.index("adds")] for row in found}
    assert adds == {"buyers": False, "revenue": True}


def test_12_reach_is_the_one_row_of_its_slice(tmp_path):
    kpis = "- {name: reach, label: reach, type: simple, entity: reach_reports, time: report_on, agg: only, expr: reach, filter: report_grain = grain, grains: [day, month], unit: count, direction: up}"
    given = """
        platform: |
          report_on, report_grain, reach
          2026-05-01, month, 900
          2026-05-05, day, 500
          2026-05-06, day, 600
          2026-05-07, day, 10
          2026-05-07, day, 20
        """
    values = """
        - {kpi: reach, month: 2026-05, value: 900, because: "1,130 by adding days"}
        - {kpi: reach, day: 2026-05-06, value: 600}
        - {kpi: reach, day: 2026-05-07, no_value: not_additive, because: "two rows can't be told apart"}
        - {kpi: reach, day: 2026-05-08, no_value: no_data}
        """
    world(tmp_path, kpis, given, values)


def test_13_members_without_rows_and_sides_without_the_other_have_rows(tmp_path):
    kpis = f"""
        {REVENUE}
        - {{name: opened, label: opened, type: simple, entity: deals, time: opened_on, agg: count, unit: count, direction: up}}
        - {{name: closed_per_opened, label: rate, type: ratio, basis: period, numerator: {{entity: deals, time: closed_on, agg: count}}, denominator: opened, unit: percent, direction: up}}
        """
    given = """
        reps: [{owner: Aoki, team: East}, {owner: Doi, team: West}]
        crm: |
          deal, owner, stage, opened_on, closed_on, amount
          A, Aoki, won, 2026-05-01, 2026-06-10, 100
        """
    values = """
        - {kpi: revenue, month: 2026-05, where: {owner: Doi}, value: 0}
        - {kpi: closed_per_opened, month: 2026-05, where: {team: East}, value: 0, because: "nothing on the upper side"}
        - {kpi: closed_per_opened, month: 2026-06, where: {team: East}, no_value: zero_denominator, because: "nothing below"}
        """
    world(tmp_path, kpis, given, values)


def test_14_a_row_whose_lookup_finds_nothing_stays(tmp_path):
    given = """
        reps: [{owner: Aoki, team: East}]
        crm: |
          deal, owner, stage, closed_on, amount
          A, Aoki, won, 2026-05-01, 65
          B, Endo, won, 2026-05-02, 35
        """
    values = """
        - {kpi: revenue, month: 2026-05, value: 100, because: "an inner join loses 35 %"}
        - {kpi: revenue, month: 2026-05, where: {team: (none)}, value: 35}
        """
    world(tmp_path, REVENUE, given, values)


def test_15_every_operand_that_is_no_kpi_is_a_measure_of_its_own(tmp_path):
    kpis = "- {name: win_rate, label: win rate, type: ratio, entity: deals, time: closed_on, numerator: {agg: count, filter: stage = 'won'}, denominator: {agg: count}, unit: percent, direction: up}"
    given = (
        "crm: [{deal: A, stage: won, closed_on: 2026-05-01}, {deal: B, stage: lost, closed_on: 2026-05-01}]"
    )
    world(
        tmp_path,
        kpis,
        given,
        "- {kpi: win_rate, month: 2026-05, value: 1/2, because: 1 if both were one column}",
    )
    operands = definitions_of(tmp_path, kpis).kpi("win_rate").operands
    assert [operand.measure.name for operand in operands] == ["win_rate__numerator", "win_rate__denominator"]


def test_16_the_three_readings_of_a_repeat_rate_have_three_names(tmp_path):
    base = "entity: orders, time: ordered_on"
    kpis = f"""
        - {{name: order_buyers, label: buyers, type: simple, {base}, agg: count_distinct, expr: customer, unit: count, direction: up}}
        - {{name: twice_in_period, label: twice, type: simple, {base}, agg: count_distinct, expr: customer, having: count(*) >= 2, unit: count, direction: up}}
        - {{name: again_from_before, label: again, type: simple, {base}, agg: count_distinct, expr: customer, also_in: previous_period, grains: [month], unit: count, direction: up}}
        - {{name: repeat_in_period, label: repeat in period, type: ratio, numerator: twice_in_period, denominator: order_buyers, unit: percent, direction: up}}
        - {{name: repeat_ever, label: repeat ever, type: ratio, numerator: {{{base}, agg: count_distinct, expr: customer, filter: order_number > 1}}, denominator: order_buyers, unit: percent, direction: up}}
        - {{name: repeat_from_before, label: repeat from before, type: ratio, numerator: again_from_before, denominator: order_buyers, unit: percent, direction: up}}
        """
    given = """
        shop: |
          order_no, line, customer, ordered_on, amount
          1, 1, A, 2026-03-01, 1
          2, 1, B, 2026-04-01, 1
          3, 1, A, 2026-05-01, 1
          4, 1, B, 2026-05-02, 1
          5, 1, C, 2026-05-03, 1
          6, 1, C, 2026-05-04, 1
          7, 1, D, 2026-05-05, 1
        """
    values = """
        - {kpi: repeat_in_period, month: 2026-05, value: 1/4, because: "C of A B C D"}
        - {kpi: repeat_ever, month: 2026-05, value: 3/4, because: "A B C"}
        - {kpi: repeat_from_before, month: 2026-05, value: 1/4, because: "B bought in April"}
        - {kpi: again_from_before, month: 2026-04, value: 0}
        """
    world(tmp_path, kpis, given, values)


def test_17_a_row_that_came_before_its_base_row_counts_only_where_that_is_allowed(tmp_path):
    base = "type: conversion, base: {entity: leads, time: created_on}, conversion: {entity: deals, time: opened_on}, match: customer, window: 30 days, unit: percent, direction: up"
    kpis = f"""
        - {{name: strict, label: strict, {base}}}
        - {{name: lenient, label: lenient, {base}, allow_before: 5 days}}
        """
    given = """
        inquiries: |
          lead, customer, created_on
          L1, A, 2026-05-10
          L2, B, 2026-05-10
          L3, C, 2026-05-10
        crm: |
          deal, customer, opened_on
          D1, A, 2026-05-12
          D2, B, 2026-05-07
          D3, C, 2026-05-01
        """
    values = """
        - {kpi: strict, month: 2026-05, value: 1/3, because: A}
        - {kpi: lenient, month: 2026-05, value: 2/3, because: "A, and B three days before; C is nine days before"}
        """
    world(tmp_path, kpis, given, values)


def test_18_a_tree_multiplies_with_the_rate_of_the_same_period(tmp_path):
    kpis = """
        - {name: opened, label: opened, type: simple, entity: deals, time: opened_on, agg: count, unit: count, direction: up}
        - {name: won, label: won, type: simple, entity: deals, time: closed_on, agg: count, filter: stage = 'won', unit: count, direction: up}
        - {name: won_per_opened, label: won per opened, type: ratio, basis: period, numerator: won, denominator: opened, unit: percent, direction: up}
        - {name: win_rate, label: win rate, type: ratio, entity: deals, time: closed_on, numerator: won, denominator: {agg: count}, unit: percent, direction: up}
        - {name: by_period, label: by period, type: derived, expr: opened * won_per_opened, unit: count, direction: up}
        - {name: by_closing, label: by closing, type: derived, expr: opened * win_rate, unit: count, direction: up}
        """
    given = """
        crm: |
          deal, stage, opened_on, closed_on
          A, won, 2026-04-01, 2026-05-01
          B, lost, 2026-05-01, 2026-05-20
          C, won, 2026-05-02, 2026-05-21
          D, open, 2026-05-03,
          E, lost, 2026-03-02, 2026-05-05
        """
    values = """
        - {kpi: by_period, month: 2026-05, value: 2, because: "3 * 2/3 = orders won, exactly"}
        - {kpi: won, month: 2026-05, value: 2}
        - {kpi: by_closing, month: 2026-05, value: 3/2, because: "3 * 2/4: no identity"}
        - {kpi: by_period, month: 2026-04, value: 0}
        - {kpi: by_closing, month: 2026-06, no_value: no_data, because: "nothing closed: no rate, no identity"}
        """
    world(tmp_path, kpis, given, values)


def test_19_null_and_the_word_unknown_are_two_segments(tmp_path):
    kpis = "- {name: inquiries, label: inquiries, type: simple, entity: leads, agg: count, unit: count, direction: up}"
    given = """
        inquiries: |
          lead, created_on, channel
          1, 2026-05-01, unknown
          2, 2026-05-01,
          3, 2026-05-01,
        """
    values = """
        - {kpi: inquiries, month: 2026-05, where: {channel: unknown}, value: 1}
        - {kpi: inquiries, month: 2026-05, where: {channel: (none)}, value: 2}
        """
    world(tmp_path, kpis, given, values)


def test_20_days_quotients_and_nulls_mean_the_same_in_every_engine(tmp_path):
    kpis = """
        - {name: cycle, label: cycle, type: simple, entity: deals, time: closed_on, agg: average, expr: days_open, unit: days, direction: down}
        - {name: seats_per_two, label: seats, type: simple, entity: deals, time: closed_on, agg: sum, expr: seats / 2, unit: count, direction: up}
        - {name: net, label: net, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount - discount, unit: JPY, direction: up}
        - {name: net_of_all, label: net of all, type: simple, entity: deals, time: closed_on, agg: sum, expr: "amount - coalesce(discount, 0)", unit: JPY, direction: up}
        """
    given = """
        crm: |
          deal, opened_on, closed_on, amount, discount, seats
          A, 2026-04-30, 2026-05-30, 100, 10, 7
          B, 2026-05-30, 2026-05-31, 50, , 0
        """
    values = """
        - {kpi: cycle, month: 2026-05, value: 31/2}
        - {kpi: seats_per_two, month: 2026-05, value: 7/2, because: "integers divide to 3 elsewhere"}
        - {kpi: net, month: 2026-05, value: 90, because: "NULL takes its row out of a sum, always"}
        - {kpi: net_of_all, month: 2026-05, value: 140}
        """
    world(tmp_path, kpis, given, values)
    wrong = kpis.replace("expr: days_open", "expr: closed_on - opened_on")
    with pytest.raises(DefinitionError) as error:
        definitions_of(tmp_path, wrong)
    assert "use days_between(from, to)" in str(error.value.issues[0])


def test_21_yaml_never_changes_what_was_typed(tmp_path):
    head = "sources:\n  - source: crm\n    files: a.csv\n    load: full\n    columns:\n"
    folder = tmp_path / "kpi_definitions" / "sources"
    folder.mkdir(parents=True)
    (folder / "crm.yml").write_text(
        head + "      stage: {type: text, map: {NO: lost, 22:30: late, 2026-04-01: april}}\n",
        encoding="utf-8",
    )
    column = load_definitions(tmp_path).sources[0].columns[0]
    assert column.values == (("NO", "lost"), ("22:30", "late"), ("2026-04-01", "april"))
    (folder / "crm.yml").write_text(head + "      amount: {type: money, on: x}\n", encoding="utf-8")
    assert "unknown key 'on'" in str(check_definitions(tmp_path)[1][0])
    split = "- {name: net, label: net, type: ratio, entity: deals, time: closed_on, numerator: {agg: sum, expr: coalesce(amount, 0)}, denominator: {agg: count}, unit: JPY, direction: up}"
    with pytest.raises(DefinitionError) as error:
        definitions_of(tmp_path, split)
    assert any("quote this value" in str(issue) for issue in error.value.issues)


def test_22_what_a_metric_layer_can_not_say_is_left_out_and_listed(tmp_path):
    base = "type: simple, entity: deals, time: closed_on, unit: count, direction: up"
    kpis = f"""
        {REVENUE}
        - {{name: market_size, label: market, type: simple, entity: market_sizes, agg: sum, expr: amount, spread: {{from: starts_on, through: ends_on}}, unit: JPY, direction: up}}
        - {{name: reach, label: reach, type: simple, entity: reach_reports, time: report_on, agg: only, expr: reach, filter: report_grain = grain, unit: count, direction: up}}
        - {{name: open, label: open, type: stock, entity: deals, agg: count, from: opened_on, until: closed_on, period_agg: opening, unit: count, direction: up}}
        - {{name: older, label: older, {base}, agg: count, filter: opened_on < period_start}}
        - {{name: converted, label: converted, type: conversion, base: {{entity: deals, time: opened_on}}, conversion: {{entity: deals, time: closed_on}}, window: 30 days, unit: percent, direction: up}}
        - {{name: mood, label: mood, type: simple, entity: answers, agg: average, expr: score, when_no_data: carry, unit: score, direction: up}}
        """
    left_out = not_carried_kpis(definitions_of(tmp_path, kpis))
    assert list(left_out) == ["market_size", "reach", "open", "older", "converted", "mood"]


def test_what_is_carried_comes_from_the_last_period_that_had_a_value(tmp_path):
    kpis = """
        - {name: mood, label: mood, type: simple, entity: answers, agg: average, expr: score, when_no_data: carry, unit: score, direction: up}
        - {name: doubled, label: doubled, type: derived, expr: mood * 2, unit: score, direction: up}
        """
    given = """
        survey: |
          answer, answered_on, team, score
          1, 2026-01-10, East, 4
          2, 2026-01-20, East, 2
          3, 2026-01-20, West, 9
          4, 2026-04-05, East, 5
        """
    values = """
        - {kpi: mood, month: 2026-01, value: 5, because: "15 / 3"}
        - {kpi: mood, month: 2026-02, value: 5, because: carried}
        - {kpi: mood, month: 2026-03, where: {team: East}, value: 3}
        - {kpi: mood, month: 2026-04, value: 5}
        - {kpi: mood, month: 2026-05, where: {team: West}, value: 9}
        - {kpi: mood, month: 2026-05, where: {team: East}, value: 5}
        - {kpi: mood, day: 2026-01-12, value: 4}
        - {kpi: mood, day: 2026-01-02, no_value: no_data, because: "nothing to carry yet"}
        - {kpi: doubled, month: 2026-03, value: 10}
        """
    world(tmp_path, kpis, given, values)
