"""The SQL of the bench's events: sessions, their events one a row, and the nested record of the export.

Everything about a session follows from (seed, day, number of the session in its day), so a single day can
be made alone and is the same as in a long history. Sessions cross midnight, a visitor comes back on later
days, a page that is loaded again sends its purchase again, events of one batch share their moment, and some
rows are exported twice.
"""

from __future__ import annotations

SOURCES = (
    # source, medium, campaign, weight in percent
    ("", "", "", 22),
    ("google", "organic", "", 34),
    ("yahoo", "organic", "", 8),
    ("google", "cpc", "brand_search", 8),
    ("google", "cpc", "shop_season_sale", 7),
    ("yahoo", "cpc", "yahoo_brand", 5),
    ("newsletter", "email", "newsletter_shop", 6),
    ("t.co", "referral", "", 4),
    ("instagram", "social", "spring_post", 3),
    ("partner.example", "referral", "", 3),
)
SITE = "https://www.bench.example"
PAGES = 40
ITEMS = 60


def _weighted(value: str, column: int) -> str:
    """A case expression that draws column `column` of SOURCES by `value`, a number of 0 .. 99."""
    limit, branches = 0, []
    for row in SOURCES:
        limit += int(row[3])
        branches.append(f"when {value} < {limit} then '{row[column]}'")
    return f"case {' '.join(branches)} end"


def _draw(salt: str, below: int, *columns: str) -> str:
    given = ", ".join(columns or ("day", "number"))
    return f"cast(hash($seed, '{salt}', {given}) % {below} as bigint)"


# One row a session. `late` sessions begin minutes before midnight.
_SESSIONS = f"""
with days as (
    select
        cast(day as date) as day,
        cast($a_day
            * (case when isodow(day) >= 6 then 0.72 else 1.112 end)
            * (0.8 + 0.4 * date_diff('day', $first, cast(day as date)) / $length) as bigint) as sessions
    from range($from_day - interval 1 day, $to_day + interval 1 day, interval 1 day) as given(day)
),
numbered as (select day, sessions, unnest(range(sessions)) as number from days),
drawn as (
    select
        day, number,
        {_draw("again", 100)} < 38 as comes_again,
        1 + {_draw("ago", 45)} as days_ago,
        {_draw("who", 1_000_000_000)} % sessions as earlier,
        {_draw("kind", 100)} as kind,
        {_draw("source", 100)} as came_by,
        {_draw("second", 86_400)} as drawn_second,
        {_draw("late", 1000)} < 15 as late,
        {_draw("micros", 1_000_000)} as micros,
        {_draw("pace", 40)} as pace,
        {_draw("length", 5)} as length,
        {_draw("denied", 200)} = 0 as is_denied,
        {_draw("resend", 20)} = 0 as resends,
        {_draw("batch", 8)} = 0 as in_batch,
        {_draw("engaged", 10)} as engagement,
        {_draw("visits", 9)} as visits
    from numbered
),
visitors as (
    select
        *,
        case when comes_again then day - cast(days_ago as integer) else day end as first_day,
        case when comes_again then earlier else number end as first_number,
        case when late then 86_400 - 5 - drawn_second % 300
             else cast(25_000 + 0.65 * drawn_second as bigint) end as second
    from drawn
)
select
    day,
    number,
    pace,
    came_by,
    is_denied,
    case when is_denied then null
         else concat(100_000_000 + {_draw("visitor", 1_900_000_000, "first_day", "first_number")},
                     '.', epoch(first_day)) end as user_pseudo_id,
    {_draw("device", 100, "first_day", "first_number")} as device,
    {_draw("country", 100, "first_day", "first_number")} as country,
    (cast(epoch(day) as bigint) - 32_400 + second) * 1_000_000 + micros as started_micros,
    case when comes_again then 2 + visits else 1 end as session_number,
    kind >= 40 or engagement = 0 as is_engaged,
    case when comes_again then [] else ['first_visit'] end
    || ['session_start', 'page_view']
    || case
        when kind < 40 then case when engagement < 4 then ['scroll'] else [] end
        when kind < 72 then
            list_transform(range(2 + length), lambda page: 'page_view') || ['scroll', 'user_engagement']
        when kind < 94 then
            ['page_view', 'view_item'] || case when in_batch then ['view_item_2'] else [] end
            || ['page_view', 'view_item', 'user_engagement']
            || case when kind >= 80 then ['add_to_cart', 'page_view'] else [] end
            || case when kind >= 86 then ['begin_checkout'] else [] end
            || case when kind >= 89 then ['page_view', 'purchase'] else [] end
            || case when kind >= 89 and resends then ['purchase_2'] else [] end
        else
            ['page_view', 'form_start', 'scroll'] || case when kind >= 96 then ['form_submit'] else [] end
            || case when length = 0 then ['file_download'] else [] end
    end as steps
from visitors
"""

