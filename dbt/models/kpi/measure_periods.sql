-- Measures over every span of days that a period to be computed reads: days added up where they add up, the rest as
-- it was computed anew. `is_day` is there for readers of days alone, or of longer periods alone: it spares them the
-- other's rows.
with wanted_reads as (
    select distinct
        reads.cut,
        reads.span_number
    from {{ ref('period_reads') }} as reads
    inner join {{ ref('kpi_made_from') }} as made
        on made.period_number = reads.period_number
    where not made.is_kept
    union
    -- What is carried over may come from any period.
    select
        cuts.cut,
        spans.span_number
    from {{ source('definitions', 'leaves') }} as leaves
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.measure in (leaves.numerator, leaves.denominator)
    inner join {{ ref('spans') }} as spans
        on
            spans.covered_from = cuts.covered_from
            and spans.data_through = cuts.data_through
            and spans.shape = cuts.shape
            and spans.span = 'current'
    where leaves.carries
),

wanted as (
    select
        wanted_reads.cut,
        wanted_reads.span_number,
        spans.shape,
        spans.grain,
        spans.grain = 'day' as is_day,
        spans.from_date,
        spans.through_date
    from wanted_reads
    inner join {{ ref('spans') }} as spans
        on spans.span_number = wanted_reads.span_number
),

-- A step of its own: joined with days first, each measure would meet the days of all others.
wanted_days as (
    select
        wanted.cut,
        wanted.span_number,
        wanted.shape,
        wanted.is_day,
        span_days.date
    from wanted
    inner join {{ ref('span_days') }} as span_days
        on span_days.span_number = wanted.span_number
    where not wanted.is_day or wanted.shape <> 'own'
),

daily as (
    select *
    from {{ ref('measure_daily') }}
),

-- Rows without a date of record are in no period, and in the whole.
undated as (
    select
        daily.cut,
        daily.combine,
        wanted.span_number,
        daily.segment_number,
        daily.value
    from daily
    inner join wanted
        on wanted.cut = daily.cut
    where daily.date is null and daily.shape = 'own' and wanted.grain = 'all'
),

added as (
    select
        days.cut,
        days.span_number,
        daily.segment_number,
        daily.value
    from wanted_days as days
    inner join daily
        on
            daily.cut = days.cut
            and daily.date = days.date
    where
        daily.combine = 'sum'
        and days.shape = 'own'
    union all
    select
        cut,
        span_number,
        segment_number,
        value
    from undated
    where combine = 'sum'
),

-- The least and the greatest are looked for among the days of each span.
compared as (
    select
        days.cut,
        daily.combine,
        days.span_number,
        days.is_day,
        daily.segment_number,
        daily.value
    from wanted_days as days
    inner join daily
        on
            daily.cut = days.cut
            and daily.date = days.date
    where daily.combine <> 'sum'
    union all
    select
        cut,
        combine,
        span_number,
        false as is_day,
        segment_number,
        value
    from undated
    where combine <> 'sum'
),

-- A trailing window is the running total of its last day less that of the day before its first. The totals of a cut
-- begin where the first window that is wanted of it does.
windows as (
    select
        wanted.cut,
        greatest(min(wanted.from_date), min(cuts.covered_from)) as first_date,
        least(max(wanted.through_date), max(cuts.data_through)) as last_date
    from wanted
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.cut = wanted.cut
    where wanted.shape <> 'own'
    group by wanted.cut
),

running_days as (
    select
        daily.cut,
        daily.segment_number,
        daily.date,
        daily.value
    from daily
    inner join windows
        on
            windows.cut = daily.cut
            and daily.date between windows.first_date and windows.last_date
    where daily.combine = 'sum' and daily.shape <> 'own'
),

series as (
    select distinct
        cut,
        segment_number
    from running_days
),

running as (
    select
        series.cut,
        series.segment_number,
        dim_date.date,
        sum(running_days.value) over (
            partition by series.cut, series.segment_number
            order by dim_date.date
        ) as total,
        count(running_days.value) over (
            partition by series.cut, series.segment_number
            order by dim_date.date
        ) as filled_days
    from series
    inner join windows
        on windows.cut = series.cut
    inner join {{ ref('dim_date') }} as dim_date
        on dim_date.date between windows.first_date and windows.last_date
    left join running_days
        on
            running_days.cut = series.cut
            and running_days.segment_number = series.segment_number
            and running_days.date = dim_date.date
)

select
    cut,
    span_number,
    false as is_day,
    segment_number,
    cast(sum(value) as double) as value
from added
group by cut, span_number, segment_number
union all
select
    cut,
    span_number,
    is_day,
    segment_number,
    cast(case combine when 'min' then min(value) else max(value) end as double) as value
from compared
group by cut, combine, span_number, is_day, segment_number
union all
select
    ended.cut,
    wanted.span_number,
    wanted.is_day,
    ended.segment_number,
    cast(ended.total - coalesce(started.total, 0) as double) as value
from wanted
inner join running as ended
    on
        ended.cut = wanted.cut
        and ended.date = wanted.through_date
left join running as started
    on
        started.cut = ended.cut
        and started.segment_number = ended.segment_number
        and started.date = {{ add_days('wanted.from_date', -1) }}
where
    wanted.shape <> 'own'
    and ended.filled_days > coalesce(started.filled_days, 0)
union all
-- A day's own span is the day.
select
    daily.cut,
    wanted.span_number,
    true as is_day,
    daily.segment_number,
    cast(daily.value as double) as value
from daily
inner join wanted
    on
        wanted.cut = daily.cut
        and wanted.through_date = daily.date
where
    daily.shape = 'own'
    and wanted.is_day
union all
select
    wanted.cut,
    wanted.span_number,
    wanted.is_day,
    numbers.segment_number,
    cast(anew.value as double) as value
from {{ ref('measures_anew') }} as anew
inner join {{ ref('segment_numbers') }} as numbers
    on
        numbers.dimension = anew.dimension
        and numbers.segment = anew.segment
inner join {{ ref('measure_cuts') }} as cuts
    on
        cuts.measure = anew.measure
        and cuts.shape = anew.shape
        and cuts.covered_from = anew.covered_from
        and cuts.data_through = anew.data_through
inner join {{ ref('spans') }} as spans
    on
        spans.covered_from = anew.covered_from
        and spans.data_through = anew.data_through
        and spans.shape = anew.shape
        and spans.grain = anew.grain
        and spans.period_start = anew.period_start
        and spans.span = anew.span
inner join wanted
    on
        wanted.cut = cuts.cut
        and wanted.span_number = spans.span_number
