"""The ledger of landed files: append-only JSON lines, the ground that everything is rebuilt from.

One line says what became of one arrival of one file: landed, or held with the reason. A later line about the
same arrival (after a changed mapping) takes the place of the earlier one.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

FILE = "ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One arrival of one file of one source. `path` is relative to the data folder, other paths to landing.

    `version`: naive local time of the export, None if undeclared. `dates`: least and greatest day of each
    date-like column. `days`: the days that a by_day file supplies. `limits`: what a holding depended on.
    `exported_at`, `manifest_rows`: what a manifest beside the file said. `retry`: held for what is outside
    the file (its name, its manifest), so it is looked at again every night.
    `pruned_at`: since then its files are gone.
    """

    source: str
    path: str
    sha256: str
    bytes: int
    mtime: str
    arrived_at: datetime
    mapping_hash: str
    status: Literal["landed", "held"]
    reason: str = ""
    version: datetime | None = None
    rows: int = 0
    quarantined: int = 0
    repeated: int = 0
    raw: str = ""
    typed: str | None = None
    quarantine: str | None = None
    days: tuple[date, ...] = ()
    dates: dict[str, tuple[date, date]] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    limits: tuple[float, ...] = ()
    exported_at: datetime | None = None
    manifest_rows: int | None = None
    retry: bool = False
    pruned_at: datetime | None = None

    @property
    def arrival(self) -> tuple[str, str, str, datetime]:
        return self.source, self.path, self.sha256, self.arrived_at


def _as_json(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False, default=lambda value: value.isoformat())


def _from_json(line: str) -> Entry:
    given = json.loads(line)
    known = {name: given[name] for name in Entry.__dataclass_fields__ if name in given}
    known["arrived_at"] = datetime.fromisoformat(known["arrived_at"])
    for name in ("version", "exported_at", "pruned_at"):
        known[name] = datetime.fromisoformat(known[name]) if known.get(name) else None
    known["days"] = tuple(date.fromisoformat(day) for day in known.get("days", ()))
    known["dates"] = {
        name: (date.fromisoformat(first), date.fromisoformat(last))
        for name, (first, last) in known.get("dates", {}).items()
    }
    known["unknown_columns"] = tuple(known.get("unknown_columns", ()))
    known["limits"] = tuple(known.get("limits", ()))
    return Entry(**known)


@lru_cache(maxsize=1)  # a night reads the ledger six times, and between them adds a few lines once
def _entries(whole_lines: bytes) -> tuple[Entry, ...]:
    latest: dict[tuple[str, str, str, datetime], Entry] = {}
    for line in whole_lines.decode("utf-8").splitlines():
        entry = _from_json(line)
        latest[entry.arrival] = entry
    return tuple(latest.values())


class Ledger:
    """The ledger file of one landing folder. One writer at a time."""

    def __init__(self, landing_dir: Path) -> None:
        self._path = landing_dir / FILE

    def entries(self) -> list[Entry]:
        """What is known of each arrival, in order. A torn last line (a kill) is passed over."""
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        return list(_entries(data[: data.rfind(b"\n") + 1]))

    def append(self, entry: Entry) -> None:
        """Write one line and make it durable; a torn line that a kill left behind is cut off first."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 1))
            if stream.read(1) not in (b"", b"\n"):
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)
            stream.write(_as_json(entry).encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
