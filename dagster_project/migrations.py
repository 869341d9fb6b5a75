"""How kept tables have changed from one version of the contract to the next.

Nothing can rebuild state/, so its files stay as the version of their time wrote them, each with that version
in it; what has changed since is done to their rows whenever they are read. A file is never rewritten, and a
kill leaves nothing half done.

Columns are only ever added or renamed. Who changes a kept table raises `version` in contract.json and VERSION
here, and says in MIGRATIONS what becomes of older rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

VERSION = 1  # of contract.json, which only `publish` reads
FIRST = 1  # files from before versions were written into them
KEPT = ("kgi_forecast", "kgi_forecast_path", "alerts", "goal_reviews", "restatements")

Change = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Migration:
    """What version `to` of the contract does to rows of a kept `table` that the version before it wrote."""

    to: int
    table: str
    change: Change


MIGRATIONS: tuple[Migration, ...] = ()  # in the order of their versions


def migrated(rows: pa.Table, table: str, version: int, to: int, migrations: Sequence[Migration]) -> pa.Table:
    """`rows` of a kept table as version `to` of the contract writes them; `version` is what wrote them."""
    for migration in migrations:
        if migration.table == table and version < migration.to <= to:
            rows = migration.change(rows)
    return rows


def added(column: str, kind: pa.DataType, value: object = None) -> Change:
    """A column that older rows lack, with what they would have had in it."""

    def change(rows: pa.Table) -> pa.Table:
        return rows.append_column(column, pa.array([value] * rows.num_rows, kind))

    return change


def renamed(old: str, new: str) -> Change:
    """A column under another name."""

    def change(rows: pa.Table) -> pa.Table:
        return rows.rename_columns([new if name == old else name for name in rows.column_names])

    return change
