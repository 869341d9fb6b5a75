{{ config(
    materialized='table',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
) }}

-- The sessions that are written again, by the day that their id names: those of events that were written again, and
-- those that a transaction of theirs may now belong to, or no longer. Where all are, so many at a time as fit into
-- memory.
with

rewritten as (

    select
        session_day,
        buyer,
        transaction_id
    from {{ rewritten_rows(ref('ga4_flat')) }}

),

changed as (

    select session_day
    from rewritten
    where session_day is not null
    union
    select purchases.ga_session_id // 86400 as session_day
    from {{ ref('ga4_flat') }} as purchases
    inner join rewritten
        on
            purchases.user_id = rewritten.buyer
            and purchases.transaction_id = rewritten.transaction_id
    where purchases.event_name = 'purchase' and purchases.ga_session_id is not null

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
    row_number() over (order by session_day) // 20 as batch,
    case when session_day > 0 then cast(session_day * 86400 as varchar) end as lower,
    cast((session_day + 1) * 86400 as varchar) as upper
from changed
where not exists (select 1 from whole)
union all
select
    batch,
    case when batch > min(batch) over () then cast(first_day * 86400 as varchar) end as lower,
    cast(lead(first_day) over (order by batch) * 86400 as varchar) as upper
from whole
