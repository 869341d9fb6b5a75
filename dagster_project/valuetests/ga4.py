"""Google Analytics 4's events in value tests: written flat, one a line, and nested here as the export is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

# What every event has of its own; any other key is a parameter of the event (page_location, link_url, ...).
FIXED = (
    "event_name",
    "at",
    "user",
    "session",
    "source",
    "medium",
    "campaign",
    "device",
    "country",
    "transaction_id",
    "purchase_revenue",
)


def nested(cells: Mapping[str, str | None], zone: str) -> dict[str, Any]:
    """One event as the BigQuery export nests it. `at` is local time of `zone`, `session` the number of the
    visitor's session. Raises ValueError for a time that is none."""
    given = {name: text for name, text in cells.items() if text is not None}
    moment = datetime.fromisoformat(given["at"]).replace(tzinfo=ZoneInfo(zone))
    params = {"ga_session_id": given["session"], "ga_session_number": "1"} if "session" in given else {}
    params |= {name: text for name, text in given.items() if name not in FIXED}
    purchase = given.get("purchase_revenue")
    traffic = {
        f"manual_{name}": given.get(key)
        for name, key in (("source", "source"), ("medium", "medium"), ("campaign_name", "campaign"))
    }
    return {
        "event_date": f"{moment:%Y%m%d}",
        "event_timestamp": round(moment.timestamp() * 1_000_000),
        "event_name": given["event_name"],
        "user_pseudo_id": given.get("user"),
        "event_params": [{"key": name, "value": _parameter(text)} for name, text in params.items()],
        "device": {"category": given.get("device")},
        "geo": {"country": given.get("country")},
        "collected_traffic_source": traffic if "source" in given else None,
        "ecommerce": {
            "transaction_id": given.get("transaction_id"),
            "purchase_revenue": float(purchase.replace("_", "")) if purchase else None,
        },
    }


def _parameter(text: str) -> dict[str, Any]:
    return {"int_value": int(text)} if text.isdigit() else {"string_value": text}
