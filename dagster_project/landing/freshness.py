"""How fresh each source is, what was set aside of it, and which files are in force: tables to publish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.kpi.model import CalendarRules
from dagster_project.landing.active import newness
from dagster_project.landing.coverage import DAY, SourceDay, last_day
from dagster_project.landing.ledger import Entry

if TYPE_CHECKING:
    from dagster_project.landing.expose import SourceInForce

_MOMENT = pa.timestamp("us", tz="UTC")
FRESHNESS = pa.schema(
    [
        ("source", pa.string()),
        ("newest_record", pa.date32()),
        ("newest_file", pa.string()),
        ("arrived_at", _MOMENT),
        ("expected_lag_days", pa.int32()),
        ("days_late", pa.int32()),
        ("status", pa.string()),
        ("message", pa.string()),
        ("provisional_from", pa.date32()),
        ("rows", pa.int64()),
        ("quarantined", pa.int64()),
        ("held_files", pa.int64()),
        ("missing_days", pa.int64()),
    ]
)
QUARANTINE = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("sha256", pa.string()),
        ("line", pa.int64()),
        ("column_name", pa.string()),
        ("reason", pa.string()),
        ("arrived_at", _MOMENT),
    ]
)
INPUTS = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("rows", pa.int64()),
        ("quarantined", pa.int64()),
        ("version", pa.timestamp("us")),
        ("arrived_at", _MOMENT),
        ("status", pa.string()),
        ("reason", pa.string()),
    ]
)


def freshness_table(
    states: Sequence[SourceInForce], days: Sequence[SourceDay], rules: CalendarRules, as_of: date
) -> pa.Table:
    """One row a source. A night for `as_of` runs the day after: with a lag of one day, data to `as_of` is
    on time. Days closed by the calendar are not late."""
    rows = [
        _freshness(state, [day for day in days if day.source == state.source.name], rules, as_of)
        for state in states
    ]
    return pa.Table.from_pylist(rows, FRESHNESS)


def _freshness(
    state: SourceInForce, days: Sequence[SourceDay], rules: CalendarRules, as_of: date
) -> dict[str, object]:
    source = state.source
    newest = max((use.entry for use in state.uses), key=newness, default=None)
    through, _ = last_day(source, state.uses, rules)
    supplied = min(through, as_of) if through else None
    if source.load == "by_day":
        supplied = max((day for use in state.uses for day in use.entry.days if day <= as_of), default=None)
    known = max((day.date for day in days if day.is_known), default=None)
    late = 0
    if known:
        late = max(0, (as_of + DAY - max(known, supplied or known)).days - source.expected_lag_days)
    status, message = "fresh", f"covers days to {supplied}" if supplied else "holds no dates"
    if late:
        status, message = "stale", f"covers days to {supplied or known}, {late} days later than expected"
    if state.held:
        entry, reason = state.held[-1]
        status, message = "held", f"{entry.path} is held: {reason}"
        message += "; the last good version stays in force" if newest else "; no good version has arrived yet"
    elif newest is None:
        status, message = "no_file", f"no file {source.files!r} has arrived"
    return {
        "source": source.name,
        "newest_record": supplied,
        "newest_file": newest.path if newest else None,
        "arrived_at": newest.arrived_at if newest else None,
        "expected_lag_days": source.expected_lag_days,
        "days_late": late,
        "status": status,
        "message": message,
        "provisional_from": min((day.date for day in days if day.status == "provisional"), default=None),
        "rows": sum(use.entry.rows for use in state.uses),
        "quarantined": sum(use.entry.quarantined for use in state.uses),
        "held_files": len(state.held),
        "missing_days": sum(day.status == "missing" for day in days),
    }


def quarantine_table(states: Sequence[SourceInForce], landing_dir: Path) -> pa.Table:
    """Bad rows of the files in force and of held files; a held file has a row of its own, its line 0."""
    tables = []
    for state in states:
        tables += [_rows(entry, [0], [""], [f"file held: {reason}"]) for entry, reason in state.held]
        read = [use.entry for use in state.uses]
        read += [entry for entry, _ in state.held if entry.status == "held"]
        tables += [_bad_rows(entry, landing_dir / entry.quarantine) for entry in read if entry.quarantine]
    found = pa.concat_tables([QUARANTINE.empty_table(), *tables])
    # A path may have arrived twice with the same content: its bad rows are the same ones.
    keys = ["source", "file", "sha256", "line", "column_name"]
    grouped = found.group_by(keys).aggregate([("reason", "min"), ("arrived_at", "min")])
    return grouped.rename_columns([*keys, "reason", "arrived_at"]).select(QUARANTINE.names).cast(QUARANTINE)


def _bad_rows(entry: Entry, quarantine: Path) -> pa.Table:
    kept = pq.read_table(quarantine)
    lines = [line or 0 for line in kept["line"].to_pylist()]
    columns = [column or "" for column in kept["column_name"].to_pylist()]
    return _rows(entry, lines, columns, kept["reason"].to_pylist())


def _rows(entry: Entry, lines: Sequence[int], columns: Sequence[str], reasons: Sequence[str]) -> pa.Table:
    count = len(lines)
    arrived: list[datetime] = [entry.arrived_at] * count
    identity = [[entry.source] * count, [entry.path] * count, [entry.sha256] * count]
    given = [*identity, lines, columns, reasons, arrived]
    return pa.table(
        [pa.array(column, kind.type) for column, kind in zip(given, QUARANTINE, strict=True)],
        schema=QUARANTINE,
    )


def inputs_table(states: Sequence[SourceInForce]) -> pa.Table:
    """Every file known to a source, with what identifies it: active, superseded or held, and why."""
    found: dict[tuple[str, str, str], dict[str, object]] = {}
    for state in states:
        active = {use.entry.arrival for use in state.uses}
        held = {entry.arrival: reason for entry, reason in state.held}
        for entry in sorted(state.entries, key=newness):
            status, reason = "superseded", "a newer export is in use"
            if entry.arrival in active:
                status, reason = "active", ""
            elif entry.arrival in held or entry.status == "held":
                status, reason = "held", held.get(entry.arrival, entry.reason)
            key = (entry.source, entry.path, entry.sha256)
            if key in found and found[key]["status"] == "active":
                continue
            found[key] = {
                "source": entry.source,
                "file": entry.path,
                "sha256": entry.sha256,
                "bytes": entry.bytes,
                "rows": entry.rows,
                "quarantined": entry.quarantined,
                "version": entry.version,
                "arrived_at": entry.arrived_at,
                "status": status,
                "reason": reason or None,
            }
    return pa.Table.from_pylist(list(found.values()), INPUTS)
