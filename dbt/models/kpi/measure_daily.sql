-- Measures by day, segments over their dimension's limit taken together. Days that are not known are left out.
with limited as (
    select
        additive.date,
        additive.measure,
        additive.dimension,
        case when segments.is_over then '(other)' else additive.segment end as segment,
        additive.value
    from {{ ref('measures_additive') }} as additive
    left join {{ ref('dimension_segments') }} as segments
        on
            segments.dimension = additive.dimension
            and segments.segment = additive.segment
)

select
    limited.date,
    limited.measure,
    limited.dimension,
    limited.segment,
    case measures.combine
        when 'min' then min(limited.value)
        when 'max' then max(limited.value)
        else sum(limited.value)
    end as value
from limited
inner join {{ source('definitions', 'measures') }} as measures
    on measures.measure = limited.measure
left join {{ ref('entity_days') }} as days
    on
        days.entity = measures.entity
        and days.time = measures.time
        and days.date = limited.date
where limited.date is null or days.is_known
group by limited.date, limited.measure, limited.dimension, limited.segment, measures.combine
