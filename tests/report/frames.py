"""A realistic publication: a fictitious company's fiscal year 2026 as of 31 October, its KGI in danger."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from dagster_project.publish.contract import empty, load
from tests.publish.frames import rows

RUN = "20261101T031500Z-3f2a9c"
AS_OF = date(2026, 10, 31)
FIRST = date(2025, 4, 1)
PERIOD = (date(2026, 4, 1), date(2027, 3, 31))
GOAL = "revenue_fy2026"

# kpi: (label, department, unit, numerator measure, denominator measure, scale)
KPIS: dict[str, tuple[str, str, str, str, str | None]] = {
    "revenue": ("売上高", "sales", "JPY", "revenue", None),
    "orders_won": ("受注件数", "sales", "count", "orders", None),
    "average_order_value": ("平均受注単価", "sales", "JPY", "revenue", "orders"),
    "deals": ("商談数", "sales", "count", "deals", None),
    "deal_to_order_rate": ("受注率", "sales", "percent", "orders", "deals"),
    "leads": ("リード数", "marketing", "count", "leads", None),
    "lead_to_deal_rate": ("商談化率", "marketing", "percent", "deals", "leads"),
    "sessions": ("セッション数", "marketing", "count", "sessions", None),
    "ad_cost": ("広告費", "marketing", "JPY", "ad_cost", None),
    "cost_per_lead": ("リード獲得単価", "marketing", "JPY", "ad_cost", "leads"),
    "shop_orders": ("EC注文数", "ecommerce", "count", "shop_orders", None),
    "purchase_rate": ("購入率", "ecommerce", "percent", "shop_orders", "sessions"),
}

# node: (level, parent, depth, target of the year, label or None for the KPI's)
NODES: dict[str, tuple[str, str | None, int, float | None]] = {
    "revenue": ("kgi", None, 0, 180_000_000),
    "orders_won": ("kpi", "revenue", 1, 324),
    "average_order_value": ("kpi", "revenue", 1, 555_555),
    "deals": ("kpi", "orders_won", 2, 1200),
    "deal_to_order_rate": ("kpi", "orders_won", 2, 0.27),
    "leads": ("kpi", "deals", 3, 12_000),
    "lead_to_deal_rate": ("kpi", "deals", 3, 0.1),
}

Edit = Callable[[str], str]


def days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def measures() -> dict[str, dict[date, float]]:
    """Daily sums: growth, weekdays, and a conversion that slips from summer on."""
    draw = random.Random(20261031)
    made: dict[str, dict[date, float]] = {}
    for day in days(FIRST, AS_OF):
        working = 1.0 if day.weekday() < 5 else 0.15
        growth = 1 + 0.25 * (day - FIRST).days / 500
        slip = 1.0 if day < date(2026, 7, 1) else 0.84
        leads = round(38 * working * growth * draw.uniform(0.8, 1.2))
        deals = round(leads * 0.1 * slip * draw.uniform(0.7, 1.3))
        orders = round(deals * 0.2 * slip + draw.uniform(-0.1, 0.6))
        sessions = round(900 * (0.6 + 0.4 * working) * growth * draw.uniform(0.9, 1.1))
        day_row = {
            "leads": leads,
            "deals": deals,
            "orders": orders,
            "revenue": round(orders * 560_000 * draw.uniform(0.85, 1.2)),
            "sessions": sessions,
            "ad_cost": round(leads * 4_200 * draw.uniform(0.9, 1.15)),
            "shop_orders": round(sessions * 0.021 * draw.uniform(0.8, 1.2)),
        }
        for name, value in day_row.items():
            made.setdefault(name, {})[day] = float(value)
    return made


def tables(edit: Edit = lambda text: text, **about: Any) -> dict[str, pa.Table]:
    """Every table of the contract. `edit` is applied to each free text, to see what a report does with it."""
    by_day = measures()
    made: dict[str, Any] = {name: empty(name) for name in load().names}
    made["kpi_daily"] = rows("kpi_daily", _daily(by_day))
    made["kpi_period"] = rows("kpi_period", _months(by_day))
    made["kpi_catalog"] = rows("kpi_catalog", _catalog(edit))
    made["goal_tree"] = rows("goal_tree", _goal_tree(edit))
    made["kgi_attainment"] = rows("kgi_attainment", _attainment(by_day, edit))
    made["goal_actions"] = rows("goal_actions", [_action(edit)])
    forecast = _forecast(by_day)
    made["kgi_forecast"] = rows("kgi_forecast", [forecast])
    made["kgi_forecast_path"] = rows("kgi_forecast_path", _path(by_day, forecast))
    made["publication"] = rows("publication", [_publication(edit) | about])
    made["source_freshness"] = rows("source_freshness", _freshness(edit))
    made["quarantine"] = rows("quarantine", _quarantine(edit))
    made["pipeline_runs"] = rows("pipeline_runs", _inputs(edit))
    return made


def with_a_second_goal() -> dict[str, pa.Table]:
    """The publication, and a goal without a tree on the same KGI, `second`."""
    given = tables()
    for name in ("goal_tree", "kgi_attainment", "kgi_forecast"):
        own = given[name].to_pylist()
        more = [
            row | {"goal": "second", "goal_label_ja": "二つ目の目標"}
            for row in own
            if row["node"] == "revenue"
        ]
        more = [{key: row[key] for key in given[name].column_names} for row in more]
        given[name] = pa.Table.from_pylist(own + more, schema=given[name].schema)
    return given


def _sum(by_day: dict[str, dict[date, float]], measure: str, start: date, end: date) -> float:
    return sum(value for day, value in by_day[measure].items() if start <= day <= end)


def _value(by_day: dict[str, dict[date, float]], kpi: str, start: date, end: date) -> dict[str, Any]:
    _, _, unit, above, below = KPIS[kpi]
    numerator = _sum(by_day, above, start, end)
    denominator = _sum(by_day, below, start, end) if below else None
    undefined = denominator == 0
    return {
        "kpi": kpi,
        "dimension": "total",
        "segment": "total",
        "numerator": numerator,
        "denominator": denominator,
        "value": None if undefined else numerator / denominator if denominator else numerator,
        "unit": unit,
        "data_status": "final",
        "status_reason": "zero_denominator" if undefined else None,
        "data_through": AS_OF,
        "sums_over_days": below is None,
        "sums_over_segments": below is None,
        "definition_hash": "d1",
        "computed_run_id": RUN,
    }


def _daily(by_day: dict[str, dict[date, float]]) -> list[dict[str, Any]]:
    return [_value(by_day, kpi, day, day) | {"date": day} for kpi in KPIS for day in days(FIRST, AS_OF)]


def _months(by_day: dict[str, dict[date, float]]) -> list[dict[str, Any]]:
    made = []
    starts = [date(2025 + (3 + n) // 12, (3 + n) % 12 + 1, 1) for n in range(19)]
    ends = [*(following - timedelta(days=1) for following in starts[1:]), AS_OF]
    for kpi in KPIS:
        values = [_value(by_day, kpi, start, end) for start, end in zip(starts, ends, strict=True)]
        for n, (start, end, value) in enumerate(zip(starts, ends, values, strict=True)):
            previous = values[n - 1]["value"] if n else None
            made.append(
                value
                | {
                    "grain": "month",
                    "period_start": start,
                    "period_end": end,
                    "elapsed_days": (end - start).days + 1,
                    "is_complete": True,
                    "previous_value": previous,
                    "previous_value_full": previous,
                    "previous_year_value": values[n - 12]["value"] if n >= 12 else None,
                }
            )
    return made


def _catalog(edit: Edit) -> list[dict[str, Any]]:
    return [
        {
            "kpi": kpi,
            "label_ja": edit(label),
            "label_en": edit(kpi.replace("_", " ").capitalize()),
            "description_ja": edit("説明"),
            "description_en": edit("description"),
            "type": "ratio" if below else "simple",
            "unit": unit,
            "direction": "down" if kpi == "cost_per_lead" else "up",
            "level": "kpi",
            "department": edit(department),
            "owner": edit("営業企画"),
            "definition": edit(f"sum({above})" + (f" / sum({below})" if below else "")),
            "definition_hash": "d1",
            "sort": sort,
        }
        for sort, (kpi, (label, department, unit, above, below)) in enumerate(KPIS.items(), start=1)
    ]


def _action(edit: Edit) -> dict[str, Any]:
    return {
        "as_of": AS_OF,
        "goal": GOAL,
        "action": "cold_calls",
        "label_ja": edit("新規架電"),
        "label_en": edit("Cold calls"),
        "kpi": "calls",
        "dimension": "total",
        "segment": "total",
        "unit": "count",
        "owner": edit("インサイドセールス"),
        "start": PERIOD[0],
        "due": date(2027, 2, 26),
        "sort": 1,
        "done": 5_612.0,
        "target_to_date": 5_400.4,
        "target": 10_000.0,
        "attainment": 5_612 / 5_400,
        "required_per_business_day": 54.85,
        "remaining_business_days": 80,
        "capacity": 16_000.0,
        "capacity_to_date": 9_200.0,
        "capacity_used": 0.61,
        "capacity_planned": 0.625,
        "drives": "deals",
        "drives_label_ja": edit("商談数"),
        "drives_label_en": edit("Deals"),
        "expected": 561.2,
        "driven_actual": 580.0,
        "driven_target_to_date": 700.0,
        "driven_attainment": 0.83,
        "driven_status": "behind",
        "status": "on_track",
        "status_reason": None,
        "data_through": AS_OF,
        "data_status": "final",
        "definition_hash": "d1",
        "goal_hash": "g1",
        "computed_run_id": RUN,
    }


def _goal_tree(edit: Edit) -> list[dict[str, Any]]:
    return [
        {
            "goal": GOAL,
            "node": node,
            "revision": 0,
            "revision_from": PERIOD[0],
            "goal_label_ja": edit("2026年度 売上1.8億円"),
            "goal_label_en": edit("FY2026 revenue of 180 million yen"),
            "label_ja": edit(KPIS[node][0]),
            "label_en": edit(node),
            "kpi": node,
            "dimension": "total",
            "segment": "total",
            "level": level,
            "parent": parent,
            "depth": depth,
            "sort": sort,
            "role": "factor" if parent else "root",
            "equation": edit("revenue = orders_won * average_order_value"),
            "origin": "derived",
            "unit": KPIS[node][2],
            "direction": "up",
            "owner": edit("営業部"),
            "period_start": PERIOD[0],
            "period_end": PERIOD[1],
            "goal_hash": "g1",
        }
        for sort, (node, (level, parent, depth, _)) in enumerate(NODES.items(), start=1)
    ]


def _attainment(by_day: dict[str, dict[date, float]], edit: Edit) -> list[dict[str, Any]]:
    share = 145 / 244
    made = []
    for sort, (node, (level, parent, depth, target)) in enumerate(NODES.items(), start=1):
        adds = KPIS[node][4] is None
        actual = _value(by_day, node, PERIOD[0], AS_OF)["value"]
        due = target * share if adds and target else target
        attained = actual / due if due else None
        status = "no_data"
        if attained is not None:
            status = "on_track" if attained >= 1 else "at_risk" if attained >= 0.95 else "behind"
        made.append(
            {
                "as_of": AS_OF,
                "goal": GOAL,
                "node": node,
                "scenario": "plan",
                "dimension": "total",
                "segment": "total",
                "kpi": node,
                "label_ja": edit(KPIS[node][0]),
                "label_en": edit(node.replace("_", " ").capitalize()),
                "level": level,
                "depth": depth,
                "parent": parent,
                "sort": sort,
                "unit": KPIS[node][2],
                "direction": "up",
                "period_start": PERIOD[0],
                "period_end": PERIOD[1],
                "actual": actual,
                "target_to_date": due,
                "target": target,
                "attainment": attained,
                "pace": actual / share if adds else actual,
                "required_per_business_day": max(0.0, (target or 0) - actual) / 99 if adds else None,
                "remaining_business_days": 99,
                "status": status,
                "data_through": AS_OF,
                "data_status": "final",
                "definition_hash": "d1",
                "goal_hash": "g1",
                "revision": 0,
                "status_rule": "no_data" if status == "no_data" else "due",
                "computed_run_id": RUN,
            }
        )
    return made


def _forecast(by_day: dict[str, dict[date, float]]) -> dict[str, Any]:
    actual = _sum(by_day, "revenue", PERIOD[0], AS_OF)
    middle = actual / (145 / 244) * 0.985
    spread = {"p025": 0.90, "p10": 0.935, "p50": 1.0, "p90": 1.07, "p975": 1.11}
    return {
        "as_of": AS_OF,
        "goal": GOAL,
        "node": "revenue",
        "scenario": "plan",
        "issue": 1,
        "period_start": PERIOD[0],
        "period_end": PERIOD[1],
        "actual": actual,
        "target": 180_000_000.0,
        **{name: actual + (middle - actual) * (1 + (share - 1) * 2.2) for name, share in spread.items()},
        "probability": 0.12,
        "status": "ok",
        "method": "weighted",
        "weights": '{"ewm_28": 0.6, "last_year": 0.4}',
        "history_from": FIRST,
        "history_days": 579,
        "required_run_rate": (180_000_000.0 - actual) / 99,
        "inputs_hash": "i1",
        "definition_hash": "d1",
        "goal_hash": "g1",
        "origin": "night",
        "computed_run_id": RUN,
    }


def _path(by_day: dict[str, dict[date, float]], forecast: dict[str, Any]) -> list[dict[str, Any]]:
    period = days(*PERIOD)
    weights = [1.0 if day.weekday() < 5 else 0.12 for day in period]
    total, ahead = sum(weights), sum(w for day, w in zip(period, weights, strict=True) if day > AS_OF)
    made, so_far, still, actual = [], 0.0, 0.0, 0.0
    for day, weight in zip(period, weights, strict=True):
        so_far += weight
        row: dict[str, Any] = {
            "as_of": AS_OF,
            "goal": GOAL,
            "node": "revenue",
            "issue": 1,
            "date": day,
            "target_cumulative": 180_000_000.0 * so_far / total,
        }
        if day <= AS_OF:
            actual += by_day["revenue"][day]
            row["actual_cumulative"] = actual
        if day >= AS_OF:
            still += weight if day > AS_OF else 0.0
            gone = still / ahead
            for name in ("p10", "p50", "p90"):
                off = (forecast[name] - forecast["p50"]) * gone**0.6
                row[name] = actual + (forecast["p50"] - actual) * gone + off
        made.append(row)
    return made


def _publication(edit: Edit) -> dict[str, Any]:
    return {
        "publication_id": RUN,
        "as_of": AS_OF,
        "published_at": datetime(2026, 11, 1, 3, 15, tzinfo=UTC).replace(tzinfo=None),
        "definitions_hash": "h1",
        "contract_version": load().version,
        "synthetic": True,
        "project": edit("shirube"),
        "label_ja": edit("みちしるべ商事株式会社"),
        "label_en": edit("Michishirube Trading"),
        "language": "ja",
        "currency": "JPY",
        "timezone": "Asia/Tokyo",
        "fiscal_start_month": 4,
    }


def _freshness(edit: Edit) -> list[dict[str, Any]]:
    fresh = {
        "status": "fresh",
        "newest_record": AS_OF,
        "expected_lag_days": 1,
        "days_late": 0,
        "rows": 12_480,
    }
    sound = fresh | {"quarantined": 0, "held_files": 0, "missing_days": 0}
    return [
        sound | {"source": "accounts", "rows": 431, "newest_file": edit("sfa/accounts_20261031.csv")},
        sound
        | {
            "source": "ads",
            "status": "stale",
            "newest_record": date(2026, 10, 28),
            "days_late": 2,
            "message": edit("10月29日以降のファイルが届いていません。"),
            "newest_file": edit("ads/ads_20261028.csv"),
        },
        sound | {"source": "deals", "quarantined": 4, "newest_file": edit("sfa/deals_20261031.csv")},
        sound
        | {
            "source": "ga4",
            "provisional_from": date(2026, 10, 28),
            "rows": 2_310_555,
            "newest_file": edit("ga4/events_20261031.ndjson"),
        },
        sound
        | {
            "source": "leads",
            "held_files": 1,
            "status": "held",
            "message": edit("leads_20261031.csv: 見出し「電話」がありません。"),
            "newest_file": edit("sfa/leads_20261030.csv"),
        },
    ]


def _quarantine(edit: Edit) -> list[dict[str, Any]]:
    return [
        {
            "source": "deals",
            "file": edit("sfa/deals_20261031.csv"),
            "sha256": "ab" * 32,
            "line": line,
            "column_name": "amount",
            "reason": edit("amount: 数値として読めません"),
            "arrived_at": datetime(2026, 11, 1, 1, 0),
        }
        for line in (14, 220, 221, 1_030)
    ]


def _inputs(edit: Edit) -> list[dict[str, Any]]:
    return [
        {
            "run_id": RUN,
            "source": "leads",
            "file": edit("sfa/leads_20261031.csv"),
            "sha256": "cd" * 32,
            "arrived_at": datetime(2026, 11, 1, 1, 0, tzinfo=UTC).replace(tzinfo=None),
            "rows": 0,
            "quarantined": 0,
            "status": "held",
            "reason": edit("見出し「電話」がありません。"),
        }
    ]
