-- The segments that occur, most rows first; beyond a dimension's limit they are told apart no more.
with counted as (
    select
        dimension,
        segment,
        sum(row_count) as row_count
    from {{ ref('segment_rows') }}
    where dimension <> 'total' and row_count is not null
    group by dimension, segment
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
