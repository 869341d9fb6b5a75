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
    columns = ["order_id", "sku", "customer", "ordered_at", "quantity", "price"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "lines.csv", index=False)
