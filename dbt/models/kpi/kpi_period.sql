with sides as (
    select
        operands.kpi,
        measured.grain,
        measured.period_start,
        measured.span,
        measured.dimension,
        measured.segment,
        max(case when operands.side = 'numerator' then measured.value end) as numerator,
        max(case when operands.side = 'denominator' then measured.value end) as denominator
    from {{ ref('measure_periods') }} as measured
    inner join {{ source('definitions', 'operands') }} as operands
        on operands.measure = measured.measure
    inner join {{ ref('kpi_coverage') }} as coverage
        on
            coverage.kpi = operands.kpi
            and coverage.covered_from = measured.covered_from
            and coverage.data_through = measured.data_through
    inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
        on
            dimensions.kpi = operands.kpi
            and dimensions.dimension = measured.dimension
    group by
        operands.kpi, measured.grain, measured.period_start, measured.span, measured.dimension, measured.segment
),

-- The periods that each KPI has rows for, those after the end of its data included.
kpi_periods as (
    select
        coverage.kpi,
        periods.grain,
        periods.period_start,
        periods.period_end,
        periods.previous_start,
        periods.previous_year_start,
        coverage.covered_from,
        coverage.data_through
    from {{ ref('kpi_coverage') }} as coverage
    inner join {{ ref('periods') }} as periods
        on periods.period_end >= coverage.covered_from
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on
            grains.kpi = coverage.kpi
            and grains.grain = periods.grain
    union all
    select
        coverage.kpi,
        'all' as grain,
        date '0001-01-01' as period_start,
        run.as_of as period_end,
        cast(null as date) as previous_start,
        cast(null as date) as previous_year_start,
        coverage.covered_from,
        coverage.data_through
    from {{ ref('kpi_coverage') }} as coverage
    inner join {{ source('definitions', 'kpi_grains') }} as grains
        on
            grains.kpi = coverage.kpi
            and grains.grain = 'all'
    cross join {{ source('night', 'run') }} as run
),

-- What is said of a period: its worst day, and how much of it is known.
states as (
    select
        kpi_periods.kpi,
        kpi_periods.grain,
        kpi_periods.period_start,
        max(case when days.date <= kpi_periods.data_through then days.severity end) as severity,
        sum(case when not days.is_known and days.date <= kpi_periods.data_through then 1 else 0 end) as unknown_days,
        count(days.date) as days
    from kpi_periods
    left join {{ ref('kpi_days') }} as days
        on
            days.kpi = kpi_periods.kpi
            and days.date between kpi_periods.period_start and kpi_periods.period_end
    group by kpi_periods.kpi, kpi_periods.grain, kpi_periods.period_start
),

slices as (
    select
        kpi,
        grain,
        period_start,
        'total' as dimension,
        'total' as segment
    from kpi_periods
    union
    select
        kpi_periods.kpi,
        kpi_periods.grain,
        kpi_periods.period_start,
        members.dimension,
        members.segment
    from kpi_periods
    inner join {{ source('definitions', 'kpi_dimensions') }} as dimensions
        on dimensions.kpi = kpi_periods.kpi
    inner join {{ ref('dimension_members') }} as members
        on
            members.dimension = dimensions.dimension
            and members.is_on_roster
    union
    select
        sides.kpi,
        sides.grain,
        sides.period_start,
        sides.dimension,
        sides.segment
    from sides
    inner join kpi_periods
        on
            kpi_periods.kpi = sides.kpi
            and kpi_periods.grain = sides.grain
            and kpi_periods.period_start = sides.period_start
    where sides.span = 'current'
),

-- The four spans that a row shows: itself, the one before cut and whole, the same a year before cut.
wanted as (
    select
        slices.*,
        kpi_periods.period_end,
        kpi_periods.covered_from,
        kpi_periods.data_through,
        kpi_periods.data_through >= kpi_periods.period_end as is_over,
        kpi_periods.data_through >= kpi_periods.period_start or kpi_periods.grain = 'all' as is_begun,
        case when kpi_periods.previous_start >= kpi_periods.covered_from then kpi_periods.previous_start end
            as previous_start,
        case when kpi_periods.previous_year_start >= kpi_periods.covered_from then kpi_periods.previous_year_start end
            as previous_year_start
    from slices
    inner join kpi_periods
        on
            kpi_periods.kpi = slices.kpi
            and kpi_periods.grain = slices.grain
            and kpi_periods.period_start = slices.period_start
),

