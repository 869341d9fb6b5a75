-- Every day, week, month, fiscal quarter, half and year up to as_of, with the period before it, and the year
-- and the place in it by which a period meets its own a year before.
with run as (
    select as_of from {{ source('night', 'run') }}
),

days as (
    select dim_date.*
    from {{ ref('dim_date') }} as dim_date
),

keyed as (
    {%- for grain, start in [
        ('day', 'date'),
        ('week', 'week_start'),
        ('month', 'month_start'),
        ('quarter', 'quarter_start'),
        ('half', 'half_start'),
        ('fiscal_year', 'fiscal_year_start'),
    ] %}
        select
            '{{ grain }}' as grain,
            {{ start }} as period_start,
            date
        from days
        {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

spans as (
    select
        grain,
        period_start,
        max(date) as period_end
    from keyed
    group by grain, period_start
)

select
    spans.grain,
    spans.period_start,
    spans.period_end,
    lag(spans.period_start) over (partition by spans.grain order by spans.period_start) as previous_start,
    case spans.grain
        when 'week' then middle.iso_year
        when 'quarter' then first_day.fiscal_year
        when 'half' then first_day.fiscal_year
        when 'fiscal_year' then first_day.fiscal_year
        else first_day.year
    end as key_year,
    case spans.grain
        when 'day' then 100 * first_day.month + extract(day from spans.period_start)
        when 'week' then middle.iso_week
        when 'month' then first_day.month
        when 'quarter' then first_day.fiscal_quarter
        when 'half' then first_day.fiscal_half
        else 1
    end as key_place,
    spans.period_start <= run.as_of as is_begun
from spans
cross join run
inner join days as first_day
    on first_day.date = spans.period_start
left join days as middle
    on middle.date = {{ add_days('spans.period_start', 3) }}
