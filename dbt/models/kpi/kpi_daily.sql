select
    slices.period_start as date,
    slices.kpi,
    slices.dimension,
    slices.segment,
    case when kpis.shows_sides and days.is_known then kpi_values.numerator end as numerator,
    case when kpis.shows_sides and days.is_known then kpi_values.denominator end as denominator,
    case when days.is_known then kpi_values.value end as value,
    kpis.unit,
    {{ status_of('days.severity') }} as data_status,
    case
        when days.reason is not null then days.reason
        when not days.is_known then 'missing'
        when kpi_values.denominator = 0 then 'zero_denominator'
        when kpi_values.kpi is null then 'no_counterpart'
        when kpi_values.value is null then coalesce(kpi_values.why, 'no_data')
        when kpi_values.why = 'carried' then 'carried'
    end as status_reason,
    coverage.data_through,
    kpis.adds as sums_over_days,
    kpis.adds as sums_over_segments,
    kpis.definition_hash,
    run.run_id as computed_run_id
from {{ ref('kpi_slices') }} as slices
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = slices.kpi
inner join {{ ref('kpi_coverage') }} as coverage
    on coverage.kpi = slices.kpi
inner join {{ ref('kpi_days') }} as days
    on
        days.kpi = slices.kpi
        and days.date = slices.period_start
cross join {{ source('night', 'run') }} as run
left join {{ ref('kpi_values') }} as kpi_values
    on
        kpi_values.kpi = slices.kpi
        and kpi_values.grain = slices.grain
        and kpi_values.period_start = slices.period_start
        and kpi_values.dimension = slices.dimension
        and kpi_values.segment = slices.segment
        and kpi_values.base = 'current'
where slices.grain = 'day'