# One row an event, still flat; `copies`: a row that the export holds twice.
STEPS = f"""
with sessions as ({_SESSIONS}),
taken as (
    select * exclude (steps), unnest(steps) as step, generate_subscripts(steps, 1) as position,
        case when session_number = 1 then 3 else 2 end as opening
    from sessions
),
timed as (
    select
        *,
        -- what opens a session is sent in one batch, and so is the second item of a list
        case when step in ('first_visit', 'session_start') or position <= opening then 0
             when step = 'view_item_2' then (position - 1) * (9 + pace)
             else position * (9 + pace) end as after_seconds,
        -- a list that is looked at tells its items as one event each
        regexp_replace(step, '_2$', '') as event_name,
        {_draw("page", PAGES, "day", "number", "position")} as page,
        {_draw("item", ITEMS, "day", "number", "position")} as item,
        {_draw("copies", 500, "day", "number", "position")} = 0 as is_copied
    from taken
),
dated as (
    select
        *,
        started_micros + after_seconds * 1_000_000 as event_timestamp,
        cast(make_timestamp(started_micros + after_seconds * 1_000_000 + 32_400_000_000) as date) as event_on
    from timed
),
copied as (select *, unnest(case when is_copied then [1, 2] else [1] end) as copy from dated)
select *, row_number() over (partition by event_on order by day, number, position, copy) as line
from copied
where event_on between $from_day and $to_day and (event_on < $late_from or number % 12 > 0)
order by event_on, line
"""


def _text(key: str, value: str, when: str = "true") -> str:
    return _param(key, f"{value}", "null", "null", when)


def _integer(key: str, value: str, when: str = "true") -> str:
    return _param(key, "null", f"{value}", "null", when)


def _param(key: str, text: str, integer: str, double: str, when: str) -> str:
    pair = (
        f"{{'key': '{key}', 'value': {{'string_value': cast({text} as varchar), "
        f"'int_value': cast({integer} as bigint), 'float_value': cast(null as double), "
        f"'double_value': cast({double} as double)}}}}"
    )
    return pair if when == "true" else f"case when {when} then {pair} end"


_SOURCE, _MEDIUM, _CAMPAIGN = (_weighted("came_by", column) for column in range(3))
_IS_LANDING = "position <= opening and event_name <> 'first_visit'"
_PRICE = "(800 + (item * 7919) % 29_000)"
_QUANTITY = "(1 + item % 3)"
_PARAMS = ", ".join(
    (
        _integer("ga_session_id", "started_micros // 1_000_000", "not is_denied"),
        _integer("ga_session_number", "session_number", "not is_denied"),
        _text("page_location", f"concat('{SITE}/', page_group, '/', page, '?utm=', page)"),
        _text("page_title", "concat('ページ ', page)"),
        _text(
            "page_referrer",
            f"case when {_IS_LANDING} then concat('https://www.', source, '/') "
            f"else concat('{SITE}/', page_group, '/', item) end",
            f"not ({_IS_LANDING}) or source <> ''",
        ),
        _integer("batch_page_id", "started_micros // 1000 + position"),
        _integer("batch_ordering_id", "position"),
        _integer("ignore_referrer", "0", "page % 4 = 0"),
        _text("session_engaged", "case when is_engaged and position > opening then '1' else '0' end"),
        _integer("engaged_session_event", "1", "is_engaged and position > opening"),
        _integer("engagement_time_msec", "1000 + (page * 977 + item * 131) % 24_000", "position > opening"),
        _integer("entrances", "1", _IS_LANDING),
        _integer("percent_scrolled", "90", "event_name = 'scroll'"),
        _text("source", "source", f"{_IS_LANDING} and source <> ''"),
        _text("medium", "medium", f"{_IS_LANDING} and source <> ''"),
        _text("campaign", "campaign", f"{_IS_LANDING} and campaign <> ''"),
        _text("currency", "'JPY'", "event_name in ('add_to_cart', 'begin_checkout', 'purchase')"),
        _param("value", "null", "null", f"{_PRICE} * {_QUANTITY}", "event_name = 'purchase'"),
    )
)

