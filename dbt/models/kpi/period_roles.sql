-- What a period is compared with: itself, the one before, the same a year before, and what an offset looks back
-- to from each of these. `span` and `span_start` say under which key the value is found: the target itself where
-- the period is over, else a span of its own, cut after equally many elapsed days.
with cuts as (
    select distinct
        covered_from,
        data_through
    from {{ ref('measure_cuts') }}
),

shown as (
    select
        cuts.covered_from,
        cuts.data_through,
        periods.*
    from cuts
    inner join {{ ref('periods') }} as periods
        on
            periods.period_start <= cuts.data_through
            and periods.period_end >= cuts.covered_from
),

based as (
    select
        shown.covered_from,
        shown.data_through,
        shown.grain,
        shown.period_start,
        shown.period_end,
        'current' as base,
        shown.period_start as base_start
    from shown
    union all
    select
        shown.covered_from,
        shown.data_through,
        shown.grain,
        shown.period_start,
        shown.period_end,
        bases.base,
        shown.previous_start as base_start
    from shown
    cross join (values ('previous'), ('previous_full')) as bases (base)
    where
        shown.grain <> 'day'
        -- Of a period that is over, the one before is compared as a whole anyway.
        and (bases.base = 'previous' or shown.period_end > shown.data_through)
    union all
    select
        shown.covered_from,
        shown.data_through,
        shown.grain,
        shown.period_start,
        shown.period_end,
        'previous_year' as base,
        year_before.period_start as base_start
    from shown
    inner join {{ ref('periods') }} as year_before
        on
            shown.grain = year_before.grain
            and shown.key_year - 1 = year_before.key_year
            and shown.key_place = year_before.key_place
    where shown.grain <> 'day'
),

aimed as (
    select
        based.*,
        {{ days_between('based.period_start', 'least(based.period_end, based.data_through)') }} as elapsed_days,
        offsets.back,
        offsets.back_unit,
        case
            when offsets.back = 0 then based.base_start
            when
                offsets.back_unit = 'days'
                and (based.grain = 'day' or (based.grain = 'week' and mod(offsets.back, 7) = 0))
                then {{ add_days('based.base_start', '-offsets.back') }}
            when offsets.back_unit = 'months' and based.grain = 'week' and mod(offsets.back, 12) = 0
                then week_before.period_start
            when
                offsets.back_unit = 'months'
                and mod(
                    offsets.back,
                    case based.grain
                        when 'day' then 1 when 'month' then 1 when 'quarter' then 3 when 'half' then 6 when
                            'fiscal_year'
                            then 12
                    end
                ) = 0
                -- The 31st has no counterpart in a month of 30 days.
                and extract(day from {{ add_months('based.base_start', '-offsets.back') }})
                = extract(day from based.base_start)
                then {{ add_months('based.base_start', '-offsets.back') }}
        end as target_start
    from based
    cross join {{ source('definitions', 'offsets') }} as offsets
    left join {{ ref('periods') }} as base_period
        on
            base_period.grain = based.grain
            and base_period.period_start = based.base_start
    left join {{ ref('periods') }} as week_before
        on
            week_before.grain = based.grain
            -- Equal whole numbers: a division, or a condition on one side alone, would compare each with each.
            and 12 * week_before.key_year = 12 * base_period.key_year - offsets.back
            and week_before.key_place = base_period.key_place
)

select
    aimed.covered_from,
    aimed.data_through,
    aimed.grain,
    aimed.period_start,
    aimed.base,
    aimed.back,
    aimed.back_unit,
    aimed.target_start,
    aimed.target_start >= aimed.covered_from or (aimed.base = 'current' and aimed.back = 0) as is_covered,
    case
        when aimed.base in ('current', 'previous_full') and aimed.back = 0 then 'current'
        when aimed.period_end <= aimed.data_through or aimed.base = 'previous_full' then 'current'
        else aimed.base || '-' || cast(aimed.back as varchar) || aimed.back_unit
    end as span,
    case
        when aimed.period_end <= aimed.data_through or aimed.base = 'previous_full' then aimed.target_start
        else aimed.period_start
    end as span_start,
    case
        when aimed.period_end <= aimed.data_through or aimed.base = 'previous_full' then target.period_end
        else least(
            target.period_end,
            {{ add_days('aimed.target_start', 'aimed.elapsed_days') }}
        )
    end as through_date
from aimed
inner join {{ ref('periods') }} as target
    on
        target.grain = aimed.grain
        and target.period_start = aimed.target_start
union all
select
    covered_from,
    data_through,
    'all' as grain,
    date '0001-01-01' as period_start,
    'current' as base,
    0 as back,
    'months' as back_unit,
    covered_from as target_start,
    true as is_covered,
    'current' as span,
    date '0001-01-01' as span_start,
    data_through as through_date
from cuts
