"""The plan of a night: which models are rebuilt whole, which parts of the others are written again.

What the last build was made of is kept in the warehouse, beside what it made. It is taken away before the
next build begins and put back once that has come to its end: after a kill or a failure all is rebuilt.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from dagster_project import warehouse
from dagster_project.calendar.zones import usual_offset
from dagster_project.landing.active import Use
from dagster_project.landing.expose import SourceInForce, landed_paths, only_files, reads
from dagster_project.project import Project
from dagster_project.rewrites.fingerprints import fingerprints, written_in_parts
from dagster_project.rewrites.parts import (
    MICROSECONDS_OF_DAY,
    Part,
    Span,
    all_parts,
    changed_days,
    parts_of,
    rows_of,
    touches,
)

EVENTS = "ga4_flat"
PRESET = "ga4_events"


@dataclass(frozen=True)
class Built:
    """What a build is made of. models: name → fingerprint. files: landed file and its days → where its rows
    lie, None without rows. ahead: microseconds that the clock by which they lie there is ahead of UTC."""

    models: dict[str, str]
    files: dict[str, Span | None]
    as_of: date
    ahead: int = 0


@dataclass(frozen=True)
class Plan:
    """rebuilt: models to be written whole. parts: of the events, and about how many rows they hold. dates:
    first and last day of ranges that are added up again in any case."""

    rebuilt: tuple[str, ...]
    parts: tuple[Part, ...]
    rows: int
    dates: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Tonight:
    """What to record once the models are built, and about how many landed rows they read until then."""

    built: Built
    rows: int


def plan(before: Built | None, now: Built, asked: tuple[date, date] | None = None) -> Plan:
    """What separates two builds. asked: a range of days that is to be computed anew in any case."""
    spans = list(now.files.values())
    whole = sum(span.rows for span in spans if span is not None)
    if before is None:
        return Plan(tuple(now.models), tuple(all_parts(spans)), whole, ())
    rebuilt = tuple(name for name, made_of in now.models.items() if before.models.get(name) != made_of)
    dates = [asked] if asked else []
    if before.as_of != now.as_of:
        earlier, later = sorted((before.as_of, now.as_of))
        dates.append((earlier + timedelta(days=1), later))
    if EVENTS in rebuilt:
        return Plan(rebuilt, tuple(all_parts(spans)), whole, tuple(dates))
    days = changed_days(before.files, now.files)
    if asked:
        # in summer time the last hour of a day lies in the one before
        days.update(range(_day(asked[0]) - 1, _day(asked[1]) + 2))
    return Plan(rebuilt, tuple(parts_of(days, spans)), rows_of(days, spans), tuple(dates))


def begin(
    project: Project,
    timezone: str,
    manifest: Mapping[str, Any],
    states: Sequence[SourceInForce],
    as_of: date,
    asked: tuple[date, date] | None,
) -> Tonight | None:
    """Write tonight's plan into schema `night` and take the last build's record away; returns what to record
    by `finish` once the models are built. None where no model is written in parts.

    timezone: of the calendar. states: the sources' files that count tonight.
    Called once before each attempt to build, after the landed files were exposed.
    """
    common = {
        "timezone": timezone,
        **{name: version(name) for name in ("shirube", "duckdb")},
    }
    models = fingerprints(manifest, common)
    if not models:
        return None
    ahead = usual_offset(timezone)
    with warehouse.opened(project) as connection:
        before = _recorded(connection, written_in_parts(manifest), ahead)
        of_events = [state for state in states if state.source.preset == PRESET]
        now = Built(models, _files(project, of_events, as_of, before, ahead), as_of, ahead)
        made = plan(before, now, asked)
        connection.execute("begin")
        connection.execute("drop table if exists built.state")
        _write(connection, "rebuilt", ["varchar"], [(name,) for name in made.rebuilt])
        _write(
            connection,
            "event_parts",
            ["bigint", "varchar", "varchar"],
            [(part.batch, _utc(part.lower, ahead), _utc(part.upper, ahead)) for part in made.parts],
        )
        _write(
            connection,
            "event_files",
            ["bigint", "varchar", "varchar"],
            _files_of_batches(project.landing, of_events, as_of, now.files, made.parts),
        )
        _write(connection, "rebuilt_dates", ["date", "date"], made.dates)
        connection.execute("commit")
    others = sum(
        use.entry.rows for state in states if state.source.preset != PRESET for use, _ in reads(state, as_of)
    )
    return Tonight(now, made.rows + others)


def finish(project: Project, tonight: Tonight) -> None:
    """Record what the models are made of now; in one statement, so that it is there whole or not at all."""
    built = tonight.built
    content = {
        "models": built.models,
        "files": {name: asdict(span) if span else None for name, span in built.files.items()},
        "as_of": built.as_of.isoformat(),
        "ahead": built.ahead,
    }
    with warehouse.opened(project) as connection:
        connection.execute("create schema if not exists built")
        connection.execute(
            "create or replace table built.state as select $content as content",
            {"content": json.dumps(content)},
        )


def _recorded(connection: duckdb.DuckDBPyConnection, in_parts: Set[str], ahead: int) -> Built | None:
    """What the last build was made of; None where that is not known or went by another clock, or where a
    table is gone of which a night would write a part only."""
    try:
        row = connection.execute("select content from built.state").fetchone()
    except duckdb.CatalogException:
        return None
    if row is None:
        return None
    content = json.loads(row[0])
    if content.get("ahead") != ahead:
        return None
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'main'"
    ).fetchall()
    if not in_parts & content["models"].keys() <= {name for (name,) in tables}:
        return None
    files = {name: Span(**span) if span else None for name, span in content["files"].items()}
    return Built(content["models"], files, date.fromisoformat(content["as_of"]), ahead)


def _files(
    project: Project, of_events: Iterable[SourceInForce], as_of: date, before: Built | None, ahead: int
) -> dict[str, Span | None]:
    """Every landed file of events that the night reads. A file that the last build read too is not opened."""
    known = before.files if before else {}
    found: dict[str, Span | None] = {}
    for state in of_events:
        for use, days in reads(state, as_of):
            key = _key(state, use, days)
            if key in known:
                found[key] = known[key]
            else:
                found[key] = span_of(project.landing / str(use.entry.typed), ahead)
    return found


def _key(state: SourceInForce, use: Use, days: Sequence[date] | None) -> str:
    """The name of a landed file does not tell its content: the export's digest and mapping do."""
    entry = use.entry
    taken = "" if days is None else " " + ",".join(day.isoformat() for day in days)
    return f"{state.source.name} {entry.typed} {entry.sha256} {entry.mapping_hash}{taken}"


