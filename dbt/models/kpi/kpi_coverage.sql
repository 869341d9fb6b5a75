select
    kpi,
    min(date) as covered_from,
    max(case when is_known then date end) as data_through
from {{ ref('kpi_days') }}
group by kpi
