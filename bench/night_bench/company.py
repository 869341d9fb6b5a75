"""The company that the bench runs: 60 KPIs over web events, sessions and a CRM, and one goal with its tree."""

from __future__ import annotations

from pathlib import Path

KPIS = 60

PROJECT = """\
name: bench
label: {ja: ベンチ商事（架空）, en: Bench Trading (fictitious)}
synthetic: true
currency: JPY
as_of: latest_data
"""

CALENDAR = """\
timezone: Asia/Tokyo
fiscal_year_starts: April
holidays: JP
closed: [{weekdays: [saturday, sunday]}]
"""

SOURCES = """\
sources:
  - source: ga4
    preset: ga4_events
    files: "ga4/events_*.parquet"
    format: {type: parquet}
    load: by_day
    version: {from: filename, pattern: "events_%Y%m%d"}
    provisional_for: 4 days
  - source: crm_deals
    files: "crm/deals_*.csv"
    load: full
    version: {from: filename, pattern: "deals_%Y%m%d"}
    covers: {from: 2024-04-01, through: version - 1 day}
    key: [deal_id]
    columns:
      deal_id: {type: text}
      account_id: {type: text}
      lead_id: {type: text}
      owner: {type: text}
      team: {type: text, map: {東日本: east, 西日本: west}, else: quarantine}
      product: {type: text}
      stage: {type: text, map: {商談中: open, 受注: won, 失注: lost}, else: quarantine}
      created_on: {type: date}
      closed_on: {type: date}
      amount: {type: money, currency: JPY, tax: excluded}
  - source: crm_leads
    files: "crm/leads_*.csv"
    load: full
    version: {from: filename, pattern: "leads_%Y%m%d"}
    covers: {from: 2024-04-01, through: version - 1 day}
    key: [lead_id]
    columns:
      lead_id: {type: text}
      created_on: {type: date}
      lead_source: {type: text}
      kind: {type: text}
      team: {type: text, map: {東日本: east, 西日本: west}, else: quarantine}
  - source: crm_accounts
    files: "crm/accounts_*.csv"
    load: full
    version: {from: filename, pattern: "accounts_%Y%m%d"}
    covers: {from: 2024-04-01, through: version - 1 day}
    key: [account_id]
    columns:
      account_id: {type: text}
      industry: {type: text}
      registered_on: {type: date}
"""

ENTITIES = """\
entities:
  - entity: events
    label: {ja: イベント, en: Events}
    model: ga4_events
    sources: [ga4]
    key: event_id
    columns:
      event_id: {type: text}
      event_at: {type: timestamp}
      event_date: {type: date}
      event_name: {type: text}
      user_id: {type: text}
      session_id: {type: text}
      device_category: {type: text}
      country: {type: text}
      engagement_msec: {type: integer}
      transaction_id: {type: text}
      purchase_revenue: {type: money, currency: JPY}
    times: {event_at: {}}
    dimensions:
      device: {label: {ja: デバイス, en: Device}, column: device_category}
      country: {label: {ja: 国, en: Country}}
  - entity: sessions
    label: {ja: セッション, en: Sessions}
    model: ga4_sessions
    sources: [ga4]
    key: session_id
    columns:
      session_id: {type: text}
      user_id: {type: text}
      started_at: {type: timestamp}
      session_number: {type: integer}
      source: {type: text}
      medium: {type: text}
      campaign: {type: text}
      channel_group: {type: text}
      device_category: {type: text}
      country: {type: text}
      page_views: {type: integer}
      events: {type: integer}
      engagement_msec: {type: integer}
      is_engaged: {type: boolean}
      has_key_event: {type: boolean}
      has_cart: {type: boolean}
      has_form_start: {type: boolean}
      has_form_submit: {type: boolean}
      has_purchase: {type: boolean}
      purchase_revenue: {type: money, currency: JPY}
      transactions: {type: integer}
    times: {started_at: {}}
    dimensions:
      channel_group: {label: {ja: 流入チャネル, en: Channel group}}
      device: {label: {ja: デバイス, en: Device}, column: device_category}
      campaign: {label: {ja: キャンペーン, en: Campaign}}
  - entity: deals
    label: {ja: 商談, en: Deals}
    from: crm_deals
    key: deal_id
    snapshot: true
    lookups:
      accounts: {match: {account_id: account_id}, take: [industry]}
    columns:
      cycle_days: days_between(created_on, closed_on)
    times: {created_on: {}, closed_on: {}}
    default_time: closed_on
    dimensions:
      team: {label: {ja: チーム, en: Team}, values: {east: {ja: 東日本, en: East Japan}, west: {ja: 西日本, en: West Japan}}}
      owner: {label: {ja: 担当者, en: Owner}}
      product: {label: {ja: 商品, en: Product}}
      industry: {label: {ja: 業種, en: Industry}}
  - entity: leads
    label: {ja: リード, en: Leads}
    from: crm_leads
    key: lead_id
    times: {created_on: {}}
    dimensions:
      team: {label: {ja: チーム, en: Team}, values: {east: {ja: 東日本, en: East Japan}, west: {ja: 西日本, en: West Japan}}}
      lead_source: {label: {ja: 流入元, en: Lead source}}
  - entity: accounts
    label: {ja: 取引先, en: Accounts}
    from: crm_accounts
    key: account_id
    times: {registered_on: {}}
    dimensions:
      industry: {label: {ja: 業種, en: Industry}}
"""

