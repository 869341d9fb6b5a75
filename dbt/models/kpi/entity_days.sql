with first_days as (
    select
        source,
        min(date) as first_day
    from {{ source('night', 'source_days') }}
    group by source
),

bounds as (
    select
        entity_times.entity,
        entity_times.time,
        -- Before the first day of any one source the whole is not known, unless the definition says from when it is.
        coalesce(max(entity_times.starts_on), max(first_days.first_day), max(run.as_of)) as starts_on
    from {{ source('definitions', 'entity_times') }} as entity_times
    cross join {{ source('night', 'run') }} as run
    left join first_days
        on first_days.source = entity_times.source
    group by entity_times.entity, entity_times.time
),

days as (
    select
        bounds.entity,
        bounds.time,
        dim_date.date,
        entity_times.source
    from bounds
    cross join {{ source('night', 'run') }} as run
    inner join {{ ref('dim_date') }} as dim_date
        on dim_date.date between bounds.starts_on and run.as_of
    inner join {{ source('definitions', 'entity_times') }} as entity_times
        on
            entity_times.entity = bounds.entity
            and entity_times.time = bounds.time
),

states as (
    select
        days.entity,
        days.time,
        days.date,
        case
            when source_days.source is not null then {{ severity('source_days.status') }}
            -- Declared as covered before the source itself begins.
            when days.date < first_days.first_day then 1
            else 5
        end as severity,
        case
            when source_days.source is not null then source_days.is_known
            else days.date < first_days.first_day
        end as is_known,
        source_days.reason
    from days
    left join {{ source('night', 'source_days') }} as source_days
        on
            source_days.source = days.source
            and source_days.date = days.date
    left join first_days
        on first_days.source = days.source
)

select
    entity,
    time,
    date,
    max(severity) as severity,
    min(case when is_known then 1 else 0 end) = 1 as is_known,
    max(reason) as reason
from states
group by entity, time, date
