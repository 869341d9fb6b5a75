-- At which coverage, and over which shape of days, each measure is needed: all leaves of a KPI are cut alike.
with wanted as (
    select
        kpi,
        numerator as measure,
        shape
    from {{ source('definitions', 'leaves') }}
    union
    select
        kpi,
        denominator as measure,
        shape
    from {{ source('definitions', 'leaves') }}
    where denominator is not null
    union
    select
        kpi,
        measure,
        shape
    from {{ source('definitions', 'presence') }}
)

select distinct
    wanted.measure,
    wanted.shape,
    coverage.covered_from,
    coverage.data_through
from wanted
inner join {{ ref('kpi_coverage') }} as coverage
    on coverage.kpi = wanted.kpi
where coverage.data_through is not null
