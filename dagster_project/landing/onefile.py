"""One snapshot → one typed Parquet file and what was set aside from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.kpi.model import CalendarRules, Source
from dagster_project.landing import ga4
from dagster_project.landing.held import FileHeld
from dagster_project.landing.ledger import Entry
from dagster_project.landing.rows import date_extents, days_of_rows, one_row_a_key
from dagster_project.landing.typed import BadRow, read_typed

LAYOUT = 1  # of the typed files; another number lands every snapshot again
QUARANTINE = pa.schema([("line", pa.int64()), ("column_name", pa.string()), ("reason", pa.string())])


def mapping_of(source: Source, rules: CalendarRules) -> str:
    """What shapes the landed rows of a source, as a short hash: mapping, the calendar's zone, our layout."""
    declared = source.mapping_hash or repr((source.format, source.columns, source.version, source.preset))
    shaping = f"{LAYOUT}|{rules.timezone}|{source.load}|{source.key}|{declared}"
    return hashlib.sha256(shaping.encode()).hexdigest()[:16]


def limits_of(source: Source) -> tuple[float, ...]:
    """What a holding depends on besides the mapping; a held file is looked at again when it changes."""
    return source.quarantine_limit, float(source.min_rows_share > 0)


@dataclass
class _Outcome:
    rows: int = 0
    seen: int = 0
    bad: list[BadRow] = field(default_factory=list)
    repeated: int = 0
    days: tuple[date, ...] = ()
    dates: dict[str, tuple[date, date]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    version: datetime | None = None
    endless: bool = False


def land_file(
    entry: Entry, source: Source, rules: CalendarRules, landing_dir: Path, events: ga4.EventReader
) -> Entry:
    """The entry with its outcome: landed with a typed file, or held with the reason. A bad file never raises.

    `entry` names the snapshot, the arrival and the version; `events` reads the exports of GA4.
    """
    name = hashlib.sha256(f"{entry.path}|{entry.version}|{entry.mapping_hash}".encode()).hexdigest()[:8]
    base = f"{source.name}/{entry.sha256[:16]}_{name}.parquet"
    typed, quarantine = landing_dir / "typed" / base, landing_dir / "quarantine" / base
    draft = typed.with_name(f".{typed.name}.tmp")
    typed.parent.mkdir(parents=True, exist_ok=True)
    outcome = _Outcome(version=entry.version)
    try:
        raw = landing_dir / entry.raw
        if source.preset == "ga4_events":
            _events(events, raw, entry, draft, outcome)
        else:
            _rows(raw, entry, source, rules, draft, outcome)
        _within_limits(outcome, source, entry.manifest_rows)
        if outcome.endless:
            outcome.bad.append(BadRow(0, "", _endless(source)))
        draft.replace(typed)
        landed, reason = True, ""
    except FileHeld as error:
        landed, reason = False, str(error)
    finally:
        draft.unlink(missing_ok=True)
    if outcome.bad:
        _write_quarantine(outcome.bad, quarantine)
    return replace(
        entry,
        status="landed" if landed else "held",
        reason=reason,
        version=outcome.version,
        rows=outcome.rows if landed else 0,
        quarantined=len({row.line for row in outcome.bad}),
        repeated=outcome.repeated,
        typed=f"typed/{base}" if landed else None,
        quarantine=f"quarantine/{base}" if outcome.bad else None,
        days=outcome.days if landed else (),
        dates=outcome.dates if landed else {},
        unknown_columns=outcome.unknown,
        limits=limits_of(source),
    )


def _events(events: ga4.EventReader, raw: Path, entry: Entry, draft: Path, outcome: _Outcome) -> None:
    found = events.land(raw, entry.path, entry.version, draft)
    outcome.rows, outcome.seen = found["rows"], found["seen"]
    outcome.bad = [BadRow(*row) for row in found["bad"]]
    outcome.days = tuple(datetime.strptime(day, "%Y%m%d").date() for day in found["days"])
    if outcome.days:
        outcome.dates = {"event_date": (outcome.days[0], outcome.days[-1])}
    if not outcome.seen:
        raise FileHeld("holds no event")


def _rows(
    raw: Path, entry: Entry, source: Source, rules: CalendarRules, draft: Path, outcome: _Outcome
) -> None:
    typed = read_typed(raw, source, rules.timezone)
    outcome.seen, outcome.bad, outcome.unknown = typed.seen, list(typed.bad), typed.unknown
    outcome.endless = typed.endless
    keyed = one_row_a_key(typed.table, source)
    outcome.bad += keyed.conflicts
    outcome.repeated, outcome.rows = keyed.repeated, keyed.table.num_rows
    outcome.dates = date_extents(keyed.table, source)
    table = keyed.table
    if source.version and source.version.origin == "column":
        version = pc.cast(table[source.version.column], pa.timestamp("us"))
        outcome.version = pc.max(version).as_py()
    else:
        version = pa.array([outcome.version] * table.num_rows, pa.timestamp("us"))
    if "version" not in table.column_names:
        table = table.append_column("version", version)
    table = table.append_column("_file", pa.array([entry.path] * table.num_rows, pa.string()))
    if source.load == "by_day" and table.num_rows:
        days = days_of_rows(table, source, outcome.version)
        outcome.days = tuple(sorted(pc.unique(days).to_pylist()))
        table = table.append_column("_day", days)
    pq.write_table(table, draft, compression="zstd")


def _endless(source: Source) -> str:
    """A mark and no hold: all rows may be there, and the total row be called otherwise, or gone for good."""
    return f"no row begins with stop_at {source.format.stop_at!r}: the file may be cut, or its total renamed"


def _within_limits(outcome: _Outcome, source: Source, declared_rows: int | None) -> None:
    bad = len({row.line for row in outcome.bad})
    if outcome.seen and bad / outcome.seen > source.quarantine_limit:
        first = min(outcome.bad, key=lambda row: row.line)
        place = f"line {first.line}" + (f", column {first.column}" if first.column else "")
        raise FileHeld(
            f"{bad:,} of {outcome.seen:,} rows are bad, more than quarantine_limit "
            f"{source.quarantine_limit:.1%}; first: {place}: {first.reason}"
        )
    if not outcome.rows:
        raise FileHeld("no row of it can be used")
    if declared_rows is not None and declared_rows != outcome.seen:
        raise FileHeld(f"holds {outcome.seen:,} rows where its manifest says {declared_rows:,}; it was cut")


def _write_quarantine(bad: list[BadRow], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = sorted(bad, key=lambda row: (row.line, row.column))
    table = pa.table(
        [[row.line for row in rows], [row.column for row in rows], [row.reason for row in rows]],
        schema=QUARANTINE,
    )
    draft = path.with_name(f".{path.name}.tmp")
    pq.write_table(table, draft)
    draft.replace(path)
