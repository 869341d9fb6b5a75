{{ config(
    materialized='in_parts',
    part_column='event_timestamp',
    reads_by='event_timestamp',
    parts='night.event_parts',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}

-- Few of all events, and those of one visitor lie anywhere among them: a table of their own, so that nobody has to look
-- for them in all of years.
select
    user_id,
    ga_session_id,
    transaction_id,
    purchase_revenue,
    event_timestamp,
    _line
from {{ ref('ga4_flat') }}
where event_name = 'purchase' and user_id is not null and ga_session_id is not null and {{ this_part() }}
