"""A company whose web events are counted, and the people in them."""

from __future__ import annotations

from pathlib import Path

DEFINITIONS = {
    "project.yml": "currency: JPY\nlanguage: ja\n",
    "calendar.yml": "timezone: Asia/Tokyo\nholidays: JP\n",
    "sources/web.yml": """\
sources:
  - source: web
    files: events_*.ndjson
    format: {type: ndjson}
    load: by_day
    preset: ga4_events
    version: {from: filename, pattern: "events_%Y%m%d"}
""",
    "entities.yml": """\
entities:
  - entity: events
    model: ga4_events
    sources: [web]
    key: event_id
    columns:
      event_id: {type: text}
      event_at: {type: timestamp}
      event_name: {type: text}
      user_id: {type: text}
      country: {type: text}
    times: {event_at: {}}
    dimensions: {country: {label: {ja: 国, en: Country}, max: 2}}
  - entity: sessions
    model: ga4_sessions
    sources: [web]
    key: session_id
    columns:
      session_id: {type: text}
      started_at: {type: timestamp}
      channel_group: {type: text}
      purchase_revenue: {type: money, currency: JPY}
      is_engaged: {type: boolean}
    times: {started_at: {}}
    dimensions: {channel_group: {label: {ja: チャネル, en: Channel}}}
""",
    "kpis/web.yml": """\
department: marketing
kpis:
  - {name: page_views, label: PV, type: simple, entity: events, time: event_at, agg: count,
     filter: event_name = 'page_view', unit: count, direction: up}
  - {name: visitors, label: UU, type: simple, entity: events, time: event_at, agg: count_distinct,
     expr: user_id, unit: count, direction: up}
  - {name: buyers, label: 購入者, type: simple, entity: events, time: event_at, agg: count_distinct,
     expr: user_id, filter: event_name = 'purchase', unit: count, direction: up}
  - {name: visitors_of_3_days, label: UU(3日), type: cumulative, input_metric: visitors, window: 3 days,
     grains: [day], unit: count, direction: up}
  - {name: visits, label: 訪問, type: simple, entity: sessions, time: started_at, agg: count,
     unit: count, direction: up}
  - {name: web_revenue, label: 売上, type: simple, entity: sessions, time: started_at, agg: sum,
     expr: purchase_revenue, unit: JPY, direction: up}
""",
}


def write_definitions(root: Path) -> None:
    for name, text in DEFINITIONS.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
