{{ config(
    materialized='in_parts',
    part_column='ga_session_id',
    reads_by='ga_session_id',
    parts='main.ga4_session_parts',
    whole_in_parts=true,
    remembers={'started_on': 'cast(started_at as date)', 'ended_on': 'cast(ended_at as date)'},
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}
{{ parts_come_from('ga4_session_parts') }}

-- A session is all events of one visitor with one ga_session_id, dated by its first event: one that crosses midnight
-- stays one session. Its source is that of its first event that names one.
with

events as (

    select
        *,
        {{ ga4_position() }} as position
    from {{ ref('ga4_flat') }}
    where user_id is not null and ga_session_id is not null and {{ this_part() }}

),

purchases as (

    select
        user_id,
        ga_session_id,
        sum(revenue) as purchase_revenue,
        sum(transactions) as transactions
    from {{ ref('ga4_transactions') }}
    group by user_id, ga_session_id

),

sessions as (

    select
        user_id,
        ga_session_id,
        min(event_timestamp) as started,
        max(event_timestamp) as ended,
        min(session_number) as session_number,
        {{ first_known('page_location') }} as landing_location,
        {{ first_known('origin') }} as origin,
        {{ first_known('device_category') }} as device_category,
        {{ first_known('country') }} as country,
        sum(case when event_name in ('page_view', 'screen_view') then 1 else 0 end) as page_views,
        count(*) as events,
        coalesce(sum(engagement_msec), 0) as engagement_msec,
        max(case when session_engaged then 1 else 0 end) as engaged_events,
        max(case when event_name = 'add_to_cart' then 1 else 0 end) as cart_events,
        max(case when event_name = 'form_start' then 1 else 0 end) as form_start_events,
        max(case when event_name = 'form_submit' then 1 else 0 end) as form_submit_events,
        max(case when event_name = 'purchase' then 1 else 0 end) as purchase_events
    from events
    group by user_id, ga_session_id

),

-- Before any other join: a zone that comes out of one is looked up row by row, at five times the cost.
dated as (

    select
        sessions.*,
        {{ local_timestamp('sessions.started', 'settings') }} as started_at,
        {{ local_timestamp('sessions.ended', 'settings') }} as ended_at
    from sessions
    cross join {{ source('night', 'settings') }} as settings

),

-- Looked at once an origin, of which there are few: the rules of channel groups are regular expressions.
origins as (

    select
        origin,
        coalesce({{ ga4_origin_source('origin') }}, '(direct)') as source,
        case when origin is null then '(none)' else coalesce({{ ga4_origin_medium('origin') }}, '(not set)') end as medium,
        {{ ga4_origin_campaign('origin') }} as campaign
    from (select distinct origin from dated) as found

),

channels as (

    select
        *,
        {{ ga4_channel_group('lower(source)', 'lower(medium)', 'lower(campaign)') }} as channel_group
    from origins

)

select
    concat(sessions.user_id, '-', cast(sessions.ga_session_id as varchar)) as session_id,
    sessions.user_id,
    sessions.ga_session_id,
    sessions.started_at,
    sessions.ended_at,
    sessions.session_number,
    {{ ga4_page_path('sessions.landing_location') }} as landing_page,
    channels.source,
    channels.medium,
    channels.campaign,
    channels.channel_group,
    sessions.device_category,
    sessions.country,
    cast(sessions.page_views as bigint) as page_views,
    cast(sessions.events as bigint) as events,
    cast(sessions.engagement_msec as bigint) as engagement_msec,
    (
        sessions.engagement_msec >= 10000
        or sessions.page_views >= 2
        or sessions.engaged_events = 1
        or sessions.form_submit_events = 1
        or sessions.purchase_events = 1
    ) as is_engaged,
    (sessions.form_submit_events = 1 or sessions.purchase_events = 1) as has_key_event,
    sessions.cart_events = 1 as has_cart,
    sessions.form_start_events = 1 as has_form_start,
    sessions.form_submit_events = 1 as has_form_submit,
    sessions.purchase_events = 1 as has_purchase,
    cast(coalesce(purchases.purchase_revenue, 0) as decimal(18, 4)) as purchase_revenue,
    cast(coalesce(purchases.transactions, 0) as bigint) as transactions
from dated as sessions
inner join channels
    on sessions.origin is not distinct from channels.origin
left join purchases
    on
        sessions.user_id = purchases.user_id
        and sessions.ga_session_id = purchases.ga_session_id
