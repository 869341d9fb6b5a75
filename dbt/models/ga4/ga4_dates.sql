{{ config(
    materialized='table',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
) }}

-- The days of which events and sessions were written again, by the column that dates them: what was added up by day
-- from them is out of date. Days that the as-of date has passed since the last night, or that were asked for, too.
with

dates as (

    select
        'ga4_flat' as model,
        'event_at' as time,
        event_on as date
    from {{ rewritten_rows(ref('ga4_flat')) }}
    union
    select
        'ga4_sessions' as model,
        'started_at' as time,
        started_on as date
    from {{ rewritten_rows(ref('ga4_sessions')) }}
    union
    select
        'ga4_sessions' as model,
        'ended_at' as time,
        ended_on as date
    from {{ rewritten_rows(ref('ga4_sessions')) }}

),

times as (

    select
        'ga4_flat' as model,
        'event_at' as time
    union all
    select
        'ga4_sessions' as model,
        'started_at' as time
    union all
    select
        'ga4_sessions' as model,
        'ended_at' as time

),

numbered as (

    select
        model,
        time,
        date,
        row_number() over (partition by model, time order by date) as place
    from dates
    where date is not null

),

ranges as (

    select
        model,
        time,
        min(date) as first_date,
        max(date) as last_date
    from numbered
    group by model, time, {{ add_days('date', '-place') }}
    union all
    select
        times.model,
        times.time,
        asked.first_date,
        asked.last_date
    from times
    cross join {{ source('night', 'rebuilt_dates') }} as asked

)

select
    model,
    time,
    1 as batch,
    concat('date ''', cast(first_date as varchar), '''') as lower,
    concat('date ''', cast({{ add_days('last_date', '1') }} as varchar), '''') as upper
from ranges
union all
-- Rows without a date are before all others.
select
    model,
    time,
    1 as batch,
    cast(null as varchar) as lower,
    'date ''0001-01-01''' as upper
from dates
where date is null
