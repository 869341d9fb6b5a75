"""New exports → snapshots, typed Parquet, quarantine and the ledger. Landing twice changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.kpi.model import CalendarRules, Source
from dagster_project.landing.active import Held, choose
from dagster_project.landing.encodings import open_bytes
from dagster_project.landing.files import (
    MANIFEST,
    SETTLE_SECONDS,
    Found,
    find_files,
    matches,
    settled,
    sha256_of,
    snapshot,
    sweep_drafts,
)
from dagster_project.landing.ga4 import EventReader
from dagster_project.landing.held import FileHeld
from dagster_project.landing.known import Known
from dagster_project.landing.ledger import Entry, Ledger
from dagster_project.landing.onefile import land_file, limits_of, mapping_of
from dagster_project.landing.versions import file_version, read_manifest

Report = Callable[[str], None]


def _silent(_: str) -> None:
    return None


@dataclass
class LandingReport:
    """What this night landed (`landed`, `held`: new entries), left (`waiting`), or knew (`unchanged`)."""

    landed: list[Entry] = field(default_factory=list)
    held: list[Entry] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def quarantined(self) -> int:
        """Rows set aside from the files landed tonight."""
        return sum(entry.quarantined for entry in self.landed)


def land(
    data_dir: Path,
    landing_dir: Path,
    sources: Sequence[Source],
    rules: CalendarRules,
    now: datetime,
    report: Report = _silent,
    settle_seconds: float = SETTLE_SECONDS,
) -> LandingReport:
    """Land every file that is new, of every source; `now` (with a zone) is the arrival time of new files.

    A bad file is held and reported, never raised. A file still being written waits for the next night.
    A changed mapping lands the snapshots again, each with its first arrival time.
    """
    if now.tzinfo is None:
        raise ValueError("now: an aware datetime is needed; arrival times are kept in UTC")
    arrived = now.astimezone(UTC)
    landing_dir.mkdir(parents=True, exist_ok=True)
    sweep_drafts(landing_dir)
    ledger = Ledger(landing_dir)
    known: dict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.entries():
        known[entry.source].append(entry)
    result = LandingReport()

    def tell(line: str) -> None:
        result.notes.append(line)
        report(line)

    at_rest = _settled_files(data_dir, sources, settle_seconds, result, tell)
    with EventReader(landing_dir) as events:
        for source in sources:
            step = _SourceLanding(
                source, rules, landing_dir, ledger, Known(known[source.name]), result, tell, events
            )
            step.land_again()
            for file in at_rest[source.name]:
                step.land_new(file, arrived)
            step.tell_held()
    return result


def _settled_files(
    data_dir: Path, sources: Sequence[Source], seconds: float, result: LandingReport, tell: Report
) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for source in sources:
        found[source.name], notes = find_files(data_dir, source.files)
        for note in notes:
            tell(f"{source.name}: {note}")
    every = {file.name: file for files in found.values() for file in files}
    _, writing = settled(every.values(), seconds)
    names = {file.name for file in writing}
    for name in sorted(names):
        result.waiting.append(name)
        tell(f"{name}: is still being written; left for the next night")
    return {source: [file for file in files if file.name not in names] for source, files in found.items()}


@dataclass
class _SourceLanding:
    """Landing of one source; `known`: its arrivals, kept current."""

    source: Source
    rules: CalendarRules
    landing_dir: Path
    ledger: Ledger
    known: Known
    result: LandingReport
    tell: Report
    events: EventReader
    holds: list[Held] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mapping = mapping_of(self.source, self.rules)

    def land_again(self) -> None:
        """Snapshots whose mapping, or the limit they were held by, has changed since."""
        for at, entry in enumerate(self.known.entries):
            if entry.pruned_at is not None or not matches(entry.path, self.source.files):
                continue
            outdated = entry.mapping_hash != self.mapping
            retried = entry.status == "held" and entry.limits not in ((), limits_of(self.source))
            if (outdated or retried) and (self.landing_dir / entry.raw).exists():
                again = replace(entry, mapping_hash=self.mapping, reason="", limits=(), retry=False)
                self.known.land_again(at, self._land(self._unless_cut(self._with_version(again))))

    def land_new(self, file: Found, arrived: datetime) -> None:
        """One file of the data folder, unless its content and version are known already."""
        try:
            entry = self._seen(file, sha256_of(file.path), arrived)
            if self.known.has(entry, self.source):
                self.result.unchanged += 1
                return
            taken = snapshot(file, self.landing_dir / "raw")
        except OSError as error:
            self.tell(f"{self.source.name}: {file.name}: can't be read ({error.strerror or error})")
            return
        if taken is None:
            self.result.waiting.append(file.name)
            self.tell(f"{file.name}: changed while it was read; left for the next night")
            return
        sha256, raw = taken
        entry = replace(entry, sha256=sha256, raw=raw.relative_to(self.landing_dir).as_posix())
        self.known.add(self._land(self._unless_cut(entry)))

    def _seen(self, file: Found, sha256: str, arrived: datetime) -> Entry:
        """The entry of a file before its content is read; a reason where its surroundings already hold it."""
        mtime = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
        entry = Entry(
            self.source.name, file.name, sha256, file.size, mtime.isoformat(), arrived, self.mapping, "held"
        )
        try:
            manifest = read_manifest(file.path, self.rules.timezone)
        except FileHeld as error:
            return replace(entry, reason=str(error), retry=True)
        if manifest:
            entry = replace(entry, exported_at=manifest.exported_at, manifest_rows=manifest.rows)
            if manifest.sha256 and manifest.sha256.lower() != sha256:
                reason = "its sha256 is not the one in its manifest; it was cut or changed on the way"
                return replace(entry, reason=reason, retry=True)
        return self._with_version(entry)

    def _with_version(self, entry: Entry) -> Entry:
        mtime = datetime.fromisoformat(entry.mtime)
        try:
            version = file_version(self.source, entry.path, mtime, entry.exported_at, self.rules.timezone)
        except FileHeld as error:
            return replace(entry, reason=str(error), retry=True, version=None)
        return replace(entry, version=version)

    def _land(self, entry: Entry) -> Entry:
        if entry.reason:
            entry = replace(entry, status="held", typed=None)
        else:
            entry = land_file(entry, self.source, self.rules, self.landing_dir, self.events)
        self.ledger.append(entry)
        name = f"{self.source.name}: {entry.path}"
        if entry.status == "held":
            self.holds.append((entry, entry.reason))
            return entry
        self.result.landed.append(entry)
        if entry.quarantined:
            self.tell(
                f"{name}: {entry.quarantined:,} of {entry.rows + entry.quarantined:,} rows in quarantine"
            )
        if entry.repeated:
            self.tell(f"{name}: {entry.repeated:,} fully repeated rows of a key kept once")
        news = set(entry.unknown_columns) - self.known.titles
        if news:
            self.tell(f"{name}: columns not declared, ignored: {', '.join(sorted(news))}")
        return entry

    def _unless_cut(self, entry: Entry) -> Entry:
        """Held, where a full export is the beginning of the one in force, byte for byte: one cut between two
        rows looks like that. A manifest's row count, or min_rows_share 0, says that it is right."""
        source = self.source
        if entry.reason or entry.manifest_rows is not None or not source.min_rows_share:
            return entry
        if source.load != "full" or source.format.type not in ("csv", "ndjson"):
            return entry
        raw = self.landing_dir / entry.raw
        for use in choose(self.known.entries, source, self.mapping)[0]:
            whole = self.landing_dir / use.entry.raw
            older = entry.version and use.entry.version and entry.version < use.entry.version
            if not older and whole.exists() and whole.suffix == raw.suffix and _begins(whole, raw):
                reason = (
                    f"is the beginning of {use.entry.path} as it arrived on {use.entry.arrived_at:%Y-%m-%d}, "
                    f"byte for byte: probably cut. If rows were deleted, put {entry.path}{MANIFEST} "
                    'beside it with {"rows": how many the export has}'
                )
                return replace(entry, reason=reason, limits=limits_of(source))
        return entry

    def tell_held(self) -> None:
        """Report what is held, but for old snapshots that a newer arrival at their path has replaced."""
        for entry, reason in choose(self.known.entries, self.source, self.mapping)[1]:
            if entry in self.result.landed:
                self.result.landed.remove(entry)
                self.holds.append((entry, reason))
        newest = {
            entry.path: entry.arrived_at
            for entry in sorted(self.known.entries, key=lambda each: each.arrived_at)
        }
        for entry, reason in self.holds:
            if entry.arrived_at == newest[entry.path]:
                self.result.held.append(replace(entry, status="held", reason=reason))
                self.tell(f"{self.source.name}: {entry.path}: held: {reason}")


def _begins(whole: Path, part: Path) -> bool:
    with open_bytes(whole) as before, open_bytes(part) as now:
        try:
            while chunk := now.read(1 << 20):
                if before.read(len(chunk)) != chunk:
                    return False
            return bool(before.read(1))
        except FileHeld:
            return False
