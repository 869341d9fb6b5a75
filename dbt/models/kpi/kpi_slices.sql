-- The rows that each KPI has: a total in every period, every member of a roster in every period, and other
-- segments where the entity has anything.
with segments as (
    select
        dimensions.kpi,
        numbers.segment_number,
        numbers.dimension,
        numbers.segment
    from {{ source('definitions', 'kpi_dimensions') }} as dimensions
    inner join {{ ref('segment_numbers') }} as numbers
        on numbers.dimension = dimensions.dimension
),

present as (
    select
        periods.kpi,
        periods.period_number,
        periods.is_day,
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
),

carrying as (
    select
        leaves.kpi,
        cuts.cut,
        cuts.covered_from,
        cuts.data_through
    from {{ source('definitions', 'leaves') }} as leaves
    inner join {{ ref('measure_cuts') }} as cuts
        on
            cuts.measure = leaves.numerator
            and cuts.shape = leaves.shape
    where leaves.carries
)

select
    periods.period_number,
    periods.is_day,
    segments.segment_number
from {{ ref('kpi_periods') }} as periods
inner join segments
    on
        segments.kpi = periods.kpi
        and segments.dimension = 'total'
union
select
    periods.period_number,
    periods.is_day,
    segments.segment_number
from {{ ref('kpi_periods') }} as periods
inner join segments
    on segments.kpi = periods.kpi
inner join {{ ref('dimension_members') }} as members
    on
        members.dimension = segments.dimension
        and members.segment = segments.segment
        and members.is_on_roster
union
select
    present.period_number,
    present.is_day,
    measured.segment_number
from {{ ref('measure_periods') }} as measured
inner join present
    on
        present.cut = measured.cut
        and present.span_number = measured.span_number
inner join segments
    on
        segments.kpi = present.kpi
        and segments.segment_number = measured.segment_number
union
-- What is carried is there in periods in which its segment has nothing.
select
    periods.period_number,
    periods.is_day,
    carried.segment_number
from {{ ref('kpi_periods') }} as periods
inner join carrying
    on
        carrying.kpi = periods.kpi
        and carrying.covered_from = periods.covered_from
        and carrying.data_through = periods.data_through
inner join {{ ref('measure_carried') }} as carried
    on
        carried.cut = carrying.cut
        and carried.grain = periods.grain
        and carried.period_start < periods.period_start
inner join segments
    on
        segments.kpi = periods.kpi
        and segments.segment_number = carried.segment_number
where periods.is_begun
