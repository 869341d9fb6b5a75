-- Every day of every span, the day itself among them: what rows are joined with, by equality.
select
    spans.covered_from,
    spans.data_through,
    spans.grain,
    spans.period_start,
    spans.span,
    dim_date.date
from {{ ref('spans') }} as spans
inner join {{ ref('dim_date') }} as dim_date
    on dim_date.date between greatest(spans.from_date, spans.covered_from) and spans.through_date
union all
select
    cuts.covered_from,
    cuts.data_through,
    'day' as grain,
    dim_date.date as period_start,
    'current' as span,
    dim_date.date
from (select distinct
    covered_from,
    data_through
from {{ ref('measure_cuts') }}) as cuts
inner join {{ ref('dim_date') }} as dim_date
    on dim_date.date between cuts.covered_from and cuts.data_through
