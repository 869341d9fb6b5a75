-- The spans of days that measures are taken over: for each coverage, shape and period its first and last day.
-- The numbers are for joins, as those of measure_cuts.
with keyed as (
    select distinct
        covered_from,
        data_through,
        grain,
        span,
        span_start as period_start,
        target_start,
        through_date
    from {{ ref('period_roles') }}
    -- What a period that is over is compared with is another period's own span.
    where span <> 'current' or (base = 'current' and back = 0)
),

shaped as (
    select distinct
        covered_from,
        data_through,
        shape
    from {{ ref('measure_cuts') }}
)

select
    cast(
        row_number() over (
            order by
                keyed.covered_from, keyed.data_through, shaped.shape, keyed.grain, keyed.period_start, keyed.span
        ) as integer
    ) as span_number,
    keyed.covered_from,
    keyed.data_through,
    shaped.shape,
    keyed.grain,
    keyed.period_start,
    keyed.span,
    case shapes.unit
        when 'own' then keyed.target_start
        when 'days' then {{ add_days('keyed.through_date', '1 - shapes.size') }}
        when 'months' then {{ add_months(add_days('keyed.through_date', 1), '-shapes.size') }}
        else
            case shapes.grain
                when 'month' then last_day.month_start
                when 'quarter' then last_day.quarter_start
                when 'half' then last_day.half_start
                else last_day.fiscal_year_start
            end
    end as from_date,
    keyed.through_date
from keyed
inner join shaped
    on
        shaped.covered_from = keyed.covered_from
        and shaped.data_through = keyed.data_through
inner join {{ source('definitions', 'shapes') }} as shapes
    on shapes.shape = shaped.shape
inner join {{ ref('dim_date') }} as last_day
    on last_day.date = keyed.through_date
