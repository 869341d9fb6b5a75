-- Every day of every span: what rows are joined with, by equality.
select
    spans.span_number,
    spans.covered_from,
    spans.data_through,
    spans.shape,
    spans.grain,
    spans.period_start,
    spans.span,
    spans.from_date,
    spans.through_date,
    dim_date.date
from {{ ref('spans') }} as spans
inner join {{ ref('dim_date') }} as dim_date
    on dim_date.date between greatest(spans.from_date, spans.covered_from) and spans.through_date
