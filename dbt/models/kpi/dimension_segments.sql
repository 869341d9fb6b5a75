-- The segments that occur, most rows first; beyond a dimension's limit they are told apart no more.
with counted as (
    select
        measures_additive.dimension,
        measures_additive.segment,
        sum(measures_additive.value) as row_count
    from {{ ref('measures_additive') }} as measures_additive
    where
        measures_additive.measure like '%!_!_rows' escape '!'
        and measures_additive.dimension <> 'total'
    group by measures_additive.dimension, measures_additive.segment
),

ranked as (
    select
        *,
        row_number() over (
            partition by dimension
            -- Rows without a segment take no place away from those with one.
            order by case when segment = '(none)' then 1 else 0 end, row_count desc, segment asc
        ) as place
    from counted
)

select
    ranked.dimension,
    ranked.segment,
    ranked.place,
    ranked.place > dimensions.max_segments and ranked.segment <> '(none)' as is_over
from ranked
inner join {{ source('definitions', 'dimensions') }} as dimensions
    on dimensions.dimension = ranked.dimension
