"""Which landed files count: a pure function of the ledger, so that the order of arrival changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dagster_project.kpi.model import Source
from dagster_project.landing.files import matches
from dagster_project.landing.ga4 import is_intraday
from dagster_project.landing.ledger import Entry


@dataclass(frozen=True)
class Use:
    """A file that counts; `days`: only its rows of these days, None for all of them."""

    entry: Entry
    days: tuple[date, ...] | None = None


Held = tuple[Entry, str]


def newness(entry: Entry) -> tuple[datetime, bool, datetime, str, str, str]:
    """Newest by the export's own time, then by arrival; the rest only makes the order total."""
    version = entry.version or datetime.min
    return version, not is_intraday(entry.path), entry.arrived_at, entry.mtime, entry.path, entry.sha256


def arrived_by(
    entries: Iterable[Entry], source: Source, mapping: str, known_at: datetime | None
) -> list[Entry]:
    """The source's entries under its present mapping and glob, arrived by `known_at` (None: all so far)."""
    until = known_at.astimezone(UTC) if known_at else None
    return [
        entry
        for entry in entries
        if entry.source == source.name
        and entry.mapping_hash == mapping
        and matches(entry.path, source.files)
        and (until is None or entry.arrived_at <= until)
    ]


def choose(
    entries: Sequence[Entry], source: Source, mapping: str, known_at: datetime | None = None
) -> tuple[list[Use], list[Held]]:
    """(files that count, files that landed well but are held back by the guard against mass deletion)."""
    good = [entry for entry in arrived_by(entries, source, mapping, known_at) if entry.status == "landed"]
    good.sort(key=newness)
    if source.load == "full":
        return _newest_full(good, source)
    if source.load == "by_day":
        return _newest_by_day(good), []
    return [Use(entry) for entry in _newest_of_each_path(good, source)], []


def _newest_full(good: Sequence[Entry], source: Source) -> tuple[list[Use], list[Held]]:
    accepted: Entry | None = None
    held: list[Held] = []
    for entry in good:
        if accepted and entry.rows < accepted.rows * source.min_rows_share:
            held.append(
                (
                    entry,
                    f"{entry.rows:,} rows where {accepted.path} had {accepted.rows:,}: fewer than "
                    f"min_rows_share {source.min_rows_share:g} of them; lower it if so many were deleted",
                )
            )
        else:
            accepted = entry
    return ([Use(accepted)] if accepted else []), held


def _newest_by_day(good: Sequence[Entry]) -> list[Use]:
    winner: dict[date, Entry] = {}
    for entry in sorted(good, key=lambda entry: (not is_intraday(entry.path), newness(entry))):
        for day in entry.days:
            winner[day] = entry
    uses = []
    for entry in good:
        won = tuple(day for day in entry.days if winner[day] is entry)
        if won:
            uses.append(Use(entry, None if won == entry.days else won))
    return uses


def _newest_of_each_path(good: Sequence[Entry], source: Source) -> list[Entry]:
    """A path that was written again replaces itself; equal content under two names counts once.

    Of keyed exports, another version at the same path is another export: both are in force.
    """
    by_path: dict[tuple[str, datetime | None], Entry] = {}
    for entry in sorted(good, key=lambda entry: entry.arrived_at):
        by_path[entry.path, entry.version if source.load == "by_key" else None] = entry
    by_content: dict[str, Entry] = {}
    for entry in sorted(by_path.values(), key=newness):
        by_content[entry.sha256] = entry
    return sorted(by_content.values(), key=newness)
