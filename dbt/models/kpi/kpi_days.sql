with places as (
    select distinct
        operands.kpi,
        measures.entity,
        measures.time
    from {{ source('definitions', 'operands') }} as operands
    inner join {{ source('definitions', 'measures') }} as measures
        on measures.measure = operands.measure
),

first_days as (
    select
        entity,
        time,
        min(date) as starts_on
    from {{ ref('entity_days') }}
    group by entity, time
),

starts as (
    -- A KPI is known from the day on which all of its sides are.
    select
        places.kpi,
        max(first_days.starts_on) as starts_on
    from places
    inner join first_days
        on
            first_days.entity = places.entity
            and first_days.time = places.time
    group by places.kpi
)

select
    places.kpi,
    days.date,
    max(days.severity) as severity,
    min(case when days.is_known then 1 else 0 end) = 1 as is_known,
    max(days.reason) as reason
from places
inner join starts
    on starts.kpi = places.kpi
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = places.kpi
inner join {{ ref('entity_days') }} as days
    on
        days.entity = places.entity
        and days.time = places.time
        and days.date >= starts.starts_on
where
    (kpis.valid_from is null or days.date >= kpis.valid_from)
    and (kpis.retired_on is null or days.date < kpis.retired_on)
group by places.kpi, days.date
