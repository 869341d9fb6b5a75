-- At which coverage, and over which shape of days, each measure is needed: all leaves of a KPI are cut alike.
-- The numbers are for joins, where a number costs a third of four names and dates.
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
),

cuts as (
    select distinct
        wanted.measure,
        wanted.shape,
        coverage.covered_from,
        coverage.data_through
    from wanted
    inner join {{ ref('kpi_coverage') }} as coverage
        on coverage.kpi = wanted.kpi
    where coverage.data_through is not null
)

select
    cast(row_number() over (order by measure, shape, covered_from, data_through) as integer) as cut,
    measure,
    shape,
    covered_from,
    data_through
from cuts
