{{ config(materialized='view') }}

-- The value of each KPI for each of its rows, and for each period that the row is compared with.
select
    period_number,
    is_day,
    base,
    segment_number,
    numerator,
    denominator,
    case
        when has_denominator then scale * numerator / nullif(denominator, 0)
        else numerator
    end as value,
    why
from {{ ref('leaf_values') }}
where not has_formula
union all
select
    period_number,
    is_day,
    base,
    segment_number,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    value,
    why
from {{ ref('kpi_formulas') }}
