-- Every segment of every dimension that a measure or a roster has, by a number: what tables of many rows are
-- joined and grouped by.
with named as (
    select
        dimension,
        case when is_over then '(other)' else segment end as segment
    from {{ ref('dimension_segments') }}
    union
    select
        dimension,
        segment
    from {{ ref('segment_rows') }}
    union
    select
        dimension,
        segment
    from {{ ref('measures_anew') }}
    union
    select
        dimension,
        segment
    from {{ ref('dimension_members') }}
    where is_on_roster
    union
    select
        'total' as dimension,
        'total' as segment
)

select
    cast(row_number() over (order by dimension, segment) as integer) as segment_number,
    dimension,
    segment
from named
