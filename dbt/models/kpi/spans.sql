-- The spans of days that values are taken over: each period cut where the data end, and, for a period that is
-- still running there, the period before and the same a year before, cut after equally many elapsed days.
with cuts as (
    select distinct
        covered_from,
        data_through
    from {{ ref('kpi_coverage') }}
    where data_through is not null
),

current_spans as (
    select
        cuts.covered_from,
        cuts.data_through,
        periods.grain,
        periods.period_start,
        periods.previous_start,
        periods.previous_year_start,
        periods.period_end > cuts.data_through as is_running,
        {{ days_between('periods.period_start', 'least(periods.period_end, cuts.data_through)') }} + 1 as elapsed_days,
        least(periods.period_end, cuts.data_through) as through_date
    from cuts
    inner join {{ ref('periods') }} as periods
        on
            periods.period_start <= cuts.data_through
            and periods.period_end >= cuts.covered_from
),

compared as (
    select
        *,
        'previous' as span,
        previous_start as from_date
    from current_spans
    where is_running and previous_start is not null
    union all
    select
        *,
        'previous_year' as span,
        previous_year_start as from_date
    from current_spans
    where is_running and previous_year_start is not null
)

select
    covered_from,
    data_through,
    grain,
    period_start,
    'current' as span,
    period_start as from_date,
    through_date
from current_spans
union all
select
    compared.covered_from,
    compared.data_through,
    compared.grain,
    compared.period_start,
    compared.span,
    compared.from_date,
    least(periods.period_end, {{ add_days('compared.from_date', 'compared.elapsed_days - 1') }}) as through_date
from compared
inner join {{ ref('periods') }} as periods
    on
        periods.grain = compared.grain
        and periods.period_start = compared.from_date
union all
select
    covered_from,
    data_through,
    'all' as grain,
    date '0001-01-01' as period_start,
    'current' as span,
    covered_from as from_date,
    data_through as through_date
from cuts
