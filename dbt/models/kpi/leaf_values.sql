-- What each KPI is computed from, for each of its rows and each period that the row is compared with.
with wanted as (
    select
        slices.kpi,
        slices.grain,
        slices.period_start,
        slices.dimension,
        slices.segment,
        roles.base,
        roles.is_covered,
        roles.span,
        roles.span_start,
        roles.target_start,
        roles.covered_from,
        roles.data_through,
        leaves.leaf,
        leaves.shape,
        leaves.scale,
        leaves.numerator,
        leaves.numerator_when_empty,
        leaves.denominator,
        leaves.denominator_when_empty,
        leaves.carries,
        leaves.is_only,
        -- Trailing days or months that reach back before the data are no whole window.
        leaves.shape not like 'last%' or spans.from_date >= roles.covered_from as is_whole
    from {{ ref('kpi_slices') }} as slices
    inner join {{ ref('kpi_coverage') }} as coverage
        on coverage.kpi = slices.kpi
    inner join {{ source('definitions', 'leaves') }} as leaves
        on leaves.kpi = slices.kpi
    inner join {{ ref('period_roles') }} as roles
        on
            roles.covered_from = coverage.covered_from
            and roles.data_through = coverage.data_through
            and roles.grain = slices.grain
            and roles.period_start = slices.period_start
            and roles.back = leaves.back
            and roles.back_unit = leaves.back_unit
            and (roles.base = 'current' or slices.grain <> 'day')
    left join {{ ref('spans') }} as spans
        on
            spans.covered_from = roles.covered_from
            and spans.data_through = roles.data_through
            and spans.shape = leaves.shape
            and spans.grain = roles.grain
            and spans.period_start = roles.span_start
            and spans.span = roles.span
)

select
    wanted.kpi,
    wanted.leaf,
    wanted.grain,
    wanted.period_start,
    wanted.base,
    wanted.dimension,
    wanted.segment,
    wanted.scale,
    case
        when wanted.is_covered and wanted.is_whole and unknown_above.measure is null
            then coalesce(above.value, carried_above.value, wanted.numerator_when_empty)
    end as numerator,
    case
        when wanted.is_covered and wanted.is_whole and unknown_below.measure is null
            then coalesce(below.value, carried_below.value, wanted.denominator_when_empty)
    end as denominator,
    wanted.denominator is not null as has_denominator,
    case
        when not wanted.is_covered or not wanted.is_whole then 'before_data'
        when unknown_above.measure is not null then unknown_above.why
        when unknown_below.measure is not null then unknown_below.why
        when wanted.is_only and above.measure is not null and above.value is null then 'not_additive'
        when above.value is null and carried_above.value is not null then 'carried'
    end as why
from wanted
left join {{ ref('measure_periods') }} as above
    on
        wanted.numerator = above.measure
        and wanted.shape = above.shape
        and wanted.covered_from = above.covered_from
        and wanted.data_through = above.data_through
        and wanted.grain = above.grain
        and wanted.span_start = above.period_start
        and wanted.span = above.span
        and wanted.dimension = above.dimension
        and wanted.segment = above.segment
left join {{ ref('measure_periods') }} as below
    on
        wanted.denominator = below.measure
        and wanted.shape = below.shape
        and wanted.covered_from = below.covered_from
        and wanted.data_through = below.data_through
        and wanted.grain = below.grain
        and wanted.span_start = below.period_start
        and wanted.span = below.span
        and wanted.dimension = below.dimension
        and wanted.segment = below.segment
left join {{ ref('measures_unknown') }} as unknown_above
    on
        wanted.numerator = unknown_above.measure
        and wanted.shape = unknown_above.shape
        and wanted.covered_from = unknown_above.covered_from
        and wanted.data_through = unknown_above.data_through
        and wanted.grain = unknown_above.grain
        and wanted.span_start = unknown_above.period_start
        and wanted.span = unknown_above.span
left join {{ ref('measures_unknown') }} as unknown_below
    on
        wanted.denominator = unknown_below.measure
        and wanted.shape = unknown_below.shape
        and wanted.covered_from = unknown_below.covered_from
        and wanted.data_through = unknown_below.data_through
        and wanted.grain = unknown_below.grain
        and wanted.span_start = unknown_below.period_start
        and wanted.span = unknown_below.span
left join {{ ref('measure_carried') }} as carried_above
    on
        wanted.carries
        and wanted.numerator = carried_above.measure
        and wanted.shape = carried_above.shape
        and wanted.covered_from = carried_above.covered_from
        and wanted.data_through = carried_above.data_through
        and wanted.grain = carried_above.grain
        and wanted.dimension = carried_above.dimension
        and wanted.segment = carried_above.segment
        and wanted.target_start > carried_above.period_start
        and (carried_above.next_start is null or wanted.target_start <= carried_above.next_start)
left join {{ ref('measure_carried') }} as carried_below
    on
        wanted.carries
        and wanted.denominator = carried_below.measure
        and wanted.shape = carried_below.shape
        and wanted.covered_from = carried_below.covered_from
        and wanted.data_through = carried_below.data_through
        and wanted.grain = carried_below.grain
        and wanted.dimension = carried_below.dimension
        and wanted.segment = carried_below.segment
        and wanted.target_start > carried_below.period_start
        and (carried_below.next_start is null or wanted.target_start <= carried_below.next_start)
