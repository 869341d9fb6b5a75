"""The bench's measures in SQL by hand; `by_hand` runs it.

One scan of the landed events keeps what the KPIs need of each. Sessions, and people by day, come from that,
and the measures from those two.
"""

from __future__ import annotations

# Of each event what is needed of it. Parameters are taken apart once; an event's content is only a hash.
EVENTS = """
create temp table events as
with taken as (
    select
        user_pseudo_id as visitor, event_timestamp as moment, event_name as name, device.category as device,
        nullif(geo.country, '') as country, collected_traffic_source as collected,
        case when event_name = 'purchase' then ecommerce end as bought,
        hash(event_params, ecommerce, items) as content, _line,
        list_transform(event_params, lambda param: param.key) as keys,
        list_transform(event_params, lambda param: param.value.string_value) as texts,
        list_transform(event_params, lambda param: param.value.int_value) as numbers
    from read_parquet($files)
),
looked_up as (
    select
        * exclude (keys, texts, numbers, bought, collected),
        numbers[list_position(keys, 'ga_session_id')] as session,
        numbers[list_position(keys, 'ga_session_number')] as session_number,
        numbers[list_position(keys, 'engagement_time_msec')] as msec,
        texts[list_position(keys, 'session_engaged')] = '1'
            or numbers[list_position(keys, 'session_engaged')] = 1
            or numbers[list_position(keys, 'engaged_session_event')] = 1 as engaged,
        case
            when collected.manual_source is not null
                then {'source': collected.manual_source, 'medium': collected.manual_medium,
                      'campaign': collected.manual_campaign_name}
            when texts[list_position(keys, 'source')] is not null
                then {'source': texts[list_position(keys, 'source')],
                      'medium': texts[list_position(keys, 'medium')],
                      'campaign': texts[list_position(keys, 'campaign')]}
            when coalesce(collected.gclid, texts[list_position(keys, 'gclid')]) is not null
                then {'source': 'google', 'medium': 'cpc',
                      'campaign': coalesce(
                          collected.manual_campaign_name, texts[list_position(keys, 'campaign')]
                      )}
        end as origin,
        nullif(nullif(bought.transaction_id, ''), '(not set)') as order_id,
        cast(bought.purchase_revenue as decimal(18, 4)) as revenue
    from taken
)
select * from looked_up
"""

# Copies of one event, exported twice.
COPIES = """
delete from events where rowid in (
    select row from (
        select rowid as row, row_number() over (
            partition by visitor, moment, name, content order by _line
        ) as copy
        from events
        where (moment, name) in (
            select (moment, name) from events group by visitor, moment, name having count(*) > 1
        )
    ) where copy > 1
)
"""

# A visitor's order counts once, in its first session.
ORDERS = """
create temp table orders as
select visitor, session, sum(revenue) as revenue, sum(orders) as orders
from (
    select
        visitor,
        arg_min(session, (moment, _line)) as session,
        case when order_id is null then sum(revenue) else arg_min(revenue, (moment, _line)) end as revenue,
        case when order_id is null then count(*) else 1 end as orders
    from events
    where name = 'purchase' and visitor is not null and session is not null
    group by visitor, order_id, case when order_id is null then session end
)
group by visitor, session
"""

SESSIONS = """
create temp table sessions as
with grouped as (
    select
        visitor, session,
        cast(timezone('Asia/Tokyo', make_timestamptz(min(moment))) as date) as date,
        min(session_number) as session_number,
        arg_min(origin, (moment, _line)) as origin,
        arg_min(device, (moment, _line)) as device,
        count(*) filter (name in ('page_view', 'screen_view')) as page_views,
        coalesce(sum(msec), 0) as msec,
        bool_or(engaged) as engaged,
        bool_or(name = 'add_to_cart') as cart,
        bool_or(name = 'form_start') as form_start,
        bool_or(name = 'form_submit') as form_submit,
        bool_or(name = 'purchase') as purchase
    from events
    where visitor is not null and session is not null
    group by visitor, session
)
select grouped.*, coalesce(orders.revenue, 0) as revenue, coalesce(orders.orders, 0) as orders
from grouped left join orders using (visitor, session)
"""

