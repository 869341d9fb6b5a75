{{ config(materialized='view') }}

-- Measures by day, segments over their dimension's limit taken together.
with cut_days as (
    select
        cuts.*,
        measures.combine,
        additive.date,
        additive.segment_number,
        additive.is_other,
        additive.value
    from {{ ref('measures_additive') }} as additive
    inner join {{ source('definitions', 'measures') }} as measures
        on measures.measure = additive.measure
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.measure = additive.measure
)

select
    cut,
    covered_from,
    data_through,
    shape,
    combine,
    date,
    segment_number,
    value
from cut_days
where not is_other
union all
select
    cut,
    covered_from,
    data_through,
    shape,
    combine,
    date,
    segment_number,
    case combine
        when 'min' then min(value)
        when 'max' then max(value)
        else sum(value)
    end as value
from cut_days
where is_other
group by cut, covered_from, data_through, shape, combine, date, segment_number
