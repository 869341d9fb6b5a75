-- The rows that each KPI has in the periods to be computed: a total in every period, every member of a roster in every
-- period, and other segments where the entity has anything.
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

computed as (
    select periods.*
    from {{ ref('kpi_periods') }} as periods
    inner join {{ ref('kpi_made_from') }} as made
        on made.period_number = periods.period_number
    where not made.is_kept
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
from computed as periods
inner join segments
    on
        segments.kpi = periods.kpi
        and segments.dimension = 'total'
union
select
    periods.period_number,
    periods.is_day,
    segments.segment_number
from computed as periods
inner join segments
    on segments.kpi = periods.kpi
inner join {{ ref('dimension_members') }} as members
    on
        members.dimension = segments.dimension
        and members.segment = segments.segment
        and members.is_on_roster
union
select
    periods.period_number,
    periods.is_day,
    measured.segment_number
from {{ ref('measure_periods') }} as measured
inner join {{ ref('period_reads') }} as reads
    on
        reads.cut = measured.cut
        and reads.span_number = measured.span_number
        and reads.side = 'presence'
inner join computed as periods
    on periods.period_number = reads.period_number
inner join segments
    on
        segments.kpi = periods.kpi
        and segments.segment_number = measured.segment_number
union
-- What is carried is there in periods in which its segment has nothing.
select
    periods.period_number,
    periods.is_day,
    carried.segment_number
from computed as periods
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
