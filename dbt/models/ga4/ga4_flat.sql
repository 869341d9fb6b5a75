{{ config(
    materialized='in_parts',
    part_column='event_timestamp',
    reads_by='event_timestamp',
    parts='night.event_parts',
    whole_in_parts=true,
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
        {{ row_hash(['_source', 'user_pseudo_id', 'event_timestamp', 'event_name']) }} as identity,
        {{ row_hash(['event_params', 'ecommerce', 'items']) }} as content,
        {{ ga4_list('key') }} as param_keys,
        {{ ga4_list('value.string_value') }} as param_texts,
        {{ ga4_list('value.int_value') }} as param_integers
    from {{ ref('stg_ga4__events') }}
    -- Copies of one event agree in their moment: they are in one part.
    where {{ this_part() }}

),

read_once as (

    select
        _source,
        _file,
        _line,
        identity,
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
        {{ ga4_param('param_integers', 'ga_session_id') }} as ga_session_id,
        {{ ga4_param('param_integers', 'ga_session_number') }} as session_number,
        {{ ga4_param('param_integers', 'engagement_time_msec') }} as engagement_msec,
        {{ ga4_param('param_texts', 'session_engaged') }} as session_engaged_text,
        {{ ga4_param('param_integers', 'session_engaged') }} as session_engaged_integer,
        {{ ga4_param('param_integers', 'engaged_session_event') }} as engaged_session_event,
        {{ ga4_param('param_texts', 'page_location') }} as page_location,
        {{ ga4_param('param_texts', 'page_title') }} as page_title,
        {{ ga4_param('param_texts', 'page_referrer') }} as page_referrer,
        {{ ga4_param('param_texts', 'source') }} as param_source,
        {{ ga4_param('param_texts', 'medium') }} as param_medium,
        {{ ga4_param('param_texts', 'campaign') }} as param_campaign,
        {{ ga4_param('param_texts', 'gclid') }} as param_gclid
    from taken_apart

),

-- The export numbers no events. Rows that agree in property, visitor, moment and name are copies of one event
-- (an export read twice) where all of their content agrees too, else different events sent in one batch.
shared as (

    select identity
    from read_once
    group by identity
    having count(*) > 1

),

numbered as (

    select
        read_once._source,
        read_once._file,
        read_once._line,
        dense_rank() over (
            partition by read_once._source, read_once.user_id, read_once.event_timestamp, read_once.event_name
            order by read_once.content
        ) as event_number,
        row_number() over (
            partition by
                read_once._source, read_once.user_id, read_once.event_timestamp, read_once.event_name, read_once.content
            order by read_once._file, read_once._line
        ) as copy_number
    from read_once
    inner join shared
        on read_once.identity = shared.identity

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
    numbered.event_number,
    {{ local_timestamp('attributed.event_timestamp', 'settings.timezone') }} as event_at,
    attributed.page_location,
    attributed.page_title,
    attributed.page_referrer,
    case attributed.attribution
        when 'collected' then attributed.collected_source
        when 'param' then attributed.param_source
        when 'google_ads' then 'google'
    end as source,
    case attributed.attribution
        when 'collected' then attributed.collected_medium
        when 'param' then attributed.param_medium
        when 'google_ads' then 'cpc'
    end as medium,
    case attributed.attribution
        when 'collected' then attributed.collected_campaign
        when 'param' then attributed.param_campaign
        when 'google_ads' then coalesce(attributed.collected_campaign, attributed.param_campaign)
    end as campaign,
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
    attributed._file,
    attributed._line
from attributed
cross join {{ source('night', 'settings') }} as settings
left join numbered
    on
        attributed._source = numbered._source
        and attributed._file = numbered._file
        and attributed._line = numbered._line
where coalesce(numbered.copy_number, 1) = 1