def _files_of_batches(
    landing_dir: Path,
    of_events: Iterable[SourceInForce],
    as_of: date,
    spans: Mapping[str, Span | None],
    parts: Iterable[Part],
) -> list[tuple[int, str, str]]:
    """(batch, the variable that narrows the view of a source, path) of the files that may have rows in the
    batch. Of each source at least one: to read no file at all can't be said."""
    batches: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        batches[part.batch].append(part)
    found = []
    for state in of_events:
        whole = [(use, spans[_key(state, use, None)]) for use, days in reads(state, as_of) if days is None]
        for batch, ranges in batches.items():
            uses = [use for use, span in whole if span and any(touches(part, span) for part in ranges)]
            paths = landed_paths(uses or [use for use, _ in whole[:1]], landing_dir)
            found += [(batch, only_files(state.source.name), path) for path in paths]
    return found


def span_of(path: Path, ahead: int) -> Span | None:
    """Where the events of a landed file lie, by its Parquet footer; None without rows. ahead: microseconds
    that the clock is ahead of UTC."""
    metadata = pq.read_metadata(path)
    if metadata.num_rows == 0:
        return None
    column = next(
        at for at in range(metadata.num_columns) if metadata.schema.column(at).path == "event_timestamp"
    )
    days: list[int] = []
    lacks_moments = False
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(column).statistics
        lacks_moments |= statistics is None or statistics.null_count > 0
        if statistics is not None and statistics.has_min_max:
            ends = (statistics.min, statistics.max)
            days += [max(0, (moment + ahead) // MICROSECONDS_OF_DAY) for moment in ends]
    return Span(min(days, default=0), max(days, default=0), metadata.num_rows, lacks_moments)


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, kinds: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    connection.execute(f"delete from night.{table}")
    warehouse.insert(connection, f"night.{table}", kinds, rows)


def _utc(moment: int | None, ahead: int) -> str | None:
    return None if moment is None else str(moment - ahead)


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days
