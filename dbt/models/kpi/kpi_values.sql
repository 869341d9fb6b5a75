{{ config(materialized='view') }}

-- The value of each KPI for each of its rows, and for each period that the row is compared with.
select
    leaf_values.kpi,
    leaf_values.grain,
    leaf_values.period_start,
    leaf_values.base,
    leaf_values.dimension,
    leaf_values.segment,
    leaf_values.numerator,
    leaf_values.denominator,
    case
        when leaf_values.has_denominator
            then leaf_values.scale * leaf_values.numerator / nullif(leaf_values.denominator, 0)
        else leaf_values.numerator
    end as value,
    leaf_values.why
from {{ ref('leaf_values') }} as leaf_values
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = leaf_values.kpi
where not kpis.has_formula
union all
select
    kpi,
    grain,
    period_start,
    base,
    dimension,
    segment,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    value,
    why
from {{ ref('kpi_formulas') }}
