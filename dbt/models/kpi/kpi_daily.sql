{{ config(materialized='view') }}

select
    kpi_rows.period_start as date,
    kpi_rows.kpi,
    kpi_rows.dimension,
    kpi_rows.segment,
    kpi_rows.numerator,
    kpi_rows.denominator,
    kpi_rows.value,
    kpis.unit,
    kpi_rows.data_status,
    kpi_rows.status_reason,
    coverage.data_through,
    kpis.adds as sums_over_days,
    kpis.adds as sums_over_segments,
    kpis.definition_hash,
    run.run_id as computed_run_id
from {{ ref('kpi_rows') }} as kpi_rows
inner join {{ ref('kpi_coverage') }} as coverage
    on coverage.kpi = kpi_rows.kpi
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = kpi_rows.kpi
cross join {{ source('night', 'run') }} as run
where kpi_rows.grain = 'day'
