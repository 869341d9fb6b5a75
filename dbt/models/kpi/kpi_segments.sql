with present as (
    select
        dimension,
        case when is_over then '(other)' else segment end as segment,
        min(place) as place
    from {{ ref('dimension_segments') }}
    group by dimension, case when is_over then '(other)' else segment end
),

named as (
    select
        dimension,
        segment
    from present
    union
    select
        dimension,
        segment
    from {{ ref('dimension_members') }}
    where is_on_roster
    union
    select
        dimension,
        segment
    from {{ source('definitions', 'segments') }}
    union
    select
        'total' as dimension,
        'total' as segment
),

labelled as (
    select
        named.dimension,
        named.segment,
        case
            when named.segment = 'total' and named.dimension = 'total' then '全体'
            when named.segment = '(none)' then '(なし)'
            when named.segment = '(other)' then '(その他)'
            else coalesce(segments.label_ja, members.name, named.segment)
        end as label_ja,
        case
            when named.segment = 'total' and named.dimension = 'total' then 'Total'
            else coalesce(segments.label_en, members.name, named.segment)
        end as label_en,
        case when members.parent is not null then dimensions.parent_dimension end as parent_dimension,
        case when dimensions.parent_dimension is not null then members.parent end as parent,
        segments.sort as declared_sort,
        present.place
    from named
    left join {{ source('definitions', 'segments') }} as segments
        on
            segments.dimension = named.dimension
            and segments.segment = named.segment
    left join {{ ref('dimension_members') }} as members
        on
            members.dimension = named.dimension
            and members.segment = named.segment
    left join {{ source('definitions', 'dimensions') }} as dimensions
        on dimensions.dimension = named.dimension
    left join present
        on
            present.dimension = named.dimension
            and present.segment = named.segment
)

select
    dimension,
    segment,
    label_ja,
    label_en,
    parent_dimension,
    parent,
    cast(
        row_number() over (
            partition by dimension
            order by
                case segment when '(none)' then 2 when '(other)' then 1 else 0 end,
                declared_sort nulls last,
                place nulls last,
                segment
        ) as bigint
    ) as sort
from labelled
