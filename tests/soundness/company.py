"""A small company made to be awkward: what goes wrong silently elsewhere is in its rows.

Deals without a customer, owners that no roster knows, a roster member without deals, deals without a close
date, several rows a day, weekends, a leap day, an ISO week 53, rows after the as-of date, order lines whose
UTC time lies on another day in Tokyo, refunds, quantities that are missing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

AS_OF = date(2027, 2, 10)
COVERED_FROM = date(2024, 2, 1)
COVERED_THROUGH = date(2027, 3, 31)
ORDERS_FROM = date(2025, 6, 1)

DEFINITIONS = {
    "project": "name: awkward\ncurrency: JPY\nlanguage: en\n",
    "calendar": "timezone: Asia/Tokyo\nclosed: [{weekdays: [saturday, sunday]}]\n",
    "sources/exports": """\
sources:
  - source: crm
    files: deals.csv
    load: full
    covers: {from: 2024-02-01, through: 2027-03-31}
    key: [deal_id]
    columns:
      deal_id: {type: text}
      customer: {type: text}
      owner: {type: text}
      stage: {type: text}
      opened_on: {type: date}
      closed_on: {type: date}
      amount: {type: money}
  - source: reps
    files: reps.csv
    load: full
    key: [owner]
    columns: {owner: {type: text}, team: {type: text}}
  - source: shop
    files: lines.csv
    load: full
    covers: {from: 2025-06-01, through: 2027-03-31}
    key: []
    columns:
      order_id: {type: text}
      sku: {type: text}
      customer: {type: text}
      ordered_at: {type: timestamp, timezone: UTC}
      quantity: {type: integer, required: true}
      price: {type: money}
""",
    "sources/others": """\
sources:
  - {source: targets, files: targets.csv, load: full, covers: {from: 2026-01-01, through: 2027-03-31}, key: [target_id], columns: {target_id: {type: text}, starts_on: {type: date}, ends_on: {type: date}, amount: {type: money}}}
  - {source: reach_reports, files: reach.csv, load: full, covers: {from: 2026-12-01, through: 2027-03-31}, key: [report_on, report_grain, medium], columns: {report_on: {type: date}, report_grain: {type: text}, medium: {type: text}, reach: {type: integer}}}
  - {source: inventory, files: counts.csv, load: full, covers: {from: 2026-12-01, through: 2027-03-31}, key: [place, counted_on], columns: {place: {type: text}, counted_on: {type: date}, on_hand: {type: integer}}}
entities:
  - {entity: plans, from: targets, key: target_id}
  - {entity: reports, from: reach_reports, key: [report_on, report_grain, medium]}
  - {entity: counts, from: inventory, key: [place, counted_on], dimensions: {place: {}}}
""",
    "entities": """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    lookups:
      reps: {match: {owner: owner}, take: [team]}
    columns:
      cycle_days: days_between(opened_on, closed_on)
      won_number: {nth: closed_on, by: customer, filter: stage = 'won'}
      first_won_on: {first: closed_on, by: customer, filter: stage = 'won'}
      customer_type: case when customer is null then null when first_won_on < opened_on then 'repeat' else 'new' end
    times: {opened_on: {}, closed_on: {}}
    dimensions:
      team: {}
      owner: {parent: team, values_from: reps}
      customer_type: {}
      customer: {max: 12}
  - entity: lines
    from: shop
    key: [order_id, sku]
    columns: {value: price * quantity}
    times: {ordered_at: {}}
    dimensions: {sku: {}}
  - entity: orders
    from: lines
    key: order_id
    group_by: order_id
    columns: {ordered_at: min(ordered_at), customer: min(customer), amount: sum(value), skus: count(*)}
    then:
      order_number: {nth: ordered_at, by: customer}
    times: {ordered_at: {}}
  - entity: sales
    from:
      - {entity: deals, filter: stage = 'won', columns: {sale_id: deal_id, sold_on: closed_on, value: amount, channel: "'b2b'"}}
      - {entity: orders, columns: {sale_id: order_id, sold_on: cast(ordered_at as date), value: amount, channel: "'shop'"}}
    key: sale_id
    times: {sold_on: {}}
    dimensions: {channel: {}}
""",
    "kpis/later": """\