_ALL = "[day, week, month, quarter, fiscal_year]"
_MONTHS = "[month, quarter, fiscal_year]"
_USERS = "[day, week, month]"  # people are counted anew for each

SESSION_KPIS = f"""\
department: web
kpis:
  - {{name: visits, label: セッション数, type: simple, entity: sessions, time: started_at, agg: count, grains: {_ALL}, unit: count, direction: up}}
  - {{name: engaged_sessions, label: エンゲージのあったセッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: is_engaged, grains: {_ALL}, unit: count, direction: up}}
  - {{name: engagement_rate, label: エンゲージメント率, type: ratio, numerator: engaged_sessions, denominator: visits, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: bounce_rate, label: 直帰率, type: ratio, entity: sessions, time: started_at, numerator: {{agg: count, filter: not is_engaged}}, denominator: visits, grains: {_ALL}, unit: percent, direction: down}}
  - {{name: single_page_rate, label: 1ページセッション率, type: ratio, entity: sessions, time: started_at, numerator: {{agg: count, filter: page_views = 1}}, denominator: visits, grains: {_ALL}, unit: percent, direction: down}}
  - {{name: pages_per_session, label: ページ/セッション, type: simple, entity: sessions, time: started_at, agg: average, expr: page_views, grains: {_ALL}, unit: rate, direction: up}}
  - {{name: organic_sessions, label: 自然検索セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: channel_group = 'Organic Search', grains: {_ALL}, unit: count, direction: up}}
  - {{name: paid_sessions, label: 広告セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: "channel_group in ('Paid Search', 'Paid Shopping', 'Paid Social')", grains: {_ALL}, unit: count, direction: up}}
  - {{name: direct_sessions, label: ノーリファラーセッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: channel_group = 'Direct', grains: {_ALL}, unit: count, direction: up}}
  - {{name: email_sessions, label: メール経由セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: channel_group = 'Email', grains: {_ALL}, unit: count, direction: up}}
  - {{name: mobile_sessions, label: モバイルセッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: device_category = 'mobile', dimensions: [channel_group, campaign], grains: {_ALL}, unit: count, direction: up}}
  - {{name: mobile_share, label: モバイル比率, type: ratio, numerator: mobile_sessions, denominator: visits, dimensions: [channel_group, campaign], grains: {_ALL}, unit: percent, direction: up}}
  - {{name: new_sessions, label: 新規セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: session_number = 1, grains: {_ALL}, unit: count, direction: up}}
  - {{name: returning_sessions, label: 再訪セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: session_number > 1, grains: {_ALL}, unit: count, direction: up}}
  - {{name: new_session_share, label: 新規率, type: ratio, numerator: new_sessions, denominator: visits, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: cart_sessions, label: カート投入セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: has_cart, grains: {_ALL}, unit: count, direction: up}}
  - {{name: cart_rate, label: カート投入率, type: ratio, numerator: cart_sessions, denominator: visits, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: cart_abandonment_rate, label: カート放棄率, type: ratio, entity: sessions, time: started_at, numerator: {{agg: count, filter: has_cart and not has_purchase}}, denominator: cart_sessions, grains: {_ALL}, unit: percent, direction: down}}
  - {{name: purchase_sessions, label: 購入セッション数, type: simple, entity: sessions, time: started_at, agg: count, filter: has_purchase, grains: {_ALL}, unit: count, direction: up}}
  - {{name: purchase_rate, label: 購入率, type: ratio, numerator: purchase_sessions, denominator: visits, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: key_event_rate, label: コンバージョン率, type: ratio, entity: sessions, time: started_at, numerator: {{agg: count, filter: has_key_event}}, denominator: visits, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: form_starts, label: フォーム開始数, type: simple, entity: sessions, time: started_at, agg: count, filter: has_form_start, grains: {_ALL}, unit: count, direction: up}}
  - {{name: form_submissions, label: フォーム送信数, type: simple, entity: sessions, time: started_at, agg: count, filter: has_form_submit, grains: {_ALL}, unit: count, direction: up}}
  - {{name: form_submission_rate, label: フォーム送信率, type: ratio, numerator: form_submissions, denominator: form_starts, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: transactions, label: 購入件数, type: simple, entity: sessions, time: started_at, agg: sum, expr: transactions, grains: {_ALL}, unit: count, direction: up}}
  - {{name: web_revenue, label: EC売上, type: simple, entity: sessions, time: started_at, agg: sum, expr: purchase_revenue, grains: {_ALL}, unit: JPY, direction: up}}
  - {{name: average_purchase, label: 平均購入額, type: ratio, numerator: web_revenue, denominator: transactions, grains: {_ALL}, unit: JPY, direction: up}}
  - {{name: revenue_per_session, label: セッション単価, type: ratio, numerator: web_revenue, denominator: visits, grains: {_ALL}, unit: JPY, direction: up}}
  - {{name: web_revenue_fytd, label: EC売上(年度累計), type: cumulative, input_metric: web_revenue, grain_to_date: fiscal_year, grains: {_MONTHS}, unit: JPY, direction: up}}
  - {{name: visits_28d, label: セッション数(28日), type: cumulative, input_metric: visits, window: 28 days, grains: [day], unit: count, direction: up}}
"""

