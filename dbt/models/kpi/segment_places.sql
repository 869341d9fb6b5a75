-- The number that rows of each segment are counted under: that of `(other)` over their dimension's limit.
select
    occurring.dimension,
    occurring.segment,
    numbers.segment_number,
    numbers.segment = '(other)' as is_other
from {{ ref('segment_numbers') }} as occurring
left join {{ ref('dimension_segments') }} as limits
    on
        limits.dimension = occurring.dimension
        and limits.segment = occurring.segment
inner join {{ ref('segment_numbers') }} as numbers
    on
        numbers.dimension = occurring.dimension
        and numbers.segment = case when limits.is_over then '(other)' else occurring.segment end
