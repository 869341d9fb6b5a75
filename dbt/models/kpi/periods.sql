-- Every period up to as_of, with the keys of the one before and of the one a year before.
with run as (
    select as_of from {{ source('night', 'run') }}
),

days as (
    select dim_date.*
    from {{ ref('dim_date') }} as dim_date
),

keyed as (
    select
        'week' as grain,
        week_start as period_start,
        date
    from days
    union all
    select
        'month' as grain,
        month_start as period_start,
        date
    from days
    union all
    select
        'quarter' as grain,
        quarter_start as period_start,
        date
    from days
    union all
    select
        'half' as grain,
        half_start as period_start,
        date
    from days
    union all
    select
        'fiscal_year' as grain,
        fiscal_year_start as period_start,
        date
    from days
),

spans as (
    select
        grain,
        period_start,
        max(date) as period_end,
        count(*) as days
    from keyed
    group by grain, period_start
),

-- Which year and which place in it: the key by which a period meets its own a year before.
named as (
    select
        spans.grain,
        spans.period_start,
        spans.period_end,
        lag(spans.period_start) over (partition by spans.grain order by spans.period_start) as previous_start,
        case spans.grain
            when 'week' then middle.iso_year
            when 'month' then first_day.year
            else first_day.fiscal_year
        end as key_year,
        case spans.grain
            when 'week' then middle.iso_week
            when 'month' then first_day.month
            when 'quarter' then first_day.fiscal_quarter
            when 'half' then first_day.fiscal_half
            else 1
        end as key_place
    from spans
    inner join days as first_day
        on first_day.date = spans.period_start
    left join days as middle
        on middle.date = {{ add_days('spans.period_start', 3) }}
)

select
    named.grain,
    named.period_start,
    named.period_end,
    named.previous_start,
    year_before.period_start as previous_year_start
from named
cross join run
left join named as year_before
    on
        year_before.grain = named.grain
        and year_before.key_year = named.key_year - 1
        and year_before.key_place = named.key_place
where named.period_start <= run.as_of
