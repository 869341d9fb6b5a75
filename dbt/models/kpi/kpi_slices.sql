-- The rows that each KPI has: a total in every period, every member of a roster in every period, and other
-- segments where the entity has anything.
select
    kpi,
    grain,
    period_start,
    'total' as dimension,
    'total' as segment
from {{ ref('kpi_periods') }}
union
select
    kpi_periods.kpi,
    kpi_periods.grain,
    kpi_periods.period_start,
    members.dimension,
    members.segment
from {{ ref('kpi_periods') }} as kpi_periods
inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
    on dimensions.kpi = kpi_periods.kpi
inner join {{ ref('dimension_members') }} as members
    on
        members.dimension = dimensions.dimension
        and members.is_on_roster
union
select
    kpi_periods.kpi,
    kpi_periods.grain,
    kpi_periods.period_start,
    measured.dimension,
    measured.segment
from {{ ref('kpi_periods') }} as kpi_periods
inner join {{ source('definitions', 'presence') }} as presence
    on presence.kpi = kpi_periods.kpi
inner join {{ ref('measure_periods') }} as measured
    on
        measured.measure = presence.measure
        and measured.shape = presence.shape
        and measured.covered_from = kpi_periods.covered_from
        and measured.data_through = kpi_periods.data_through
        and measured.grain = kpi_periods.grain
        and measured.period_start = kpi_periods.period_start
        and measured.span = 'current'
inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
    on
        dimensions.kpi = kpi_periods.kpi
        and dimensions.dimension = measured.dimension
union
-- What is carried is there in periods in which its segment has nothing.
select
    kpi_periods.kpi,
    kpi_periods.grain,
    kpi_periods.period_start,
    carried.dimension,
    carried.segment
from {{ ref('kpi_periods') }} as kpi_periods
inner join {{ source('definitions', 'leaves') }} as leaves
    on
        leaves.kpi = kpi_periods.kpi
        and leaves.carries
inner join {{ ref('measure_carried') }} as carried
    on
        carried.measure = leaves.numerator
        and carried.shape = leaves.shape
        and carried.covered_from = kpi_periods.covered_from
        and carried.data_through = kpi_periods.data_through
        and carried.grain = kpi_periods.grain
        and kpi_periods.period_start > carried.period_start
        and kpi_periods.is_begun
inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
    on
        dimensions.kpi = kpi_periods.kpi
        and dimensions.dimension = carried.dimension
