"""What of the landing folder is no longer needed, and its removal: superseded snapshots past their age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.kpi.model import CalendarRules, Source
from dagster_project.landing.expose import in_force
from dagster_project.landing.ledger import Entry, Ledger


@dataclass(frozen=True)
class Pruned:
    """`entries`: arrivals whose files went; `bytes`: what they took."""

    entries: int
    bytes: int


def prune(
    landing_dir: Path,
    sources: Sequence[Source],
    rules: CalendarRules,
    before: datetime,
    now: datetime,
    *,
    dry_run: bool = False,
) -> Pruned:
    """Remove snapshot, typed rows and quarantine of every arrival that no night since `before` reads.

    Kept is what counts now, what counted at `before`, and whatever arrived after it: every moment since then
    can still be asked for with --known-at. Arrivals of sources that are no longer declared stay. The ledger
    keeps its lines and says when a file was pruned. Both moments carry a zone.
    """
    ledger = Ledger(landing_dir)
    entries = ledger.entries()
    needed = {
        entry.arrival for moment in (None, before) for entry in _counting(landing_dir, sources, rules, moment)
    }
    declared = {source.name for source in sources}
    going = [
        entry
        for entry in entries
        if entry.pruned_at is None
        and entry.source in declared
        and entry.arrived_at <= before
        and entry.arrival not in needed
    ]
    gone = {entry.arrival for entry in going}
    shared = {
        path
        for entry in entries
        if entry.pruned_at is None and entry.arrival not in gone
        for path in _files(entry)
    }
    paths = {landing_dir / path for entry in going for path in _files(entry) if path not in shared}
    size = sum(path.stat().st_size for path in paths if path.is_file())
    if not dry_run:
        # the ledger first: a file that is gone must be known to be
        for entry in going:
            ledger.append(replace(entry, pruned_at=now.astimezone(UTC)))
        for path in paths:
            path.unlink(missing_ok=True)
    return Pruned(len(going), size)


def _counting(
    landing_dir: Path, sources: Sequence[Source], rules: CalendarRules, moment: datetime | None
) -> Iterator[Entry]:
    for state in in_force(landing_dir, sources, rules, moment):
        yield from (use.entry for use in state.uses)
        yield from (entry for entry, _ in state.held)


def _files(entry: Entry) -> list[str]:
    return [path for path in (entry.raw, entry.typed, entry.quarantine) if path]
