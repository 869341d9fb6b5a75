{{ config(materialized='view') }}

-- Measures by day, segments over their dimension's limit taken together. Days that are not known are left out.
with limited as (
    select
        named.dimension,
        named.segment,
        numbers.segment_number,
        numbers.segment = '(other)' as is_over
    from {{ ref('segment_numbers') }} as named
    left join {{ ref('dimension_segments') }} as segments
        on
            segments.dimension = named.dimension
            and segments.segment = named.segment
    inner join {{ ref('segment_numbers') }} as numbers
        on
            numbers.dimension = named.dimension
            and numbers.segment = case when segments.is_over then '(other)' else named.segment end
),

known as (
    select
        cuts.cut,
        measures.combine,
        additive.date,
        limited.segment_number,
        limited.is_over,
        additive.value
    from {{ ref('measures_additive') }} as additive
    inner join {{ source('definitions', 'measures') }} as measures
        on measures.measure = additive.measure
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.measure = additive.measure
    inner join limited
        on
            limited.dimension = additive.dimension
            and limited.segment = additive.segment
    left join {{ ref('entity_days') }} as days
        on
            days.entity = measures.entity
            and days.time = measures.time
            and days.date = additive.date
    where additive.date is null or days.is_known
)

select
    cut,
    date,
    segment_number,
    value
from known
where not is_over
union all
select
    cut,
    date,
    segment_number,
    case combine
        when 'min' then min(value)
        when 'max' then max(value)
        else sum(value)
    end as value
from known
where is_over
group by cut, date, segment_number, combine
