"""Landed files → the warehouse's schemas `landing` (a view a source) and `night` (what this night knows)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dagster_project.calendar.zones import fixed_offset
from dagster_project.errors import NothingPublished
from dagster_project.kpi.model import SQL_TYPES, CalendarRules, Source
from dagster_project.landing import ga4
from dagster_project.landing.active import Held, Use, arrived_by, choose
from dagster_project.landing.coverage import SourceDay, last_day, open_holds, source_days
from dagster_project.landing.freshness import freshness_table, inputs_table, quarantine_table
from dagster_project.landing.ledger import Entry, Ledger
from dagster_project.landing.onefile import mapping_of

if TYPE_CHECKING:
    import duckdb

    from dagster_project.calendar.business import BusinessCalendar

_TECHNICAL = {"_file": "varchar", "_line": "bigint", "version": "timestamp"}


@dataclass(frozen=True)
class Exposed:
    """What publication needs to know of the sources, as tables.

    `source_freshness`: one row a source. `quarantine`: a row a bad cell of a file in force, one a held file.
    `inputs`: every file known, with sha256 and whether it is in use. `held`: (source, file, reason).
    """

    source_freshness: pa.Table
    quarantine: pa.Table
    inputs: pa.Table
    held: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class SourceInForce:
    """A source with the files that count for one night, and those that are held."""

    source: Source
    entries: list[Entry]
    uses: list[Use]
    held: list[Held]


def in_force(
    landing_dir: Path, sources: Sequence[Source], rules: CalendarRules, known_at: datetime | None = None
) -> list[SourceInForce]:
    """The state of every source from the ledger alone; `known_at` leaves out what arrived later."""
    entries = Ledger(landing_dir).entries()
    found = []
    for source in sources:
        mapping = mapping_of(source, rules)
        own = arrived_by(entries, source, mapping, known_at)
        uses, guarded = choose(entries, source, mapping, known_at)
        found.append(SourceInForce(source, own, uses, open_holds(own, uses, guarded, source)))
    return found


def latest_data(
    landing_dir: Path, sources: Sequence[Source], rules: CalendarRules, known_at: datetime | None = None
) -> date | None:
    """The last day that the data covers, None without data; `known_at` leaves out what arrived later.

    Sources that declare what they cover (a version, `covers`, a file a day) decide; only without any of them
    do the dates in the rows, for they may hold plans.
    """
    declared: list[date] = []
    found: list[date] = []
    for state in in_force(landing_dir, sources, rules, known_at):
        through, is_declared = last_day(state.source, state.uses, rules)
        if through:
            (declared if is_declared else found).append(through)
    return max(declared or found, default=None)


def expose(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    sources: Sequence[Source],
    rules: CalendarRules,
    as_of: date,
    run_id: str,
    known_at: datetime | None = None,
) -> Exposed:
    """Write schemas `landing` and `night` of the warehouse that is open, in one transaction."""
    from dagster_project.calendar.business import BusinessCalendar

    calendar = BusinessCalendar(rules)
    states = in_force(landing_dir, sources, rules, known_at)
    _require_kept(states)
    days: list[SourceDay] = []
    for state in states:
        days += source_days(state.source, state.uses, state.held, rules, as_of, calendar.is_business_day)
    open_days = calendar_days(calendar, min([row.date for row in days], default=as_of), as_of)
    statements = [
        "drop schema if exists landing cascade",
        "create schema landing",
        "create schema if not exists night",
    ]
    statements += [
        f'create view landing."{s.source.name}" as {view_sql(s, landing_dir, as_of)}' for s in states
    ]
    connection.execute("begin")
    for statement in statements:
        connection.execute(statement)
    for name, table in night_tables(days, open_days, rules, as_of, run_id, known_at).items():
        connection.register("_rows", table)
        connection.execute(f"create or replace table night.{name} as select * from _rows")
        connection.unregister("_rows")
    connection.execute("commit")
    return Exposed(
        freshness_table(states, days, rules, as_of),
        quarantine_table(states, landing_dir),
        inputs_table(states),
        tuple((state.source.name, entry.path, reason) for state in states for entry, reason in state.held),
    )


def _require_kept(states: Sequence[SourceInForce]) -> None:
    """Raises NothingPublished where a file that counts was pruned: of a moment too long ago, or by
    definitions that have come to want an older export."""
    gone = [(state.source.name, use.entry) for state in states for use in state.uses if use.entry.pruned_at]
    if gone:
        source, entry = gone[0]
        raise NothingPublished(
            f"{source}: {entry.path} would count, and was pruned on {entry.pruned_at:%Y-%m-%d}"
            + (f" (and {len(gone) - 1} more)" if len(gone) > 1 else "")
            + "; ask for a later --known-at, or put the export into the data folder again under a new name"
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def column_types(source: Source) -> dict[str, str]:
    """(column → SQL type) of a source's relation in schema `landing`, the technical columns last."""
    types = _declared_types(source)
    return types | {name: kind for name, kind in _TECHNICAL.items() if name not in types}


def _declared_types(source: Source) -> dict[str, str]:
    if source.preset == "ga4_events":
        return ga4.COLUMNS
    return {column.name: SQL_TYPES[column.type] for column in source.columns}


