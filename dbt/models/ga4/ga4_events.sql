{{ config(
    materialized='table',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}

-- The one place that reads the raw export: everything about sessions comes from here. The relation is named again
-- wherever it is read: as a shared CTE it would be kept whole in memory, nested columns and all.
with

-- The export numbers no events. Rows that agree in property, visitor, moment and name are copies of one event
-- (an export read twice) where all of their content agrees too, else different events sent in one batch.
shared_identities as (

    select
        _source,
        coalesce(user_pseudo_id, '') as visitor,
        event_timestamp,
        event_name
    from {{ ref('stg_ga4__events') }}
    group by
        _source,
        coalesce(user_pseudo_id, ''),
        event_timestamp,
        event_name
    having count(*) > 1

),

shared_contents as (

    select
        exported._source,
        exported._file,
        exported._line,
        shared_identities.visitor,
        exported.event_timestamp,
        exported.event_name,
        md5(concat_ws(
            '|',
            cast(exported.event_params as varchar),
            cast(exported.ecommerce as varchar),
            cast(exported.items as varchar)
        )) as content
    from {{ ref('stg_ga4__events') }} as exported
    inner join shared_identities
        on
            exported._source = shared_identities._source
            and coalesce(exported.user_pseudo_id, '') = shared_identities.visitor
            and exported.event_timestamp = shared_identities.event_timestamp
            and exported.event_name = shared_identities.event_name

),

numbered as (

    select
        _source,
        _file,
        _line,
        dense_rank() over (
            partition by _source, visitor, event_timestamp, event_name
            order by content
        ) as event_number,
        row_number() over (
            partition by _source, visitor, event_timestamp, event_name, content
            order by _file, _line
        ) as copy_number
    from shared_contents

),

taken_apart as (

    select
        exported.*,
        numbered.event_number,
        {{ ga4_list('key') }} as param_keys,
        {{ ga4_list('value.string_value') }} as param_texts,
        {{ ga4_list('value.int_value') }} as param_integers
    from {{ ref('stg_ga4__events') }} as exported
    left join numbered
        on
            exported._source = numbered._source
            and exported._file = numbered._file
            and exported._line = numbered._line
    where coalesce(numbered.copy_number, 1) = 1

),

read_once as (

    select
        _source,
        user_pseudo_id,
        event_timestamp,
        event_name,
        event_number,
        device.category as device_category,
        geo.country,
        collected_traffic_source.manual_source as collected_source,
        collected_traffic_source.manual_medium as collected_medium,
        collected_traffic_source.manual_campaign_name as collected_campaign,
        collected_traffic_source.gclid as collected_gclid,
        nullif(nullif(ecommerce.transaction_id, ''), '(not set)') as transaction_id,
        ecommerce.purchase_revenue,
        _file,
        _line,
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
    concat_ws(
        '-',
        attributed._source,
        coalesce(attributed.user_pseudo_id, ''),
        cast(attributed.event_timestamp as varchar),
        attributed.event_name,
        case when attributed.event_number > 1 then cast(attributed.event_number as varchar) end
    ) as event_id,
    {{ local_timestamp('attributed.event_timestamp', 'settings.timezone') }} as event_at,
    cast({{ local_timestamp('attributed.event_timestamp', 'settings.timezone') }} as date) as event_date,
    attributed.event_name,
    attributed.user_pseudo_id as user_id,
    case
        when attributed.user_pseudo_id is not null and attributed.ga_session_id is not null
            then concat(attributed.user_pseudo_id, '-', cast(attributed.ga_session_id as varchar))
    end as session_id,
    attributed.page_location,
    case
        when attributed.page_location is null then null
        else coalesce(nullif(regexp_extract(attributed.page_location, '^[a-zA-Z]+://[^/?#]*([^?#]*)', 1), ''), '/')
    end as page_path,
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
    nullif(attributed.country, '') as country,
    attributed.engagement_msec,
    attributed.transaction_id,
    case
        when attributed.event_name = 'purchase' then cast(attributed.purchase_revenue as decimal(18, 4))
    end as purchase_revenue,
    attributed.session_number,
    coalesce(
        attributed.session_engaged_text = '1'
        or attributed.session_engaged_integer = 1
        or attributed.engaged_session_event = 1,
        false
    ) as session_engaged,
    attributed.event_timestamp,
    attributed._file,
    attributed._line
from attributed
cross join {{ source('night', 'settings') }} as settings
