{{ config(
    materialized='view',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}

select
    concat_ws(
        '-',
        _source,
        coalesce(user_id, ''),
        cast(event_timestamp as varchar),
        event_name,
        case when event_number > 1 then cast(event_number as varchar) end
    ) as event_id,
    event_at,
    cast(event_at as date) as event_date,
    event_name,
    user_id,
    case
        when user_id is not null and ga_session_id is not null
            then concat(user_id, '-', cast(ga_session_id as varchar))
    end as session_id,
    page_location,
    {{ ga4_page_path('page_location') }} as page_path,
    page_title,
    page_referrer,
    {{ ga4_origin_source('origin') }} as source,
    {{ ga4_origin_medium('origin') }} as medium,
    {{ ga4_origin_campaign('origin') }} as campaign,
    device_category,
    country,
    engagement_msec,
    transaction_id,
    purchase_revenue,
    session_number,
    session_engaged,
    event_timestamp,
    _file,
    _line
from {{ ref('ga4_flat') }}
