with days as (
    select
        kpi_days.kpi,
        kpi_days.date,
        kpi_days.severity,
        kpi_days.is_known,
        kpi_days.reason
    from {{ ref('kpi_days') }} as kpi_days
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on
            grains.kpi = kpi_days.kpi
            and grains.grain = 'day'
),

measured as (
    select
        date,
        measure,
        dimension,
        segment,
        value
    from {{ ref('measure_daily') }}
    where date is not null
    union all
    select
        period_start as date,
        measure,
        dimension,
        segment,
        max(value) as value
    from {{ ref('measures_distinct') }}
    where grain = 'day'
    group by period_start, measure, dimension, segment
),

sides as (
    select
        operands.kpi,
        measured.date,
        measured.dimension,
        measured.segment,
        max(case when operands.side = 'numerator' then measured.value end) as numerator,
        max(case when operands.side = 'denominator' then measured.value end) as denominator
    from measured
    inner join {{ source('definitions', 'operands') }} as operands
        on operands.measure = measured.measure
    inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
        on
            dimensions.kpi = operands.kpi
            and dimensions.dimension = measured.dimension
    inner join days
        on
            days.kpi = operands.kpi
            and days.date = measured.date
            and days.is_known
    group by operands.kpi, measured.date, measured.dimension, measured.segment
),

-- A total on every day, every member of a roster on every day, other segments where there is something.
slices as (
    select
        kpi,
        date,
        'total' as dimension,
        'total' as segment
    from days
    union
    select
        days.kpi,
        days.date,
        members.dimension,
        members.segment
    from days
    inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
        on dimensions.kpi = days.kpi
    inner join {{ ref('dimension_members') }} as members
        on
            members.dimension = dimensions.dimension
            and members.is_on_roster
    union
    select
        kpi,
        date,
        dimension,
        segment
    from sides
),

filled as (
    select
        slices.*,
        days.severity,
        days.is_known,
        days.reason,
        cast(case when days.is_known then coalesce(sides.numerator, empty.numerator) end as double) as numerator,
        cast(case when days.is_known then coalesce(sides.denominator, empty.denominator) end as double) as denominator
    from slices
    inner join days
        on
            days.kpi = slices.kpi
            and days.date = slices.date
    inner join {{ ref('empty_sides') }} as empty
        on empty.kpi = slices.kpi
    left join sides
        on
            sides.kpi = slices.kpi
            and sides.date = slices.date
            and sides.dimension = slices.dimension
            and sides.segment = slices.segment
)

select
    filled.date,
    filled.kpi,
    filled.dimension,
    filled.segment,
    case when kpis.shows_numerator then filled.numerator end as numerator,
    filled.denominator,
    {{ kpi_value('kpis') }} as value,
    kpis.unit,
    {{ status_of('filled.severity') }} as data_status,
    case
        when filled.reason is not null then filled.reason
        when not filled.is_known then 'missing'
        when filled.denominator = 0 then 'zero_denominator'
        when {{ kpi_value('kpis') }} is null then 'no_data'
    end as status_reason,
    coverage.data_through,
    kpis.sums_over_days,
    kpis.sums_over_segments,
    kpis.definition_hash,
    run.run_id as computed_run_id
from filled
inner join {{ source('definitions', 'kpis') }} as kpis
    on kpis.kpi = filled.kpi
inner join {{ ref('kpi_coverage') }} as coverage
    on coverage.kpi = filled.kpi
cross join {{ source('night', 'run') }} as run
