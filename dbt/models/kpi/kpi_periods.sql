-- The periods that each KPI has rows for, those after the end of its data included, and what is said of each:
-- its worst day, and how much of it is known.
with spanned as (
    select
        coverage.kpi,
        periods.grain,
        periods.period_start,
        periods.period_end,
        coverage.covered_from,
        coverage.data_through
    from {{ ref('kpi_coverage') }} as coverage
    inner join {{ ref('periods') }} as periods
        on
            periods.period_end >= coverage.covered_from
            and periods.is_begun
    union all
    select
        coverage.kpi,
        'all' as grain,
        date '0001-01-01' as period_start,
        run.as_of as period_end,
        coverage.covered_from,
        coverage.data_through
    from {{ ref('kpi_coverage') }} as coverage
    cross join {{ source('night', 'run') }} as run
),

wanted as (
    select spanned.*
    from spanned
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on
            grains.kpi = spanned.kpi
            and grains.grain = spanned.grain
)

select
    wanted.kpi,
    wanted.grain,
    wanted.period_start,
    wanted.period_end,
    wanted.covered_from,
    wanted.data_through,
    coalesce(wanted.data_through >= wanted.period_end, false) as is_over,
    coalesce(wanted.data_through >= wanted.period_start, false) as is_begun,
    -- Of a period that runs on beyond the data, only the days that are known speak.
    coalesce(
        max(case when days.date <= wanted.data_through then days.severity end),
        max(days.severity)
    ) as severity,
    max(case when days.date > wanted.data_through and days.severity = 3 then 1 else 0 end) = 1 as is_ripening,
    sum(case when not days.is_known and days.date <= wanted.data_through then 1 else 0 end) as unknown_days,
    count(days.date) as days,
    case when wanted.grain = 'day' then max(days.reason) end as reason
from wanted
inner join {{ ref('kpi_days') }} as days
    on
        days.kpi = wanted.kpi
        and days.date between wanted.period_start and wanted.period_end
group by
    wanted.kpi, wanted.grain, wanted.period_start, wanted.period_end, wanted.covered_from, wanted.data_through
