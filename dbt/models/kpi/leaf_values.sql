{{ config(materialized='view') }}

-- What each KPI is computed from, for each of its rows and each period that the row is compared with.
select
    leaf_spans.kpi,
    leaf_spans.has_formula,
    leaf_spans.leaf,
    slices.period_number,
    slices.is_day,
    leaf_spans.base,
    slices.segment_number,
    leaf_spans.scale,
    case
        when leaf_spans.why_no_numerator is null
            then coalesce(above.value, carried_above.value, leaf_spans.numerator_when_empty)
    end as numerator,
    case
        when leaf_spans.why_no_denominator is null
            then coalesce(below.value, carried_below.value, leaf_spans.denominator_when_empty)
    end as denominator,
    leaf_spans.has_denominator,
    case
        when leaf_spans.why_no_numerator is not null then leaf_spans.why_no_numerator
        when leaf_spans.why_no_denominator is not null then leaf_spans.why_no_denominator
        when leaf_spans.is_only and above.cut is not null and above.value is null then 'not_additive'
        when above.value is null and carried_above.value is not null then 'carried'
    end as why
from {{ ref('kpi_slices') }} as slices
inner join {{ ref('leaf_spans') }} as leaf_spans
    on leaf_spans.period_number = slices.period_number
left join {{ ref('measure_periods') }} as above
    on
        above.cut = leaf_spans.above_cut
        and above.span_number = leaf_spans.span_number
        and above.is_day = slices.is_day
        and above.segment_number = slices.segment_number
left join {{ ref('measure_periods') }} as below
    on
        below.cut = leaf_spans.below_cut
        and below.span_number = leaf_spans.span_number
        and below.is_day = slices.is_day
        and below.segment_number = slices.segment_number
left join {{ ref('measure_carried') }} as carried_above
    on
        carried_above.cut = leaf_spans.above_cut
        and carried_above.grain = leaf_spans.carried_grain
        and carried_above.segment_number = slices.segment_number
        and carried_above.period_start < leaf_spans.carried_to
        and (carried_above.next_start is null or carried_above.next_start >= leaf_spans.carried_to)
left join {{ ref('measure_carried') }} as carried_below
    on
        carried_below.cut = leaf_spans.below_cut
        and carried_below.grain = leaf_spans.carried_grain
        and carried_below.segment_number = slices.segment_number
        and carried_below.period_start < leaf_spans.carried_to
        and (carried_below.next_start is null or carried_below.next_start >= leaf_spans.carried_to)
