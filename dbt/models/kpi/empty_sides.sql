-- What a side of a KPI is over days that are known and hold no row: 0 for counts and sums, else nothing.
select
    kpi,
    max(case when side = 'numerator' and zero_when_empty then 0 end) as numerator,
    max(case when side = 'denominator' and zero_when_empty then 0 end) as denominator
from {{ source('definitions', 'operands') }}
group by kpi
