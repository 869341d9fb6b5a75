-- What the rows of each period are made from, as one number, and whether rows made from just that are kept from an
-- earlier night: only the others are computed. Whatever a row depends on has to go in here, but for what kpi_daily and
-- kpi_period join to it by KPI; a number that changes too often costs time, one that changes too seldom is a wrong
-- figure.
with segments as (
    select
        segment_number,
        {{ row_hash(['dimension', 'segment']) }} as segment_hash
    from {{ ref('segment_numbers') }}
),

-- Segments by name: their numbers are tonight's.
measured as (
    select
        additive.measure,
        additive.date,
        {{ digest(['additive.date', 'segments.segment_hash', 'additive.value']) }} as content
    from {{ ref('measures_additive') }} as additive
    inner join segments
        on segments.segment_number = additive.segment_number
    group by additive.measure, additive.date
),

covered as (
    select
        cuts.measure,
        min(cuts.covered_from) as covered_from,
        max(cuts.data_through) as data_through
    from {{ ref('measure_cuts') }} as cuts
    group by cuts.measure
),

-- Running totals of the days' contents: that of a span is the difference of two.
running as (
    select
        covered.measure,
        dim_date.date,
        sum(measured.content) over (partition by covered.measure order by dim_date.date) as content
    from covered
    inner join {{ ref('dim_date') }} as dim_date
        on dim_date.date between covered.covered_from and covered.data_through
    left join measured
        on
            measured.measure = covered.measure
            and measured.date = dim_date.date
),

anew as (
    select
        measure,
        covered_from,
        data_through,
        shape,
        grain,
        period_start,
        span,
        {{ digest(['dimension', 'segment', 'value']) }} as content
    from {{ ref('measures_anew') }}
    group by measure, covered_from, data_through, shape, grain, period_start, span
),

-- A slice without a value takes over that of any period before.
carrying as (
    select kpi
    from {{ source('definitions', 'leaves') }}
    where carries
),

everything as (
    select
        measure,
        sum(content) as content
    from (
        select
            measure,
            content
        from measured
        union all
        select
            measure,
            content
        from anew
    ) as contents
    group by measure
),

spanned as (
    select distinct
        cut,
        span_number
    from {{ ref('period_reads') }}
),

contents as (
    select
        spanned.cut,
        spanned.span_number,
        {{ row_hash([
            'ended.content - coalesce(started.content, 0)', 'undated.content', 'anew.content', 'spans.shape',
            'greatest(spans.from_date, spans.covered_from)', 'spans.through_date', 'cuts.measure',
        ]) }} as content
    from spanned
    inner join {{ ref('measure_cuts') }} as cuts
        on cuts.cut = spanned.cut
    inner join {{ ref('spans') }} as spans
        on spans.span_number = spanned.span_number
    left join running as ended
        on
            ended.measure = cuts.measure
            and ended.date = spans.through_date
    left join running as started
        on
            started.measure = cuts.measure
            and started.date = {{ add_days('greatest(spans.from_date, spans.covered_from)', -1) }}
    left join measured as undated
        on
            undated.measure = cuts.measure
            and undated.date is null
            and spans.grain = 'all'
    left join anew
        on
            anew.measure = cuts.measure
            and anew.covered_from = spans.covered_from
            and anew.data_through = spans.data_through
            and anew.shape = spans.shape
            and anew.grain = spans.grain
            and anew.period_start = spans.period_start
            and anew.span = spans.span
),

read_by_period as (
    select
        reads.period_number,
        {{ digest(['reads.base', 'reads.leaf', 'reads.side', 'contents.content']) }} as content
    from {{ ref('period_reads') }} as reads
    inner join contents
        on
            contents.cut = reads.cut
            and contents.span_number = reads.span_number
    group by reads.period_number
),

looked_at as (
    select
        period_number,
        {{ digest([
            'base', 'leaf', 'scale', 'numerator_when_empty', 'denominator_when_empty', 'has_denominator', 'is_only',
            'carried_grain', 'carried_to', 'why_no_numerator', 'why_no_denominator',
        ]) }} as content
    from {{ ref('leaf_spans') }}
    group by period_number
),

-- What is the same for all periods of a KPI.
defined as (
    select
        kpi,
        {{ row_hash(['definition_hash', 'has_formula', 'shows_sides', 'valid_from', 'retired_on']) }} as content
    from {{ source('definitions', 'kpis') }}
    union all
    select
        dimensions.kpi,
        {{ row_hash(['dimensions.dimension', 'members.segment']) }} as content
    from {{ source('definitions', 'kpi_dimensions') }} as dimensions
    left join {{ ref('dimension_members') }} as members
        on
            members.dimension = dimensions.dimension
            and members.is_on_roster
    union all
    select
        leaves.kpi,
        everything.content
    from {{ source('definitions', 'leaves') }} as leaves
    inner join carrying
        on carrying.kpi = leaves.kpi
    inner join everything
        on everything.measure in (leaves.numerator, leaves.denominator)
),

defined_by_kpi as (
    select
        kpi,
        {{ digest(['content']) }} as content
    from defined
    group by kpi
),

made as (
    select
        periods.period_number,
        periods.is_day,
        periods.kpi,
        periods.grain,
        periods.period_start,
        {{ row_hash([
            'defined_by_kpi.content', 'looked_at.content', 'read_by_period.content', 'periods.period_end',
            'periods.covered_from', 'least(periods.period_end, periods.data_through)', 'periods.is_over',
            'periods.is_begun', 'periods.severity', 'periods.is_ripening', 'periods.unknown_days', 'periods.days',
            'periods.reason',
        ]) }} as made_from
    from {{ ref('kpi_periods') }} as periods
    inner join defined_by_kpi
        on defined_by_kpi.kpi = periods.kpi
    left join looked_at
        on looked_at.period_number = periods.period_number
    left join read_by_period
        on read_by_period.period_number = periods.period_number
)

select
    made.period_number,
    made.is_day,
    made.kpi,
    made.grain,
    made.period_start,
    made.made_from,
    kept.made_from is not null as is_kept
from made
left join {{ kept_rows('kpi_rows') }} as kept
    on
        kept.kpi = made.kpi
        and kept.grain = made.grain
        and kept.period_start = made.period_start
        and kept.made_from = made.made_from
        -- Every period has one total.
        and kept.dimension = 'total'
