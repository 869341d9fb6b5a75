-- Which measures each period of a KPI reads, and over which span: the sides of its leaves, and what tells where it
-- has rows.
select
    period_number,
    is_day,
    base,
    leaf,
    'numerator' as side,
    above_cut as cut,
    span_number
from {{ ref('leaf_spans') }}
where why_no_numerator is null
union all
select
    period_number,
    is_day,
    base,
    leaf,
    'denominator' as side,
    below_cut as cut,
    span_number
from {{ ref('leaf_spans') }}
where why_no_denominator is null and below_cut is not null
union all
select
    periods.period_number,
    periods.is_day,
    'current' as base,
    cast(null as bigint) as leaf,
    'presence' as side,
    cuts.cut,
    spans.span_number
from {{ ref('kpi_periods') }} as periods
inner join {{ source('definitions', 'presence') }} as presence
    on presence.kpi = periods.kpi
inner join {{ ref('measure_cuts') }} as cuts
    on
        cuts.measure = presence.measure
        and cuts.shape = presence.shape
        and cuts.covered_from = periods.covered_from
        and cuts.data_through = periods.data_through
inner join {{ ref('spans') }} as spans
    on
        spans.covered_from = periods.covered_from
        and spans.data_through = periods.data_through
        and spans.shape = presence.shape
        and spans.grain = periods.grain
        and spans.period_start = periods.period_start
        and spans.span = 'current'
