select
    days.period_start as date,
    days.kpi,
    segments.dimension,
    segments.segment,
    case when kpis.shows_sides and days.unknown_days = 0 then kpi_values.numerator end as numerator,
    case when kpis.shows_sides and days.unknown_days = 0 then kpi_values.denominator end as denominator,
    case when days.unknown_days = 0 then kpi_values.value end as value,
    kpis.unit,
    {{ status_of('days.severity') }} as data_status,
    case
        when days.reason is not null then days.reason
        when days.unknown_days > 0 then 'missing'
        when kpi_values.denominator = 0 then 'zero_denominator'
        when kpi_values.value is null then coalesce(kpi_values.why, 'no_data')
        when kpi_values.why = 'carried' then 'carried'
    end as status_reason,
    days.data_through,
    kpis.adds as sums_over_days,
    kpis.adds as sums_over_segments,
    kpis.definition_hash,
    run.run_id as computed_run_id
from {{ ref('kpi_values') }} as kpi_values
inner join {{ ref('kpi_periods') }} as days
    on days.period_number = kpi_values.period_number
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = days.kpi
inner join {{ ref('segment_numbers') }} as segments
    on segments.segment_number = kpi_values.segment_number
cross join {{ source('night', 'run') }} as run
where kpi_values.is_day and days.is_day
