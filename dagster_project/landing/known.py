"""The arrivals of one source that the ledger knows, found by path and by content.

A night looks every file of the data folder up: going through all arrivals for each costs the square of the
number of files, a minute for ten years of daily exports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dagster_project.kpi.model import Source
from dagster_project.landing.ledger import Entry


class Known:
    """`entries`: in the order of the ledger, those of tonight last. `titles`: of columns not declared."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: list[Entry] = []
        self.titles: set[str] = set()
        self._at_path: dict[str, list[int]] = defaultdict(list)
        self._of_content: dict[str, list[int]] = defaultdict(list)
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        self._at_path[entry.path].append(len(self.entries))
        self._of_content[entry.sha256].append(len(self.entries))
        self.entries.append(entry)
        self.titles.update(entry.unknown_columns)

    def land_again(self, at: int, entry: Entry) -> None:
        """What became of the arrival at that place, landed again; its path and content are as before."""
        self.entries[at] = entry
        self.titles.update(entry.unknown_columns)

    def has(self, entry: Entry, source: Source) -> bool:
        """The newest arrival of this path has this content, or the content is there under another name.

        A path that goes back to earlier content is a new arrival; so is equal content under a name that says
        a newer version, which extends what a full or keyed export covers.
        """
        here = [self.entries[at] for at in self._at_path.get(entry.path, ())]
        if any(other.arrival == entry.arrival for other in here):
            return True
        if here:
            newest = max(here, key=lambda other: other.arrived_at)
            surroundings = (newest.manifest_rows, newest.exported_at) == (
                entry.manifest_rows,
                entry.exported_at,
            )
            settled = surroundings and (not newest.retry or newest.reason == entry.reason)
            return newest.sha256 == entry.sha256 and (settled or newest.status == "landed")
        copies = [self.entries[at] for at in self._of_content.get(entry.sha256, ())]
        if not copies:
            return False
        version = entry.version
        origin = source.version.origin if source.version else None
        if version and origin in ("filename", "manifest") and source.load in ("full", "by_key"):
            return any(other.version and other.version >= version for other in copies)
        return True
