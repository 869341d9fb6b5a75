{{ config(
    materialized='in_parts',
    part_column='user_id',
    reads_by='user_id',
    touched='select buyer from main.ga4_flat__rewritten where buyer is not null',
    enabled='ga4' in env_var('KPI_DBT_PACKS', '').split(','),
    contract={'enforced': true},
) }}

-- A page that is loaded again sends its purchase again: a visitor's transaction counts once, in its first session.
with purchases as (
    select
        *,
        {{ ga4_position() }} as position
    from {{ ref('ga4_purchases') }}
    where {{ this_part() }}
)

select
    user_id,
    transaction_id,
    min_by(ga_session_id, position) as ga_session_id,
    cast(
        case
            when transaction_id is null then sum(purchase_revenue)
            else min_by(purchase_revenue, case when purchase_revenue is not null then position end)
        end as decimal(18, 4)
    ) as revenue,
    cast(case when transaction_id is null then count(*) else 1 end as bigint) as transactions
from purchases
group by
    user_id,
    transaction_id,
    case when transaction_id is null then ga_session_id end
