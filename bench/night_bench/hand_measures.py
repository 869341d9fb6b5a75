"""Measures by dimension from the tables of `hand_sql`: by day, and of people by day, week and month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

# (table, entity and date of record, its number of rows, date, dimensions, counts, sums)
TABLES = (
    (
        "session_days", "sessions__started_at", "sum(visits)", "date",
        ("channel_group", "device", "campaign"),
        "visits engaged_sessions bounce_rate__numerator single_page_rate__numerator pages_per_session__count "
        "organic_sessions paid_sessions direct_sessions email_sessions mobile_sessions new_sessions "
        "returning_sessions cart_sessions cart_abandonment_rate__numerator purchase_sessions "
        "key_event_rate__numerator form_starts form_submissions",
        "web_revenue pages_per_session__sum transactions",
    ),
    (
        "people", "events__event_at", "sum(all_events)", "date", ("device", "country"),
        "all_events page_views scrolls item_views cart_adds checkouts downloads", "",
    ),
)  # fmt: skip
DEALS = {
    "orders_won": "nullif(count(*) filter (stage = 'won'), 0)",
    "win_rate__denominator": "nullif(count(*) filter (stage in ('won', 'lost')), 0)",
    "sales": "sum(amount) filter (stage = 'won')",
    "average_order_value__sum": "sum(amount) filter (stage = 'won')",
    "average_order_value__count": "nullif(count(amount) filter (stage = 'won'), 0)",
    "cycle_days__sum": "sum(cycle_days) filter (stage = 'won')",
    "cycle_days__count": "nullif(count(cycle_days) filter (stage = 'won'), 0)",
}
LEADS = {
    "leads": "count(*)",
    "paid_leads": "nullif(count(*) filter (lead_source = 'paid'), 0)",
    "lead_to_deal_rate__base": "count(*)",
    "lead_to_deal_rate__converted": "nullif(count(*) filter (is_converted), 0)",
}


def additive() -> list[str]:
    """Selects of (date, dimension, segment, measure, value), one a table and date of record."""
    found = []
    for table, entity, rows, time, dimensions, counts, sums in TABLES:
        told = {name: f"nullif(sum({name}), 0)" for name in counts.split()}
        told |= {name: f"sum({name})" for name in sums.split()}
        found.append(_by_dimension(table, time, dimensions, {f"{entity}__rows": rows, **told}))
    of_deals = ("team", "owner", "product", "industry")
    opened = {"deals__created_on__rows": "count(*)", "deals_opened": "count(*)"}
    found.append(_by_dimension("deals", "created_on", of_deals, opened))
    found.append(
        _by_dimension("deals", "closed_on", of_deals, {"deals__closed_on__rows": "count(*)", **DEALS})
    )
    leads = {"leads__created_on__rows": "count(*)", **LEADS}
    found.append(_by_dimension("leads", "created_on", ("team", "lead_source"), leads))
    new = {"accounts__registered_on__rows": "count(*)", "new_accounts": "count(*)"}
    found.append(_by_dimension("read_parquet($accounts)", "registered_on", ("industry",), new))
    return found


def _by_dimension(table: str, time: str, dimensions: Sequence[str], measures: dict[str, str]) -> str:
    names = " ".join(f"when grouping({name}) = 0 then '{name}'" for name in dimensions)
    segments = " ".join(f"when grouping({name}) = 0 then {name}" for name in dimensions)
    sets = ", ".join([f"({time})", *(f"({time}, {name})" for name in dimensions)])
    told = ", ".join(f"cast({sql} as decimal(38, 9)) as {name}" for name, sql in measures.items())
    return (
        f"unpivot (select {time} as date, case {names} else 'total' end as dimension, "
        f"case {segments} else 'total' end as segment, {told} from {table} group by grouping sets ({sets})) "
        "on columns(* exclude (date, dimension, segment)) into name measure value value"
    )


def anew(as_of: date) -> list[str]:
    """Selects of (grain, span, period_start, dimension, segment, unique_users, new_users, buyers), of each
    day, week and month and of the days that the running week and month are compared with."""
    day = timedelta(days=1)
    week, month = as_of - day * as_of.weekday(), as_of.replace(day=1)
    before, year_ago = (month - day).replace(day=1), month.replace(year=month.year - 1)
    elapsed = as_of - month
    of_month = _between(before, min(before + elapsed, month - day))
    spans = [
        ("day", "current", "date", "true"),
        ("week", "current", "cast(date_trunc('week', date) as date)", "true"),
        ("month", "current", "cast(date_trunc('month', date) as date)", "true"),
        ("week", "previous", f"date '{week}'", _between(week - day * 7, as_of - day * 7)),
        ("week", "previous_year", f"date '{week}'", _between(week - day * 364, as_of - day * 364)),
        ("month", "previous", f"date '{month}'", of_month),
        ("month", "previous_year", f"date '{month}'", _between(year_ago, year_ago + elapsed)),
    ]
    return [
        f"select '{grain}' as grain, '{span}' as span, period_start, '{dimension}' as dimension, segment, "
        "count(*) as unique_users, nullif(count(*) filter (is_new), 0) as new_users, "
        "nullif(count(*) filter (buys), 0) as buyers "
        f"from (select {period} as period_start, {column} as segment, visitor, bool_or(is_new) as is_new, "
        f"bool_or(buys) as buys from people where visitor is not null and {when} group by all) group by all"
        for grain, span, period, when in spans
        for dimension, column in (("total", "'total'"), ("device", "device"), ("country", "country"))
    ]


def _between(first: date, last: date) -> str:
    return f"date between date '{first}' and date '{last}'"
