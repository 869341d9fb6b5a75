{{ config(
    materialized='in_parts',
    part_column='event_timestamp',
    reads_by='event_timestamp',
    parts='night.event_parts',
    files='night.event_files',
    whole_in_parts=true,
    settled_by='ga4_without_copies',
    remembers={
        'session_hour': 'ga_session_id // 3600',
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
        -- Source, medium and campaign belong together: all from one place, never mixed. What is not asked for in a
        -- branch is not looked up.
        case
            when collected_traffic_source.manual_source is not null
                then
                    {{ ga4_origin(
                        'collected_traffic_source.manual_source',
                        'collected_traffic_source.manual_medium',
                        'collected_traffic_source.manual_campaign_name',
                    ) }}
            when {{ ga4_text('source') }} is not null
                then {{ ga4_origin(ga4_text('source'), ga4_text('medium'), ga4_text('campaign')) }}
            when coalesce(collected_traffic_source.gclid, {{ ga4_text('gclid') }}) is not null
                then
                    {{ ga4_origin(
                        "'google'",
                        "'cpc'",
                        'coalesce(collected_traffic_source.manual_campaign_name, ' ~ ga4_text('campaign') ~ ')',
                    ) }}
        end as origin,
        nullif(nullif(ecommerce.transaction_id, ''), '(not set)') as transaction_id,
        case
            when event_name = 'purchase' then cast(ecommerce.purchase_revenue as decimal(18, 4))
        end as purchase_revenue,
        {{ ga4_integer('ga_session_id') }} as ga_session_id,
        {{ ga4_integer('ga_session_number') }} as session_number,
        {{ ga4_integer('engagement_time_msec') }} as engagement_msec,
        coalesce(
            {{ ga4_text('session_engaged') }} = '1'
            or {{ ga4_integer('session_engaged') }} = 1
            or {{ ga4_integer('engaged_session_event') }} = 1,
            false
        ) as session_engaged,
        case when keeps_page_location then {{ ga4_text('page_location') }} end as page_location,
        case when keeps_page_title then {{ ga4_text('page_title') }} end as page_title,
        case when keeps_page_referrer then {{ ga4_text('page_referrer') }} end as page_referrer
    from taken_apart

)

select
    read_once._source,
    read_once.user_id,
    read_once.ga_session_id,
    read_once.event_timestamp,
    read_once.event_name,
    cast(null as bigint) as event_number,
    {{ local_timestamp('read_once.event_timestamp', 'settings') }} as event_at,
    read_once.page_location,
    read_once.page_title,
    read_once.page_referrer,
    read_once.origin,
    read_once.device_category,
    read_once.country,
    read_once.engagement_msec,
    read_once.transaction_id,
    read_once.purchase_revenue,
    read_once.session_number,
    read_once.session_engaged,
    read_once.content,
    read_once._file,
    read_once._line
from read_once
cross join {{ source('night', 'settings') }} as settings
