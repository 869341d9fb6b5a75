"""What a night changed in days that were published before, and which file brought it.

Compared are the daily values of the publication in force and those about to take its place. What is written
is kept in state/restatements under the name of the publication that it changes: a night that is killed and
run again writes the same file anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from dagster_project import appended
from dagster_project.publish.contract import load
from dagster_project.publish.engine import ONE_THREAD, connect, literal
from dagster_project.publish.publication import as_of_of

TABLE = "restatements"


@dataclass(frozen=True)
class InputFile:
    """A file in force tonight. `days`: the days that it alone supplies, empty where its rows say the day."""

    source: str
    path: str
    sha256: str
    version: datetime | None
    arrived_at: datetime
    days: tuple[date, ...] = ()


@dataclass(frozen=True)
class Read:
    """What a KPI is made from. `ripens`: its days change as their windows end, without a correction."""

    sources: frozenset[str]
    ripens: bool = False


def find(
    warehouse: Path,
    published: Path,
    reads: Mapping[str, Read],
    files: Iterable[InputFile],
    run_id: str,
    as_of: date,
) -> pa.Table:
    """Rows of the table `restatements`: every daily value that differs from `published`, a publication's
    folder, on a day that both know, under the same definition.

    Left out are changes of a definition (definition_hash tells those) and cohorts whose windows were still
    open. cause_file is the newest file that has come into force since, of a source that the KPI reads, before
    others one that holds that very day; NULL where no file has changed.
    """
    sides = {
        "daily": str(published / "kpi_daily.parquet"),
        "through": min(as_of_of(published), as_of),
    }
    spill = warehouse.parent / "spill"
    with connect([published, warehouse.parent], spill, ONE_THREAD) as connection:
        connection.execute(f"attach {literal(str(warehouse.resolve()))} as warehouse (read_only)")
        days = [day for (day,) in connection.execute(_DIFFERING, sides).fetchall()]
        connection.register("reads", _reads(reads))
        connection.register("files", _files(files))
        inputs = str(published / "pipeline_runs.parquet")
        about = {"inputs": inputs, "run_id": run_id, "as_of": as_of, "days": days}
        found = connection.execute(_QUERY, sides | about).to_arrow_table()
    return found.cast(pa.schema([field.with_nullable(True) for field in load().table(TABLE).schema]))


def keep(state: Path, base: str, rows: pa.Table) -> None:
    """`rows` as what has changed in the publication `base`."""
    appended.write(state / TABLE, base, rows)


def kept(state: Path, batches: Path | None = None) -> pa.Table:
    """Everything ever restated. batches: the project's folder of state/'s files gathered, see gathered.py."""
    return appended.read(state / TABLE, load().table(TABLE).schema, batches and batches / TABLE)


_SIDES = """
with old as not materialized (
    select kpi, date, dimension, segment, value, data_status, definition_hash
    from read_parquet($daily)
    where date <= $through::date
),

new as not materialized (
    select kpi, date, dimension, segment, value, data_status, definition_hash
    from warehouse.main.kpi_daily
    where date <= $through::date
)
"""

# A day as one number on either side: most are as they were, and their rows need no comparison.
_DIFFERING = f"""
{_SIDES}
select date
from (
    select date, sum(hash(kpi, dimension, segment, value, data_status)) as digest from old group by date
) as old_days
full join (
    select date, sum(hash(kpi, dimension, segment, value, data_status)) as digest from new group by date
) as new_days using (date)
where old_days.digest is distinct from new_days.digest
order by date
"""

_QUERY = f"""
{_SIDES},

-- A segment may have a row in one of them only, so the hash is compared by KPI.
same_definition as (
    select kpi, any_value(definition_hash) as definition_hash
    from (
        select distinct kpi, definition_hash from old
        union
        select distinct kpi, definition_hash from new
    )
    group by kpi
    having count(*) = 1
),

old_rows as (
    select * from old where date in $days
),

new_rows as (
    select * from new where date in $days
),

changed as (
    select
        coalesce(new.kpi, old.kpi) as kpi,
        coalesce(new.date, old.date) as date,
        coalesce(new.dimension, old.dimension) as dimension,
        coalesce(new.segment, old.segment) as segment,
        old.value as old_value,
        new.value as new_value,
        old.data_status as old_status,
        new.data_status as new_status,
        same_definition.definition_hash
    from old_rows as old
    full join new_rows as new
        on
            old.kpi = new.kpi
            and old.date = new.date
            and old.dimension = new.dimension
            and old.segment = new.segment
    inner join same_definition
        on same_definition.kpi = coalesce(new.kpi, old.kpi)
    inner join reads
        on reads.kpi = coalesce(new.kpi, old.kpi)
    where
        old.value is distinct from new.value
        -- a segment without a row on a day had nothing there: neither nothing nor 0 is news
        and not (
            (old.kpi is null or new.kpi is null)
            and coalesce(old.value, 0) = coalesce(new.value, 0)
        )
        and coalesce(old.data_status, '') <> 'immature'
        and coalesce(new.data_status, '') <> 'immature'
        and not (reads.ripens and old.data_status = 'provisional')
),

arrived as (
    select files.*
    from files
    left join read_parquet($inputs) as before
        on
            before.source = files.source
            and before.file = files.file
            and before.sha256 = files.sha256
            and before.status = 'active'
    where before.file is null
),

causes as (
    select
        reads.kpi,
        arrived.source,
        arrived.file,
        arrived.date,
        arrived.newness
    from reads
    inner join arrived
        on list_contains(reads.sources, arrived.source)
),

of_the_day as (
    select kpi, date, max_by({{'source': source, 'file': file}}, (newness, file)) as cause
    from causes
    where date is not null
    group by kpi, date
),

newest as (
    select kpi, max_by({{'source': source, 'file': file}}, (newness, file)) as cause
    from causes
    group by kpi
)

select
    changed.kpi,
    changed.date,
    changed.dimension,
    changed.segment,
    $run_id::varchar as night,
    $as_of::date as as_of,
    changed.old_value,
    changed.new_value,
    changed.old_status,
    changed.new_status,
    coalesce(of_the_day.cause.source, newest.cause.source) as cause_source,
    coalesce(of_the_day.cause.file, newest.cause.file) as cause_file,
    changed.definition_hash
from changed
left join of_the_day
    on
        of_the_day.kpi = changed.kpi
        and of_the_day.date = changed.date
left join newest
    on newest.kpi = changed.kpi
order by all
"""


def _reads(reads: Mapping[str, Read]) -> pa.Table:
    return pa.table(
        {
            "kpi": pa.array(list(reads), pa.string()),
            "sources": pa.array([sorted(read.sources) for read in reads.values()], pa.list_(pa.string())),
            "ripens": pa.array([read.ripens for read in reads.values()], pa.bool_()),
        }
    )


def _files(files: Iterable[InputFile]) -> pa.Table:
    """A row a file, or a row a day that it supplies."""
    rows = [(file, day) for file in files for day in (file.days or (None,))]
    return pa.table(
        {
            "source": pa.array([file.source for file, _ in rows], pa.string()),
            "file": pa.array([file.path for file, _ in rows], pa.string()),
            "sha256": pa.array([file.sha256 for file, _ in rows], pa.string()),
            "date": pa.array([day for _, day in rows], pa.date32()),
            "newness": pa.array(
                [file.version or file.arrived_at.replace(tzinfo=None) for file, _ in rows],
                pa.timestamp("us"),
            ),
        }
    )