def reads(state: SourceInForce, as_of: date) -> list[tuple[Use, list[date] | None]]:
    """The files that a night reads of a source, each with the days that it takes from it, None for all of its
    rows. Of daily files only days up to `as_of` are read."""
    found: list[tuple[Use, list[date] | None]] = []
    for use in state.uses:
        days = use.days if use.days is not None else use.entry.days
        if state.source.load == "by_day" and (use.days is not None or any(day > as_of for day in days)):
            if wanted := [day for day in days if day <= as_of]:
                found.append((use, wanted))
        else:
            found.append((use, None))
    return found


def view_sql(state: SourceInForce, landing_dir: Path, as_of: date) -> str:
    """A select over exactly the files in force; an empty relation of the same columns where there is none."""
    source = state.source
    types = _declared_types(source)
    extra = {name: kind for name, kind in _TECHNICAL.items() if name not in types}
    read = reads(state, as_of)
    whole = [use for use, days in read if days is None]
    selects = [_select(whole, source, types, extra, landing_dir, None)] if whole else []
    selects += [
        _select([use], source, types, extra, landing_dir, days) for use, days in read if days is not None
    ]
    if not selects:
        columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in {**types, **extra}.items())
        return f"select {columns} where false"
    return " union all ".join(selects)


def landed_paths(uses: Iterable[Use], landing_dir: Path) -> list[str]:
    """The landed files as the views name them."""
    paths = [str(use.entry.typed).rpartition("/") for use in uses]
    # a folder at a time: to resolve each of years of daily files takes longer than all else about them
    folders = {folder: (landing_dir / folder).resolve() for folder in {folder for folder, _, _ in paths}}
    return [f"{folders[folder]}/{name}" for folder, _, name in paths]


def only_files(source: str) -> str:
    """The SQL variable by which a session may name the landed files of events that it wants, one at least."""
    return f"only_files_of_{source}"


def _select(
    uses: Sequence[Use],
    source: Source,
    types: dict[str, str],
    extra: dict[str, str],
    landing_dir: Path,
    days: Sequence[date] | None,
) -> str:
    given = [f'"{name}"::{kind} as "{name}"' for name, kind in types.items()]
    if source.preset == "ga4_events":
        given = [f'"{name}"' for name in types]
    given += [f'"{name}"::{kind} as "{name}"' for name, kind in extra.items()]
    files = f"[{', '.join(map(_literal, landed_paths(uses, landing_dir)))}]"
    if source.preset == "ga4_events" and days is None:
        # to open years of daily files costs more than to read those that are wanted
        files = f"coalesce(getvariable({_literal(only_files(source.name))}), {files})"
    sql = f"select {', '.join(given)} from read_parquet({files})"
    if days is not None:
        day = "try_strptime(event_date, '%Y%m%d')::date" if source.preset == "ga4_events" else "_day"
        wanted = ", ".join(f"date '{given_day}'" for given_day in days)
        sql += f" where {day} in ({wanted})"
    return sql


def calendar_days(
    calendar: BusinessCalendar, first: date, as_of: date
) -> list[tuple[date, bool, str | None]]:
    """The days that a night's calendar holds: ten years back, or to the first known day, and three ahead."""
    start = min(date(as_of.year - 10, 1, 1), date(first.year, 1, 1))
    return calendar.days(start, date(as_of.year + 3, 12, 31))


def night_tables(
    days: Sequence[SourceDay],
    open_days: Sequence[tuple[date, bool, str | None]],
    rules: CalendarRules,
    as_of: date,
    run_id: str,
    known_at: datetime | None,
) -> dict[str, pa.Table]:
    """The tables of schema `night`, by name."""

    def table(rows: Sequence[Sequence[Any]], **types: pa.DataType) -> pa.Table:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types.values(), strict=True)]
        return pa.table(arrays, list(types))

    text, day, truth = pa.string(), pa.date32(), pa.bool_()
    instant = known_at.astimezone(UTC).replace(tzinfo=None) if known_at else None
    fixed = fixed_offset(rules.timezone)
    clock = (fixed.offset, fixed.since, fixed.until) if fixed else (None, None, None)
    return {
        "source_days": table(
            [(row.source, row.date, row.status, row.is_known, row.reason) for row in days],
            source=text, date=day, status=text, is_known=truth, reason=text,
        ),
        "calendar_days": table(open_days, date=day, is_business_day=truth, holiday_name=text),
        # Until a plan is made (rewrites), everything is to be written again.
        "rebuilt": table([("*",)], model=text),
        "event_parts": table([(0, None, None)], batch=pa.int64(), lower=text, upper=text),
        "event_files": table([], batch=pa.int64(), variable=text, path=text),
        "rebuilt_dates": table([], first_date=day, last_date=day),
        "run": table([(run_id, as_of, instant)], run_id=text, as_of=day, known_at=pa.timestamp("us")),
        "settings": table(
            [(rules.timezone, rules.fiscal_start_month, rules.week_start, *clock)],
            timezone=text, fiscal_start_month=pa.int32(), week_start=text,
            utc_offset=pa.int64(), offset_since=pa.int64(), offset_until=pa.int64(),
        ),
    }  # fmt: skip