# The nested record of the export, in the types of dagster_project/landing/ga4.py.
RECORD = f"""
select
    strftime(event_on, '%Y%m%d') as event_date,
    event_timestamp,
    event_name,
    user_pseudo_id,
    cast(null as varchar) as user_id,
    'WEB' as platform,
    list_filter([{_PARAMS}], lambda param: param is not null) as event_params,
    {{'category': case when device < 55 then 'mobile' when device < 95 then 'desktop' else 'tablet' end,
      'operating_system': case when device < 30 then 'iOS' when device < 55 then 'Android' else 'Windows' end,
      'language': case when country < 93 then 'ja-jp' else 'en-us' end,
      'web_info': {{'browser': case when device < 30 then 'Safari' else 'Chrome' end}}}} as device,
    {{'country': case when country < 93 then 'Japan' when country < 96 then 'United States'
                      when country < 98 then 'Taiwan' when country < 99 then 'Singapore' else '' end,
      'region': case when country < 93 then 'Tokyo' else '' end,
      'city': case when country < 50 then 'Shinjuku' else '' end}} as geo,
    {{'source': coalesce(nullif(source, ''), '(direct)'), 'medium': coalesce(nullif(medium, ''), '(none)'),
      'name': coalesce(nullif(campaign, ''), '(direct)')}} as traffic_source,
    case when {_IS_LANDING} and source <> '' then
        {{'manual_source': source, 'manual_medium': medium, 'manual_campaign_name': nullif(campaign, ''),
          'gclid': case when medium = 'cpc' and source = 'google' then 'synthetic-gclid' end}}
    end as collected_traffic_source,
    case when event_name = 'purchase' then
        {{'transaction_id': case when number % 50 = 0 then '(not set)'
                                 else concat('T', strftime(day, '%Y%m%d'), '-', number) end,
          'purchase_revenue': cast({_PRICE} * {_QUANTITY} as double),
          'total_item_quantity': cast({_QUANTITY} as bigint)}}
    end as ecommerce,
    case when event_name in ('view_item', 'add_to_cart', 'begin_checkout', 'purchase') then
        [{{'item_id': concat('SKU-', item), 'item_name': concat('商品 ', item),
           'item_category': concat('category-', item % 7), 'price': cast({_PRICE} as double),
           'quantity': cast({_QUANTITY} as bigint)}}]
    else [] end as items,
    event_on,
    line
from (
    select
        * replace (
            -- a purchase that is sent again is the same one
            case when step = 'purchase_2' then {_draw("item", ITEMS, "day", "number", "position - 1")}
                else item end as item
        ),
        {_SOURCE} as source,
        {_MEDIUM} as medium,
        {_CAMPAIGN} as campaign,
        case when event_name in ('view_item', 'add_to_cart', 'begin_checkout', 'purchase') then 'shop'
             when event_name like 'form%' then 'contact' else 'articles' end as page_group
    from steps
)
"""

# What landing adds to a row.
LANDED = """
    line + 1 as _line,
    concat('ga4/events_', event_date, '.parquet') as _file,
    strptime(event_date, '%Y%m%d') as version,
    cast(null as varchar) as _reason
"""