SESSION_DAYS = """
create temp table session_days as
with origins as (select distinct origin from sessions),
channels as (
    select
        origin,
        case
            when origin is null then 'Direct'
            when source = '(direct)' and medium in ('(none)', '(not set)') then 'Direct'
            when source in ('google', 'yahoo') and regexp_matches(medium, '^(.*cp.*|ppc|paid.*)$')
                then case when regexp_matches(campaign, '(^|[^a-df-z])shop|shopping') then 'Paid Shopping'
                          else 'Paid Search' end
            when regexp_matches(campaign, '(^|[^a-df-z])shop|shopping') then 'Organic Shopping'
            when source in ('instagram', 't.co') or medium = 'social' then 'Organic Social'
            when source in ('google', 'yahoo') or medium = 'organic' then 'Organic Search'
            when medium in ('referral', 'app', 'link') then 'Referral'
            when medium = 'email' or source = 'email' then 'Email'
            else 'Unassigned'
        end as channel,
        coalesce(nullif(origin.campaign, ''), '(none)') as campaign
    from (
        select origin, lower(origin.source) as source, lower(origin.medium) as medium,
            coalesce(lower(origin.campaign), '') as campaign
        from origins
    )
),
narrow as (
    select
        sessions.* exclude (origin, device), channels.channel, channels.campaign,
        coalesce(device, '(none)') as device,
        coalesce(msec >= 10000 or page_views >= 2 or engaged or form_submit or purchase, false) as is_engaged
    from sessions left join channels on channels.origin is not distinct from sessions.origin
)
select
    date, channel as channel_group, device, campaign, count(*) as visits, sum(revenue) as web_revenue,
    count(*) filter (is_engaged) as engaged_sessions,
    count(*) filter (not is_engaged) as bounce_rate__numerator,
    count(*) filter (page_views = 1) as single_page_rate__numerator,
    sum(page_views) as pages_per_session__sum, count(*) as pages_per_session__count,
    count(*) filter (channel = 'Organic Search') as organic_sessions,
    count(*) filter (channel in ('Paid Search', 'Paid Shopping', 'Paid Social')) as paid_sessions,
    count(*) filter (channel = 'Direct') as direct_sessions,
    count(*) filter (channel = 'Email') as email_sessions,
    count(*) filter (device = 'mobile') as mobile_sessions,
    count(*) filter (session_number = 1) as new_sessions,
    count(*) filter (session_number > 1) as returning_sessions,
    count(*) filter (cart) as cart_sessions,
    count(*) filter (cart and not purchase) as cart_abandonment_rate__numerator,
    count(*) filter (purchase) as purchase_sessions,
    count(*) filter (form_submit or purchase) as key_event_rate__numerator,
    count(*) filter (form_start) as form_starts, count(*) filter (form_submit) as form_submissions,
    sum(orders) as transactions
from narrow
group by date, channel, device, campaign
"""

# One row a visitor, day, device and country: counts of events add up from here, and people are counted here.
PEOPLE = """
create temp table people as
select
    visitor, cast(timezone('Asia/Tokyo', make_timestamptz(moment)) as date) as date,
    coalesce(device, '(none)') as device, coalesce(country, '(none)') as country, count(*) as all_events,
    count(*) filter (name = 'page_view') as page_views, count(*) filter (name = 'scroll') as scrolls,
    count(*) filter (name = 'view_item') as item_views, count(*) filter (name = 'add_to_cart') as cart_adds,
    count(*) filter (name = 'begin_checkout') as checkouts,
    count(*) filter (name = 'file_download') as downloads,
    bool_or(name = 'first_visit') as is_new, bool_or(name = 'purchase') as buys
from events
group by all
"""

DEALS = """
create temp table deals as
select
    deals.*, industry, date_diff('day', created_on, closed_on) as cycle_days
from read_parquet($deals) as deals left join read_parquet($accounts) using (account_id)
"""

LEADS = """
create temp table leads as
select
    leads.*,
    exists (
        from deals
        where deals.lead_id = leads.lead_id
            and deals.created_on between leads.created_on and leads.created_on + 60
    ) as is_converted
from read_parquet($leads) as leads
"""
