{{ config(
    materialized='in_parts',
    part_column='event_timestamp',
    reads_by='event_timestamp',
    parts='night.event_parts',
    files='night.event_files',
    whole_in_parts=true,
    settled_by='ga4_without_copies',
    remembers={
        'session_day': 'ga_session_id // 86400',
        'event_on': 'cast(event_at as date)',
        'buyer': "case when event_name = 'purchase' then user_id end",
        'transaction_id': "case when event_name = 'purchase' then transaction_id end",
    },
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}

-- The one place that reads the raw export, and reads it once. What can be worked out from these columns (ids, paths)
-- is left to ga4_events, a view: written once a row it is dear.
with

taken_apart as (

    select
        *,
        {{ row_hash(['event_params', 'ecommerce', 'items']) }} as content,
        {{ ga4_keys() }} as param_keys,
        {{ ga4_values('string_value') }} as param_texts,
        {{ ga4_values('int_value') }} as param_integers
    from {{ ref('stg_ga4__events') }}
    where {{ this_part() }}

),

read_once as (

    select
        _source,
        _file,
        _line,
        content,
        event_timestamp,
        event_name,
        user_pseudo_id as user_id,
        device.category as device_category,
        nullif(geo.country, '') as country,
        collected_traffic_source.manual_source as collected_source,
        collected_traffic_source.manual_medium as collected_medium,
        collected_traffic_source.manual_campaign_name as collected_campaign,
        collected_traffic_source.gclid as collected_gclid,
        nullif(nullif(ecommerce.transaction_id, ''), '(not set)') as transaction_id,
        case
            when event_name = 'purchase' then cast(ecommerce.purchase_revenue as decimal(18, 4))
        end as purchase_revenue,
        {{ ga4_integer('ga_session_id') }} as ga_session_id,
        {{ ga4_integer('ga_session_number') }} as session_number,
        {{ ga4_integer('engagement_time_msec') }} as engagement_msec,
        {{ ga4_text('session_engaged') }} as session_engaged_text,
        {{ ga4_integer('session_engaged') }} as session_engaged_integer,
        {{ ga4_integer('engaged_session_event') }} as engaged_session_event,
        {{ ga4_text('page_location') }} as page_location,
        {{ ga4_text('page_title') }} as page_title,
        {{ ga4_text('page_referrer') }} as page_referrer,
        {{ ga4_text('source') }} as param_source,
        {{ ga4_text('medium') }} as param_medium,
        {{ ga4_text('campaign') }} as param_campaign,
        {{ ga4_text('gclid') }} as param_gclid
    from taken_apart

),

attributed as (

    select
        *,
        -- source, medium and campaign belong together: all from one place, never mixed
        case
            when collected_source is not null then 'collected'
            when param_source is not null then 'param'
            when coalesce(collected_gclid, param_gclid) is not null then 'google_ads'
        end as attribution
    from read_once

)

select
    attributed._source,
    attributed.user_id,
    attributed.ga_session_id,
    attributed.event_timestamp,
    attributed.event_name,
    cast(null as bigint) as event_number,
    {{ local_timestamp('attributed.event_timestamp', 'settings.timezone') }} as event_at,
    attributed.page_location,
    attributed.page_title,
    attributed.page_referrer,
    case attributed.attribution
        when 'collected' then {{ ga4_origin('collected_source', 'collected_medium', 'collected_campaign') }}
        when 'param' then {{ ga4_origin('param_source', 'param_medium', 'param_campaign') }}
        when 'google_ads' then {{ ga4_origin("'google'", "'cpc'", 'coalesce(collected_campaign, param_campaign)') }}
    end as origin,
    attributed.device_category,
    attributed.country,
    attributed.engagement_msec,
    attributed.transaction_id,
    attributed.purchase_revenue,
    attributed.session_number,
    coalesce(
        attributed.session_engaged_text = '1'
        or attributed.session_engaged_integer = 1
        or attributed.engaged_session_event = 1,
        false
    ) as session_engaged,
    attributed.content,
    attributed._file,
    attributed._line
from attributed
cross join {{ source('night', 'settings') }} as settings
