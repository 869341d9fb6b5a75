select distinct
    operands.measure,
    coverage.covered_from,
    coverage.data_through
from {{ source('definitions', 'operands') }} as operands
inner join {{ ref('kpi_coverage') }} as coverage
    on coverage.kpi = operands.kpi
where coverage.data_through is not null
