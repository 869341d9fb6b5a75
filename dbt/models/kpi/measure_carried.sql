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
    measured.cut,
    spans.grain,
    measured.segment_number,
    spans.period_start,
    lead(spans.period_start) over (
        partition by measured.cut, spans.grain, measured.segment_number
        order by spans.period_start
    ) as next_start,
    measured.value
from {{ ref('measure_periods') }} as measured
inner join {{ ref('measure_cuts') }} as cuts
    on cuts.cut = measured.cut
inner join carried
    on carried.measure = cuts.measure
inner join {{ ref('spans') }} as spans
    on spans.span_number = measured.span_number
where
    spans.span = 'current'
    and spans.grain <> 'all'
    and measured.value is not null
