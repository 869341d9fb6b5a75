-- Measures over every span of days: days added up where they add up, the rest as it was computed anew.
with daily as (
    select
        cuts.covered_from,
        cuts.data_through,
        cuts.shape,
        daily.*,
        measures.combine
    from {{ ref('measure_daily') }} as daily
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.measure = daily.measure
    inner join {{ source('definitions', 'measures') }} as measures
        on measures.measure = daily.measure
),

spread as (
    select
        daily.measure,
        daily.combine,
        daily.covered_from,
        daily.data_through,
        daily.shape,
        span_days.grain,
        span_days.period_start,
        span_days.span,
        daily.dimension,
        daily.segment,
        daily.value
    from daily
    inner join {{ ref('span_days') }} as span_days
        on
            span_days.covered_from = daily.covered_from
            and span_days.data_through = daily.data_through
            and span_days.shape = daily.shape
            and span_days.date = daily.date
            and (span_days.grain <> 'day' or span_days.shape <> 'own')
    union all
    -- Rows without a date of record are in no period, and in the whole.
    select
        measure,
        combine,
        covered_from,
        data_through,
        shape,
        'all' as grain,
        date '0001-01-01' as period_start,
        'current' as span,
        dimension,
        segment,
        value
    from daily
    where date is null and shape = 'own'
)

select
    measure,
    covered_from,
    data_through,
    shape,
    grain,
    period_start,
    span,
    dimension,
    segment,
    cast(
        case combine when 'min' then min(value) when 'max' then max(value) else sum(value) end as double
    ) as value
from spread
group by measure, combine, covered_from, data_through, shape, grain, period_start, span, dimension, segment
union all
-- A day's own span is the day.
select
    measure,
    covered_from,
    data_through,
    shape,
    'day' as grain,
    date as period_start,
    'current' as span,
    dimension,
    segment,
    cast(value as double) as value
from daily
where shape = 'own' and date between covered_from and data_through
union all
select
    measure,
    covered_from,
    data_through,
    shape,
    grain,
    period_start,
    span,
    dimension,
    segment,
    cast(value as double) as value
from {{ ref('measures_anew') }}
