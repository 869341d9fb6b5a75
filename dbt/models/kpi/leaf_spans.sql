-- Where each leaf of a KPI finds its sides, for each of its periods and each period that this is compared with:
-- at which cut and over which span, and why there is nothing to be found. A period that has nothing to look at,
-- not even itself, is there once.
with cut_leaves as (
    select
        leaves.*,
        coverage.covered_from,
        coverage.data_through,
        above.cut as above_cut,
        below.cut as below_cut
    from {{ source('definitions', 'leaves') }} as leaves
    inner join {{ ref('kpi_coverage') }} as coverage
        on coverage.kpi = leaves.kpi
    inner join {{ ref('measure_cuts') }} as above
        on
            above.measure = leaves.numerator
            and above.shape = leaves.shape
            and above.covered_from = coverage.covered_from
            and above.data_through = coverage.data_through
    left join {{ ref('measure_cuts') }} as below
        on
            below.measure = leaves.denominator
            and below.shape = leaves.shape
            and below.covered_from = coverage.covered_from
            and below.data_through = coverage.data_through
),

looked_at as (
    select
        leaves.kpi,
        leaves.leaf,
        leaves.scale,
        leaves.above_cut,
        leaves.below_cut,
        leaves.numerator_when_empty,
        leaves.denominator_when_empty,
        leaves.denominator is not null as has_denominator,
        leaves.carries,
        leaves.is_only,
        roles.grain,
        roles.period_start,
        roles.base,
        roles.target_start,
        spans.span_number,
        case
            when not roles.is_covered then 'before_data'
            -- Trailing days or months that reach back before the data are no whole window.
            when leaves.shape like 'last%' and not coalesce(spans.from_date >= roles.covered_from, false)
                then 'before_data'
        end as why,
        unknown_above.why as why_above,
        unknown_below.why as why_below
    from cut_leaves as leaves
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on grains.kpi = leaves.kpi
    inner join {{ ref('period_roles') }} as roles
        on
            roles.covered_from = leaves.covered_from
            and roles.data_through = leaves.data_through
            and roles.grain = grains.grain
            and roles.back = leaves.back
            and roles.back_unit = leaves.back_unit
    left join {{ ref('spans') }} as spans
        on
            spans.covered_from = roles.covered_from
            and spans.data_through = roles.data_through
            and spans.shape = leaves.shape
            and spans.grain = roles.grain
            and spans.period_start = roles.span_start
            and spans.span = roles.span
    left join {{ ref('measures_unknown') }} as unknown_above
        on
            unknown_above.measure = leaves.numerator
            and unknown_above.shape = leaves.shape
            and unknown_above.covered_from = roles.covered_from
            and unknown_above.data_through = roles.data_through
            and unknown_above.grain = roles.grain
            and unknown_above.period_start = roles.span_start
            and unknown_above.span = roles.span
    left join {{ ref('measures_unknown') }} as unknown_below
        on
            unknown_below.measure = leaves.denominator
            and unknown_below.shape = leaves.shape
            and unknown_below.covered_from = roles.covered_from
            and unknown_below.data_through = roles.data_through
            and unknown_below.grain = roles.grain
            and unknown_below.period_start = roles.span_start
            and unknown_below.span = roles.span
)

select
    periods.period_number,
    periods.is_day,
    periods.kpi,
    kpis.has_formula,
    coalesce(looked_at.base, 'current') as base,
    looked_at.leaf,
    looked_at.scale,
    looked_at.above_cut,
    looked_at.below_cut,
    looked_at.span_number,
    looked_at.numerator_when_empty,
    looked_at.denominator_when_empty,
    looked_at.has_denominator,
    looked_at.is_only,
    -- What values are carried over by, where they are.
    case when looked_at.carries then periods.grain end as carried_grain,
    case when looked_at.carries then looked_at.target_start end as carried_to,
    case
        when looked_at.leaf is null then 'no_counterpart'
        else coalesce(looked_at.why, looked_at.why_above)
    end as why_no_numerator,
    coalesce(looked_at.why, looked_at.why_below) as why_no_denominator
from {{ ref('kpi_periods') }} as periods
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = periods.kpi
left join looked_at
    on
        looked_at.kpi = periods.kpi
        and looked_at.grain = periods.grain
        and looked_at.period_start = periods.period_start
