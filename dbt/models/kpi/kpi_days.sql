-- What is known of each KPI on each day: the worst of the places that it is measured at.
with first_days as (
    select
        entity,
        time,
        min(date) as starts_on,
        max(case when is_known then date end) as known_through
    from {{ ref('entity_days') }}
    group by entity, time
),

places as (
    select
        kpi_places.*,
        first_days.starts_on,
        first_days.known_through
    from {{ source('definitions', 'kpi_places') }} as kpi_places
    inner join first_days
        on
            first_days.entity = kpi_places.entity
            and first_days.time = kpi_places.time
),

starts as (
    -- A KPI is known from the day on which all of its sides are. What a cohort came to before the data begin
    -- is not known either, unless its value is provisional anyway.
    select
        kpi,
        max(starts_on) as starts_on
    from places
    where ripens is null or ripens <> 'provisional'
    group by kpi
),

dated as (
    select
        places.kpi,
        days.date,
        days.severity,
        days.is_known,
        days.reason
    from places
    inner join {{ ref('entity_days') }} as days
        on
            days.entity = places.entity
            and days.time = places.time
    where places.ripens is null
),

base_days as (
    select distinct
        kpi,
        date
    from dated
),

states as (
    select * from dated
    union all
    -- A cohort's day is ripe once its whole window lies in days that are known.
    select
        places.kpi,
        days.date,
        case
            when places.ripens = 'provisional' and places.matures is null then 2
            when {{ add_days('days.date', 'places.matures') }} <= places.known_through then 1
            when places.ripens = 'provisional' then 2
            else 3
        end as severity,
        places.ripens = 'provisional'
        or coalesce({{ add_days('days.date', 'places.matures') }} <= places.known_through, false) as is_known,
        case
            when places.ripens = 'immature' and {{ add_days('days.date', 'places.matures') }} > places.known_through
                then 'not_mature'
        end as reason
    from places
    inner join base_days as days
        on days.kpi = places.kpi
    where places.ripens is not null
)

select
    states.kpi,
    states.date,
    max(states.severity) as severity,
    min(case when states.is_known then 1 else 0 end) = 1 as is_known,
    max(states.reason) as reason
from states
inner join starts
    on starts.kpi = states.kpi
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = states.kpi
where
    states.date >= starts.starts_on
    and (kpis.valid_from is null or states.date >= kpis.valid_from)
    and (kpis.retired_on is null or states.date < kpis.retired_on)
group by states.kpi, states.date
