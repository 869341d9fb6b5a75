"""Whether the landing folder still holds what its ledger says, and the mending of what can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.kpi.model import CalendarRules, Source
from dagster_project.landing.expose import in_force
from dagster_project.landing.files import sha256_of
from dagster_project.landing.ga4 import EventReader
from dagster_project.landing.ledger import Entry, Ledger
from dagster_project.landing.onefile import land_file


@dataclass
class Verified:
    """`checked`: files in force. `mended`: typed anew from their snapshots. `lost`: what nobody can mend."""

    checked: int = 0
    mended: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def verify(landing_dir: Path, sources: Sequence[Source], rules: CalendarRules) -> Verified:
    """Compare every file in force with its ledger entry; typed rows that are gone or broken are made anew.

    A snapshot that is gone or has other bytes than when it arrived can't be mended here: its export has to
    come again.
    """
    ledger, found = Ledger(landing_dir), Verified()
    with EventReader(landing_dir) as events:
        for state in in_force(landing_dir, sources, rules):
            for entry in [use.entry for use in state.uses]:
                found.checked += 1
                name = f"{state.source.name}: {entry.path}"
                if (reason := _snapshot_fault(landing_dir, entry)) is not None:
                    found.lost.append(f"{name}: {reason}")
                elif not _is_whole(landing_dir, entry):
                    again = land_file(entry, state.source, rules, landing_dir, events)
                    ledger.append(again)
                    found.mended.append(name)
    return found


def _snapshot_fault(landing_dir: Path, entry: Entry) -> str | None:
    raw = landing_dir / entry.raw
    if not raw.is_file():
        return f"its snapshot {entry.raw} is gone; put the export into the data folder under a new name"
    if sha256_of(raw) != entry.sha256:
        return (
            f"its snapshot {entry.raw} was changed since it arrived (its sha256 is another); remove it and "
            "put the export into the data folder under a new name"
        )
    return None


def _is_whole(landing_dir: Path, entry: Entry) -> bool:
    try:
        return int(pq.read_table(landing_dir / str(entry.typed)).num_rows) == entry.rows
    except (OSError, pa.ArrowException):
        return False