EVENT_KPIS = f"""\
department: site
kpis:
  - {{name: page_views, label: PV数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'page_view', grains: {_ALL}, unit: count, direction: up}}
  - {{name: all_events, label: イベント数, type: simple, entity: events, time: event_at, agg: count, grains: {_ALL}, unit: count, direction: up}}
  - {{name: scrolls, label: スクロール数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'scroll', grains: {_ALL}, unit: count, direction: up}}
  - {{name: item_views, label: 商品閲覧数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'view_item', grains: {_ALL}, unit: count, direction: up}}
  - {{name: cart_adds, label: カート投入数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'add_to_cart', grains: {_ALL}, unit: count, direction: up}}
  - {{name: checkouts, label: 購入手続き数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'begin_checkout', grains: {_ALL}, unit: count, direction: up}}
  - {{name: downloads, label: ダウンロード数, type: simple, entity: events, time: event_at, agg: count, filter: event_name = 'file_download', grains: {_ALL}, unit: count, direction: up}}
  - {{name: unique_users, label: UU数, type: simple, entity: events, time: event_at, agg: count_distinct, expr: user_id, grains: {_USERS}, unit: count, direction: up}}
  - {{name: new_users, label: 新規ユーザー数, type: simple, entity: events, time: event_at, agg: count_distinct, expr: user_id, filter: event_name = 'first_visit', grains: {_USERS}, unit: count, direction: up}}
  - {{name: buyers, label: 購入者数, type: simple, entity: events, time: event_at, agg: count_distinct, expr: user_id, filter: event_name = 'purchase', grains: {_USERS}, unit: count, direction: up}}
  - {{name: views_per_user, label: PV/UU, type: ratio, numerator: page_views, denominator: unique_users, grains: {_USERS}, unit: rate, direction: up}}
  - {{name: user_purchase_rate, label: ユーザー購入率, type: ratio, numerator: buyers, denominator: unique_users, grains: {_USERS}, unit: percent, direction: up}}
  - {{name: checkout_rate, label: 手続き率, type: ratio, numerator: checkouts, denominator: cart_adds, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: events_per_session, label: イベント/セッション, type: ratio, numerator: all_events, denominator: visits, basis: period, grains: {_ALL}, unit: rate, direction: up}}
"""

