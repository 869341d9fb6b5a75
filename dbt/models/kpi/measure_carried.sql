-- What a slice without rows takes over, where its KPI says `when_no_data: carry`: the value of the last period that
-- had one, up to the next that has one.
with carried as (
    select numerator as measure
    from {{ source('definitions', 'leaves') }}
    where carries
    union
    select denominator as measure
    from {{ source('definitions', 'leaves') }}
    where carries and denominator is not null
)

select
    measured.measure,
    measured.covered_from,
    measured.data_through,
    measured.shape,
    measured.grain,
    measured.dimension,
    measured.segment,
    measured.period_start,
    lead(measured.period_start) over (
        partition by
            measured.measure,
            measured.covered_from,
            measured.data_through,
            measured.shape,
            measured.grain,
            measured.dimension,
            measured.segment
        order by measured.period_start
    ) as next_start,
    measured.value
from {{ ref('measure_periods') }} as measured
inner join carried
    on carried.measure = measured.measure
where
    measured.span = 'current'
    and measured.grain <> 'all'
    and measured.value is not null