joined as (
    select
        wanted.kpi,
        wanted.grain,
        wanted.period_start,
        wanted.dimension,
        wanted.segment,
        wanted.period_end,
        wanted.covered_from,
        wanted.data_through,
        wanted.is_over,
        wanted.is_begun,
        case when wanted.is_begun then coalesce(own.numerator, empty.numerator) end as numerator,
        case when wanted.is_begun then coalesce(own.denominator, empty.denominator) end as denominator,
        case
            when wanted.previous_start is not null and wanted.is_begun
                then
                    coalesce(
                        case when wanted.is_over then before_full.numerator else before_cut.numerator end,
                        empty.numerator
                    )
        end as before_numerator,
        case
            when wanted.previous_start is not null and wanted.is_begun
                then
                    coalesce(
                        case when wanted.is_over then before_full.denominator else before_cut.denominator end,
                        empty.denominator
                    )
        end as before_denominator,
        case when wanted.previous_start is not null then coalesce(before_full.numerator, empty.numerator) end
            as before_full_numerator,
        case when wanted.previous_start is not null then coalesce(before_full.denominator, empty.denominator) end
            as before_full_denominator,
        case
            when wanted.previous_year_start is not null and wanted.is_begun
                then
                    coalesce(
                        case when wanted.is_over then year_full.numerator else year_cut.numerator end, empty.numerator
                    )
        end as year_numerator,
        case
            when wanted.previous_year_start is not null and wanted.is_begun
                then
                    coalesce(
                        case when wanted.is_over then year_full.denominator else year_cut.denominator end,
                        empty.denominator
                    )
        end as year_denominator
    from wanted
    inner join {{ ref('empty_sides') }} as empty
        on empty.kpi = wanted.kpi
    {%- for alias, span, start in [
        ('own', 'current', 'period_start'),
        ('before_full', 'current', 'previous_start'),
        ('before_cut', 'previous', 'period_start'),
        ('year_full', 'current', 'previous_year_start'),
        ('year_cut', 'previous_year', 'period_start'),
    ] %}
        left join sides as {{ alias }}
            on
                {{ alias }}.kpi = wanted.kpi
                and {{ alias }}.grain = wanted.grain
                and {{ alias }}.period_start = wanted.{{ start }}
                and {{ alias }}.span = '{{ span }}'
                and {{ alias }}.dimension = wanted.dimension
                and {{ alias }}.segment = wanted.segment
    {%- endfor %}
),

valued as (
    select
        joined.*,
        kpis.unit,
        kpis.shows_numerator,
        kpis.sums_over_days,
        kpis.sums_over_segments,
        kpis.definition_hash,
        {%- for name, above, below in [
            ('value', 'numerator', 'denominator'),
            ('previous_value', 'before_numerator', 'before_denominator'),
            ('previous_value_full', 'before_full_numerator', 'before_full_denominator'),
            ('previous_year_value', 'year_numerator', 'year_denominator'),
        ] %}
        case
            when kpis.has_denominator
                then kpis.scale * cast(joined.{{ above }} as double) / nullif(cast(joined.{{ below }} as double), 0)
            else cast(joined.{{ above }} as double)
        end as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from joined
    inner join {{ source('definitions', 'kpis') }} as kpis
        on kpis.kpi = joined.kpi
)

select
    valued.grain,
    valued.period_start,
    valued.kpi,
    valued.dimension,
    valued.segment,
    valued.period_end,
    cast(
        case
            when not valued.is_begun or valued.data_through is null then 0
            when valued.grain = 'all' then {{ days_between('valued.covered_from', 'valued.data_through') }} + 1
            else {{ days_between('valued.period_start', 'least(valued.period_end, valued.data_through)') }} + 1
        end as bigint
    ) as elapsed_days,
    coalesce(
        valued.is_over
        and states.unknown_days = 0
        and (valued.grain = 'all' or valued.covered_from <= valued.period_start),
        false
    ) as is_complete,
    cast(case when valued.shows_numerator then valued.numerator end as double) as numerator,
    cast(valued.denominator as double) as denominator,
    valued.value,
    valued.unit,
    {{ status_of('states.severity') }} as data_status,
    case
        when not valued.is_begun or valued.data_through is null then 'missing'
        when
            states.unknown_days > 0
            then cast(states.unknown_days as varchar) || ' of ' || cast(states.days as varchar) || ' days unknown'
        when valued.denominator = 0 then 'zero_denominator'
        when valued.value is null then 'no_data'
        when
            valued.covered_from > valued.period_start and valued.grain <> 'all'
            then 'covered_from ' || cast(valued.covered_from as varchar)
    end as status_reason,
    valued.previous_value,
    valued.previous_year_value,
    valued.previous_value_full,
    valued.data_through,
    valued.sums_over_days,
    valued.sums_over_segments,
    valued.definition_hash,
    run.run_id as computed_run_id
from valued
inner join states
    on
        states.kpi = valued.kpi
        and states.grain = valued.grain
        and states.period_start = valued.period_start
cross join {{ source('night', 'run') }} as run
