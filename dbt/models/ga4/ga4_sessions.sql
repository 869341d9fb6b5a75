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
        min_by(page_location, case when page_location is not null then position end) as landing_location,
        min_by(source, case when source is not null then position end) as source,
        min_by(coalesce(medium, '(not set)'), case when source is not null then position end) as medium,
        min_by(coalesce(campaign, ''), case when source is not null then position end) as campaign,
        min_by(device_category, case when device_category is not null then position end) as device_category,
        min_by(country, case when country is not null then position end) as country,
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

attributed as (

    select
        *,
        coalesce(source, '(direct)') as session_source,
        case when source is null then '(none)' else medium end as session_medium,
        nullif(campaign, '') as session_campaign
    from sessions

),

-- Its rules are regular expressions: looked at once an origin, of which there are few.
origins as (

    select distinct
        session_source,
        session_medium,
        session_campaign
    from attributed

),

channels as (

    select
        session_source,
        session_medium,
        session_campaign,
        {{ ga4_channel_group('lower(session_source)', 'lower(session_medium)', 'lower(session_campaign)') }}
            as channel_group
    from origins

)

select
    concat(attributed.user_id, '-', cast(attributed.ga_session_id as varchar)) as session_id,
    attributed.user_id,
    attributed.ga_session_id,
    {{ local_timestamp('attributed.started', 'settings.timezone') }} as started_at,
    {{ local_timestamp('attributed.ended', 'settings.timezone') }} as ended_at,
    attributed.session_number,
    {{ ga4_page_path('attributed.landing_location') }} as landing_page,
    attributed.session_source as source,
    attributed.session_medium as medium,
    attributed.session_campaign as campaign,
    channels.channel_group,
    attributed.device_category,
    attributed.country,
    cast(attributed.page_views as bigint) as page_views,
    cast(attributed.events as bigint) as events,
    cast(attributed.engagement_msec as bigint) as engagement_msec,
    (
        attributed.engagement_msec >= 10000
        or attributed.page_views >= 2
        or attributed.engaged_events = 1
        or attributed.form_submit_events = 1
        or attributed.purchase_events = 1
    ) as is_engaged,
    (attributed.form_submit_events = 1 or attributed.purchase_events = 1) as has_key_event,
    attributed.cart_events = 1 as has_cart,
    attributed.form_start_events = 1 as has_form_start,
    attributed.form_submit_events = 1 as has_form_submit,
    attributed.purchase_events = 1 as has_purchase,
    cast(coalesce(purchases.purchase_revenue, 0) as decimal(18, 4)) as purchase_revenue,
    cast(coalesce(purchases.transactions, 0) as bigint) as transactions
from attributed
cross join {{ source('night', 'settings') }} as settings
left join channels
    on
        attributed.session_source = channels.session_source
        and attributed.session_medium = channels.session_medium
        and attributed.session_campaign is not distinct from channels.session_campaign
left join purchases
    on
        attributed.user_id = purchases.user_id
        and attributed.ga_session_id = purchases.ga_session_id
