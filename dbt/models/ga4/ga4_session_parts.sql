{{ config(
    materialized='table',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
) }}

-- The sessions that are written again, by the hour that their id names: those of events that were written again, and
-- those that a transaction of theirs may now belong to, or no longer. Where all are, so many at a time as fit into
-- memory. Hours, not days: of the day before one that changed only the evening's sessions go on into it.
with

rewritten as (

    select
        session_hour,
        buyer,
        transaction_id
    from {{ rewritten_rows(ref('ga4_flat')) }}

),

changed as (

    select greatest(session_hour, 0) as session_hour
    from rewritten
    where session_hour is not null
    union
    select greatest(purchases.ga_session_id // 3600, 0) as session_hour
    from {{ ref('ga4_purchases') }} as purchases
    inner join rewritten
        on
            purchases.user_id = rewritten.buyer
            and purchases.transaction_id = rewritten.transaction_id

),

numbered as (

    select
        session_hour,
        row_number() over (order by session_hour) as number
    from changed

),

-- hours that follow one another are one range
ranges as (

    select
        number // 480 as batch,
        min(session_hour) as first_hour,
        max(session_hour) as last_hour
    from numbered
    group by number // 480, session_hour - number

),

counted as (

    select
        ga_session_id // 86400 as session_day,
        count(*) as events
    from {{ ref('ga4_flat') }}
    where
        user_id is not null
        and ga_session_id is not null
        and exists (
            select 1 from {{ source('night', 'rebuilt') }}
            where model in ('*', 'ga4_sessions')
        )
    group by ga_session_id // 86400

),

batched as (

    select
        session_day,
        cast(sum(events) over (order by session_day) as bigint) // 1000000 as batch
    from counted

),

whole as (

    select
        batch,
        min(session_day) as first_day
    from batched
    group by batch

)

select
    batch,
    case when first_hour > 0 then cast(first_hour * 3600 as varchar) end as lower,
    cast((last_hour + 1) * 3600 as varchar) as upper
from ranges
where not exists (select 1 from whole)
union all
select
    batch,
    case when batch > min(batch) over () then cast(first_day * 86400 as varchar) end as lower,
    cast(lead(first_day) over (order by batch) * 86400 as varchar) as upper
from whole
