"""The CRM's exports: deals, leads and accounts as CSV, the whole table each night, made from a seed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

ACCOUNTS, LEADS, DEALS = 1_500, 8_000, 6_000

_DRAW = "cast(hash($seed, '{}', number) % {} as bigint)"


def _draw(salt: str, below: int) -> str:
    return _DRAW.format(salt, below)


_OPENED = f"$first + cast({_draw('opened', 10_000)} * ($length) // 10_000 as integer)"
_TEAM = f"case when {_draw('team', 2)} = 0 then '東日本' else '西日本' end"

_TABLES = {
    "accounts": f"""
        select
            concat('A', number) as account_id,
            concat('industry-', {_draw("industry", 8)}) as industry,
            {_OPENED} as registered_on
        from range({ACCOUNTS}) as given(number)
        order by number""",
    "leads": f"""
        select
            concat('L', number) as lead_id,
            {_OPENED} as created_on,
            case {_draw("source", 5)} when 0 then 'paid' when 1 then 'email' when 2 then 'referral'
                else 'organic' end as lead_source,
            case {_draw("kind", 2)} when 0 then 'inquiry' else 'document' end as kind,
            {_TEAM} as team
        from range({LEADS}) as given(number)
        order by number""",
    # `changed`: deals that somebody corrected since the export before
    "deals": f"""
        with opened as (
            select
                number,
                {_OPENED} as created_on,
                {_OPENED} + cast(5 + {_draw("cycle", 110)} as integer) as ends_on,
                {_draw("won", 100)} < 30 as is_won,
                {_draw("amount", 300)} as amount
            from range({DEALS}) as given(number)
        )
        select
            concat('D', number) as deal_id,
            concat('A', {_draw("account", ACCOUNTS)}) as account_id,
            case when {_draw("lead", 3)} < 2 then concat('L', {_draw("which", LEADS)}) end as lead_id,
            concat('rep-', {_draw("owner", 20)}) as owner,
            {_TEAM} as team,
            concat('product-', {_draw("product", 12)}) as product,
            case when ends_on > $known then '商談中' when is_won then '受注' else '失注' end as stage,
            created_on,
            case when ends_on <= $known then ends_on end as closed_on,
            case when ends_on <= $known and not is_won then 0
                else 100_000 + amount * 5_000 + case when $changed and number % 40 = 0 then 1_000 else 0 end
            end as amount
        from opened
        where created_on <= $known
        order by number""",
}


def write_exports(
    folder: Path, first: date, last: date, known: date, *, changed: bool, seed: int = 1
) -> None:
    """What the CRM knows at the end of `known`, of business between `first` and `last`; one file a table.

    changed: some deals were corrected since the export before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for name, sql in _TABLES.items():
            given = {"seed": seed, "first": first, "length": (last - first).days}
            given |= {
                key: value for key, value in (("known", known), ("changed", changed)) if f"${key}" in sql
            }
            path = folder / f"{name}_{known + timedelta(days=1):%Y%m%d}.csv"
            connection.execute(f"copy ({sql}) to '{path}' (format csv, header)", given)
