{{ config(
    materialized='kept_rows',
    made_from='main.kpi_made_from',
    key=['kpi', 'grain', 'period_start'],
) }}

-- The rows of kpi_daily and kpi_period, but for what is said of their KPI as a whole. Written are those of the periods
-- whose inputs changed; made_from tells which inputs a row was made from.
with compared as (
    select
        period_number,
        segment_number,
        max(case when base = 'current' then numerator end) as numerator,
        max(case when base = 'current' then denominator end) as denominator,
        max(case when base = 'current' then value end) as value,
        max(case when base = 'current' then why end) as why,
        max(case when base = 'previous' then value end) as previous_value,
        max(case when base = 'previous_year' then value end) as previous_year_value,
        max(case when base = 'previous_full' then value end) as previous_value_full
    from {{ ref('kpi_values') }}
    where not is_day
    group by period_number, segment_number
)

select
    days.kpi,
    days.grain,
    days.period_start,
    segments.dimension,
    segments.segment,
    days.period_end,
    cast(null as bigint) as elapsed_days,
    cast(null as boolean) as is_complete,
    case when kpis.shows_sides and days.unknown_days = 0 then kpi_values.numerator end as numerator,
    case when kpis.shows_sides and days.unknown_days = 0 then kpi_values.denominator end as denominator,
    case when days.unknown_days = 0 then kpi_values.value end as value,
    {{ status_of('days.severity') }} as data_status,
    case
        when days.reason is not null then days.reason
        when days.unknown_days > 0 then 'missing'
        when kpi_values.denominator = 0 then 'zero_denominator'
        when kpi_values.value is null then coalesce(kpi_values.why, 'no_data')
        when kpi_values.why = 'carried' then 'carried'
    end as status_reason,
    cast(null as double) as previous_value,
    cast(null as double) as previous_year_value,
    cast(null as double) as previous_value_full,
    made.made_from
from {{ ref('kpi_values') }} as kpi_values
inner join {{ ref('kpi_periods') }} as days
    on days.period_number = kpi_values.period_number
inner join {{ ref('kpi_made_from') }} as made
    on made.period_number = kpi_values.period_number
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = days.kpi
inner join {{ ref('segment_numbers') }} as segments
    on segments.segment_number = kpi_values.segment_number
where kpi_values.is_day and days.is_day
union all
select
    periods.kpi,
    periods.grain,
    periods.period_start,
    segments.dimension,
    segments.segment,
    periods.period_end,
    cast(
        case
            when not periods.is_begun then 0
            when periods.grain = 'all' then {{ days_between('periods.covered_from', 'periods.data_through') }} + 1
            else {{ days_between('periods.period_start', 'least(periods.period_end, periods.data_through)') }} + 1
        end as bigint
    ) as elapsed_days,
    periods.is_over
    and periods.unknown_days = 0
    and (periods.grain = 'all' or periods.covered_from <= periods.period_start) as is_complete,
    case when kpis.shows_sides then compared.numerator end as numerator,
    case when kpis.shows_sides then compared.denominator end as denominator,
    compared.value,
    case
        when not periods.is_begun then {{ status_of('periods.severity') }}
        -- Partly ripe: what is not ripe yet will change the value of the whole.
        when periods.is_ripening then 'provisional'
        else {{ status_of('periods.severity') }}
    end as data_status,
    case
        when not periods.is_begun and periods.severity = 3 then 'not_mature'
        when not periods.is_begun then 'missing'
        when periods.unknown_days > 0
            then cast(periods.unknown_days as varchar) || ' of ' || cast(periods.days as varchar) || ' days unknown'
        when compared.denominator = 0 then 'zero_denominator'
        when compared.value is null then coalesce(compared.why, 'no_data')
        when compared.why = 'carried' then 'carried'
        when periods.covered_from > periods.period_start and periods.grain <> 'all'
            then
                case when kpis.valid_from = periods.covered_from then 'valid_from ' else 'covered_from ' end
                || cast(periods.covered_from as varchar)
        when kpis.retired_on <= periods.period_end and periods.grain <> 'all'
            then 'retired_on ' || cast(kpis.retired_on as varchar)
    end as status_reason,
    compared.previous_value,
    compared.previous_year_value,
    case when periods.is_over then compared.previous_value else compared.previous_value_full end as previous_value_full,
    made.made_from
from compared
inner join {{ ref('kpi_periods') }} as periods
    on periods.period_number = compared.period_number
inner join {{ ref('kpi_made_from') }} as made
    on made.period_number = compared.period_number
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = periods.kpi
inner join {{ ref('segment_numbers') }} as segments
    on segments.segment_number = compared.segment_number
where not periods.is_day