department: later
kpis:
  - {name: lost_share, label: lost share, type: derived, expr: 1 - win_rate, unit: percent, direction: down}
  - {name: open_or_lost, label: open or lost, type: derived, expr: closed - not_first, unit: count, direction: up}
  - {name: won_yoy, label: won yoy, type: derived, expr: won_amount / before - 1, input_metrics: [{name: won_amount, alias: before, offset_window: 1 year}], unit: percent, direction: up}
  - {name: won_mom, label: won mom, type: derived, expr: won_amount / before - 1, input_metrics: [{name: won_amount, alias: before, offset_window: 1 month}], grains: [month], unit: percent, direction: up}
  - {name: won_fytd, label: won fytd, type: cumulative, input_metric: won_amount, grain_to_date: fiscal_year, unit: JPY, direction: up}
  - {name: buyers_28d, label: buyers 28d, type: cumulative, input_metric: buyers, window: 28 days, unit: count, direction: up}
  - {name: won_28d, label: won 28d, type: cumulative, input_metric: won_amount, window: 28 days, unit: JPY, direction: up}
  - {name: win_rate_12m, label: win rate 12m, type: cumulative, input_metric: win_rate, window: 12 months, grains: [day, month], unit: percent, direction: up}
  - {name: cohort_win, label: cohort win, type: conversion, base: deals_opened, conversion: {name: closed, filter: stage = 'won'}, window: 30 days, unit: percent, direction: up}
  - {name: cohort_order, label: cohort order, type: conversion, base: deals_opened, conversion: {entity: orders, time: ordered_at}, match: customer, window: 60 days, allow_before: 5 days, unit: percent, direction: up}
  - {name: ever_won, label: ever won, type: conversion, base: deals_opened, conversion: {name: closed, filter: stage = 'won'}, window: none, unit: percent, direction: up}
  - {name: open_deals, label: open deals, type: stock, entity: deals, agg: count, from: opened_on, until: closed_on, unit: count, direction: up}
  - {name: open_amount, label: open amount, type: stock, entity: deals, agg: sum, expr: amount, from: opened_on, through: closed_on, period_agg: average, unit: JPY, direction: up}
  - {name: open_customers, label: open customers, type: stock, entity: deals, agg: count_distinct, expr: customer, from: opened_on, until: closed_on, period_agg: opening, unit: count, direction: up}
  - {name: closed_of_open, label: closed of open, type: ratio, numerator: closed, denominator: {name: open_deals, period_agg: any}, grains: [month, quarter], unit: percent, direction: up}
  - {name: open_midpoint, label: open midpoint, type: ratio, numerator: closed, denominator: {name: open_deals, period_agg: midpoint}, grains: [month, quarter], unit: percent, direction: up}
  - {name: median_cycle, label: median cycle, type: simple, entity: deals, time: closed_on, agg: median, expr: cycle_days, unit: days, direction: down}
  - {name: long_cycle, label: long cycle, type: simple, entity: deals, time: closed_on, agg: percentile, percentile: 0.9, expr: cycle_days, unit: days, direction: down}
  - {name: returning_buyers, label: returning buyers, type: simple, entity: deals, time: closed_on, agg: count_distinct, expr: customer, filter: stage = 'won' and first_won_on < period_start, unit: count, direction: up}
  - {name: closed_in_time, label: closed in time, type: simple, entity: deals, time: opened_on, agg: count, filter: closed_on <= period_end, grains: [month, quarter], unit: count, direction: up}
  - {name: buyers_2plus, label: buyers 2plus, type: simple, entity: deals, time: closed_on, agg: count_distinct, expr: customer, filter: stage = 'won', having: count(*) >= 2, unit: count, direction: up}
  - {name: buyers_again, label: buyers again, type: simple, entity: deals, time: closed_on, agg: count_distinct, expr: customer, filter: stage = 'won', also_in: previous_period, grains: [month, quarter], unit: count, direction: up}
  - {name: retention, label: retention, type: derived, expr: buyers_again / before, input_metrics: [{name: buyers, alias: before, offset_window: 1 month}], grains: [month], unit: percent, direction: up}
  - {name: retention_of_sides, label: retention of sides, type: ratio, numerator: buyers_again, denominator: {name: buyers, offset_window: 1 month}, grains: [month], unit: percent, direction: up}
  - {name: target, label: target, type: simple, entity: plans, agg: sum, expr: amount, spread: {from: starts_on, through: ends_on, over: business_days}, unit: JPY, direction: up}
  - {name: reach, label: reach, type: simple, entity: reports, time: report_on, agg: only, expr: reach, filter: report_grain = grain, grains: [day, month], unit: count, direction: up}
  - {name: on_hand, label: on hand, type: stock, entity: counts, time: counted_on, agg: sum, expr: on_hand, series: [place], carry: 10 days, unit: count, direction: up}
""",
    "kpis/all": """\