CRM_KPIS = f"""\
department: sales
kpis:
  - {{name: leads, label: リード数, type: simple, entity: leads, time: created_on, agg: count, grains: {_ALL}, unit: count, direction: up}}
  - {{name: paid_leads, label: 広告リード数, type: simple, entity: leads, time: created_on, agg: count, filter: lead_source = 'paid', dimensions: [team], grains: {_ALL}, unit: count, direction: up}}
  - {{name: paid_lead_share, label: 広告リード比率, type: ratio, numerator: paid_leads, denominator: leads, dimensions: [team], grains: {_ALL}, unit: percent, direction: up}}
  - {{name: deals_opened, label: 商談件数, type: simple, entity: deals, time: created_on, agg: count, grains: {_ALL}, unit: count, direction: up}}
  - {{name: orders_won, label: 受注件数, type: simple, entity: deals, time: closed_on, agg: count, filter: stage = 'won', grains: {_ALL}, unit: count, direction: up}}
  - {{name: win_rate, label: 受注率, type: ratio, entity: deals, time: closed_on, numerator: orders_won, denominator: {{agg: count, filter: "stage in ('won', 'lost')"}}, grains: {_MONTHS}, unit: percent, direction: up}}
  - {{name: sales, label: 受注額, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', grains: {_ALL}, unit: JPY, direction: up}}
  - {{name: average_order_value, label: 平均受注単価, type: simple, entity: deals, time: closed_on, agg: average, expr: amount, filter: stage = 'won', grains: {_MONTHS}, unit: JPY, direction: up}}
  - {{name: cycle_days, label: 商談日数, type: simple, entity: deals, time: closed_on, agg: average, expr: cycle_days, filter: stage = 'won', grains: {_MONTHS}, unit: days, direction: down}}
  - {{name: open_pipeline, label: 商談中金額, type: stock, entity: deals, agg: sum, expr: amount, from: created_on, until: closed_on, dimensions: [team], grains: {_MONTHS}, unit: JPY, direction: up}}
  - {{name: open_deals, label: 商談中件数, type: stock, entity: deals, agg: count, from: created_on, until: closed_on, dimensions: [team], grains: {_MONTHS}, unit: count, direction: up}}
  - {{name: lead_to_deal_rate, label: 商談化率, type: conversion, base: {{entity: leads, time: created_on}}, conversion: {{entity: deals, time: created_on}}, match: lead_id, window: 60 days, grains: {_MONTHS}, unit: percent, direction: up}}
  - {{name: new_accounts, label: 新規取引先数, type: simple, entity: accounts, time: registered_on, agg: count, grains: {_ALL}, unit: count, direction: up}}
  - {{name: accounts, label: 取引先数, type: stock, entity: accounts, agg: count, from: registered_on, grains: {_MONTHS}, unit: count, direction: up}}
  - {{name: leads_per_visit, label: リード率, type: ratio, numerator: leads, denominator: visits, basis: period, grains: {_ALL}, unit: percent, direction: up}}
  - {{name: total_revenue, label: 売上合計, type: derived, expr: web_revenue + sales, grains: {_ALL}, unit: JPY, direction: up}}
"""

GOAL = """\
goal: revenue_fy2025
label: {ja: 2025年度の売上, en: Revenue of FY2025}
period: {fiscal_year: 2025}
kgi: {kpi: total_revenue, target: +10%}
tree:
  - total_revenue = web_revenue + sales
  - web_revenue = transactions * average_purchase
  - sales = orders_won * average_order_value
nodes:
  web_revenue: {target: +10%, level: ksf}
  average_purchase: {assume: 20_000}
  average_order_value: {assume: 900_000}
phasing: business_days
"""

FILES = {
    "project.yml": PROJECT,
    "calendar.yml": CALENDAR,
    "sources/exports.yml": SOURCES,
    "entities.yml": ENTITIES,
    "kpis/sessions.yml": SESSION_KPIS,
    "kpis/events.yml": EVENT_KPIS,
    "kpis/crm.yml": CRM_KPIS,
    "goals/revenue.yml": GOAL,
}


def write_definitions(root: Path) -> None:
    """The definitions of the company below `root`, and an empty data folder."""
    for name, text in FILES.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "data").mkdir(exist_ok=True)
