-- The periods that each KPI has rows for, those after the end of its data included, and what is said of each:
-- its worst day, and how much of it is known. The numbers are for joins, as those of measure_cuts.
with begun as (
    select
        grain,
        period_start,
        period_end
    from {{ ref('periods') }}
    where grain <> 'day' and is_begun
    union all
    select
        'all' as grain,
        date '0001-01-01' as period_start,
        as_of as period_end
    from {{ source('night', 'run') }}
),

period_days as (
    select
        begun.grain,
        begun.period_start,
        begun.period_end,
        dim_date.date
    from begun
    inner join {{ ref('dim_date') }} as dim_date
        on dim_date.date between begun.period_start and begun.period_end
),

days as (
    select
        days.*,
        grains.grain,
        coverage.covered_from,
        coverage.data_through
    from {{ ref('kpi_days') }} as days
    inner join {{ ref('kpi_coverage') }} as coverage
        on coverage.kpi = days.kpi
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on grains.kpi = days.kpi
),

described as (
    select
        days.kpi,
        days.grain,
        periods.period_start,
        periods.period_end,
        days.covered_from,
        days.data_through,
        -- Of a period that runs on beyond the data, only the days that are known speak.
        coalesce(
            max(case when days.date <= days.data_through then days.severity end),
            max(days.severity)
        ) as severity,
        max(case when days.date > days.data_through and days.severity = 3 then 1 else 0 end) = 1 as is_ripening,
        sum(case when not days.is_known and days.date <= days.data_through then 1 else 0 end) as unknown_days,
        count(*) as days,
        cast(null as varchar) as reason
    from days
    inner join period_days as periods
        on
            periods.grain = days.grain
            and periods.date = days.date
    group by
        days.kpi, days.grain, periods.period_start, periods.period_end, days.covered_from, days.data_through
    union all
    -- A day speaks for itself.
    select
        kpi,
        grain,
        date as period_start,
        date as period_end,
        covered_from,
        data_through,
        severity,
        false as is_ripening,
        case when is_known then 0 else 1 end as unknown_days,
        1 as days,
        reason
    from days
    where grain = 'day'
)

select
    cast(row_number() over (order by kpi, grain, period_start) as integer) as period_number,
    kpi,
    grain,
    grain = 'day' as is_day,
    period_start,
    period_end,
    covered_from,
    data_through,
    coalesce(data_through >= period_end, false) as is_over,
    coalesce(data_through >= period_start, false) as is_begun,
    severity,
    is_ripening,
    unknown_days,
    days,
    reason
from described