department: sales
kpis:
  - {name: won_amount, label: Won, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: deals_opened, label: Opened, type: simple, entity: deals, time: opened_on, agg: count, unit: count, direction: up}
  - {name: closed, label: Closed, type: simple, entity: deals, time: closed_on, agg: count, unit: count, direction: up}
  - {name: win_rate, label: Win rate, type: ratio, entity: deals, time: closed_on, numerator: {agg: count, filter: stage = 'won'}, denominator: {agg: count, filter: "stage in ('won', 'lost')"}, unit: percent, direction: up}
  - {name: aov, label: AOV, type: simple, entity: deals, time: closed_on, agg: average, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: cycle, label: Cycle, type: simple, entity: deals, time: closed_on, agg: average, expr: cycle_days, unit: days, direction: down}
  - {name: buyers, label: Buyers, type: simple, entity: deals, time: closed_on, agg: count_distinct, expr: customer, filter: stage = 'won', unit: count, direction: up}
  - {name: largest, label: Largest, type: simple, entity: deals, time: closed_on, agg: max, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: smallest, label: Smallest, type: simple, entity: deals, time: closed_on, agg: min, expr: amount, filter: stage = 'won', unit: JPY, direction: up}
  - {name: highest, label: Highest, type: simple, entity: deals, time: closed_on, expr: amount, agg: max, unit: JPY, direction: up}
  - {name: highest_28d, label: Highest 28d, type: cumulative, input_metric: highest, window: 28 days, unit: JPY, direction: up}
  - {name: not_first, label: Not first, type: simple, entity: deals, time: closed_on, agg: count, filter: not (won_number = 1), unit: count, direction: up}
  - {name: orders_per_deal, label: Orders per deal, type: ratio, basis: period, numerator: {entity: orders, time: ordered_at, agg: count}, denominator: deals_opened, scale: 100, unit: rate, direction: up}
  - {name: line_value, label: Line value, type: simple, entity: lines, time: ordered_at, agg: sum, expr: value, unit: JPY, direction: up}
  - {name: repeat_orders, label: Repeat orders, type: simple, entity: orders, time: ordered_at, agg: count, filter: order_number > 1, unit: count, direction: up}
  - {name: sales_value, label: Sales, type: simple, entity: sales, time: sold_on, agg: sum, expr: value, unit: JPY, direction: up}
""",
}


def make_exports(folder: Path, seed: int = 7) -> None:
    """Writes deals.csv, reps.csv and lines.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    reps = pd.DataFrame({"owner": ["Aoki", "Baba", "Chiba", "Doi"], "team": ["East", "East", "West", "West"]})
    reps.to_csv(folder / "reps.csv", index=False)
    days = (COVERED_THROUGH - COVERED_FROM).days
    count = 1400
    opened = [COVERED_FROM + timedelta(days=int(n)) for n in random.integers(0, days, count)]
    stage = random.choice(["won", "lost", "open", ""], count, p=[0.4, 0.3, 0.25, 0.05])
    closed = [
        day + timedelta(days=int(wait)) if state in ("won", "lost") and keep else None
        for day, wait, state, keep in zip(
            opened, random.integers(0, 60, count), stage, random.random(count) > 0.03, strict=True
        )
    ]
    customer = [f"C{n:02}" if n < 20 else None for n in (random.zipf(1.4, count) - 1)]
    pd.DataFrame(
        {
            "deal_id": [f"D{n:05}" for n in range(count)],
            "customer": customer,
            # Doi has no deal, and nobody knows Endo.
            "owner": random.choice(["Aoki", "Baba", "Chiba", "Endo", None], count),
            "stage": stage,
            "opened_on": opened,
            "closed_on": [day if day is None or day <= COVERED_THROUGH else None for day in closed],
            "amount": [f"{value / 100:.2f}" for value in random.integers(-5_000, 2_000_000, count)],
        }
    ).to_csv(folder / "deals.csv", index=False)
    start = datetime(2025, 6, 1)
    rows = []
    for number in range(700):
        moment = start + timedelta(minutes=int(random.integers(0, 660 * 24 * 60)))
        buyer = f"C{random.integers(0, 40):02}" if random.random() > 0.25 else ""
        for sku in random.choice(["mug", "tee", "cap", "pen"], random.integers(1, 4), replace=False):
            quantity = int(random.integers(-1, 6))
            rows.append((f"O{number:05}", sku, buyer, moment.strftime("%Y-%m-%d %H:%M"), quantity, "12.3456"))
    (folder / "targets.csv").write_text(
        "target_id,starts_on,ends_on,amount\n"
        "a,2026-01-01,2026-12-31,1000000\nb,2027-01-01,2027-03-31,700000.50\n",
        encoding="utf-8",
    )
    (folder / "reach.csv").write_text(
        "report_on,report_grain,medium,reach\n"
        "2026-12-01,month,all,900\n2026-12-05,day,all,50\n2026-12-06,day,all,60\n2026-12-06,day,app,40\n"
        "2027-01-01,month,all,1100\n",
        encoding="utf-8",
    )
    (folder / "counts.csv").write_text(
        "place,counted_on,on_hand\n"
        "north,2026-12-01,100\nnorth,2026-12-05,80\nsouth,2026-12-04,7\nnorth,2027-01-20,30\n",
        encoding="utf-8",
    )
    columns = ["order_id", "sku", "customer", "ordered_at", "quantity", "price"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "lines.csv", index=False)
