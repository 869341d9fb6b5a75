"""Which days a source knows: as declared in `covers`, by its daily files, or from the dates it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from dagster_project.kpi.model import CalendarRules, Source
from dagster_project.landing.active import Held, Use, newness
from dagster_project.landing.ledger import Entry

DAY = timedelta(days=1)


@dataclass(frozen=True)
class SourceDay:
    """A row of night.source_days. `is_known`: rows of that day may be used (and no row means zero)."""

    source: str
    date: date
    status: str
    is_known: bool
    reason: str | None = None


def local_day(entry: Entry, rules: CalendarRules) -> date:
    """The day of arrival in the calendar's zone."""
    return entry.arrived_at.astimezone(ZoneInfo(rules.timezone)).date()


def _dates(uses: Iterable[Use]) -> list[tuple[date, date]]:
    return [bounds for use in uses for bounds in use.entry.dates.values()]


def first_day(source: Source, uses: Sequence[Use]) -> date | None:
    """The first day that the source covers, None where nothing says."""
    if source.covers and source.covers.start:
        return source.covers.start
    if source.load == "by_day":
        return min((day for use in uses for day in use.entry.days), default=None)
    # Rows without any date tell what is so on the day of their export, and of no day before.
    exported = [use.entry.version.date() for use in uses if use.entry.version]
    return min((first for first, _ in _dates(uses)), default=min(exported, default=None))


def _declared_through(entry: Entry, source: Source) -> date | None:
    covers = source.covers
    if covers and covers.through:
        return covers.through
    if entry.version is None:
        return None
    offset = covers.through_version_days if covers and covers.through_version_days is not None else -1
    return entry.version.date() + offset * DAY


def last_day(source: Source, uses: Sequence[Use], rules: CalendarRules) -> tuple[date | None, bool]:
    """(the last day that the files in force cover, whether it is declared rather than read off the dates)."""
    if not uses:
        return None, False
    if source.load == "by_day":
        return max(day for use in uses for day in use.entry.days), True
    declared = [through for through in (_declared_through(use.entry, source) for use in uses) if through]
    if declared:
        return max(declared), True
    # The day of arrival is not over: what it holds of that day or later (planned dates) covers nothing.
    capped = [
        min(last, local_day(use.entry, rules) - DAY) for use in uses for _, last in use.entry.dates.values()
    ]
    return max(capped, default=None), False


def _held_days(source: Source, held: Sequence[Entry], rules: CalendarRules) -> dict[date, Entry]:
    """Of a by_day source: the days whose file is held, by the version in its name."""
    return {
        entry.version.date(): entry
        for entry in sorted(held, key=newness)
        if entry.version and source.load == "by_day"
    }


def open_holds(
    entries: Sequence[Entry], uses: Sequence[Use], guarded: Sequence[Held], source: Source
) -> list[tuple[Entry, str]]:
    """Held files that nothing newer has replaced: no later arrival at their path, no newer good export."""
    newest_at: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.arrived_at):
        newest_at[entry.path] = entry
    held = [(entry, entry.reason) for entry in newest_at.values() if entry.status == "held"]
    held += [(entry, reason) for entry, reason in guarded if newest_at.get(entry.path) is entry]
    if source.load == "full" and uses:
        best = uses[-1].entry
        held = [
            (entry, reason)
            for entry, reason in held
            if (entry.version is None or best.version is None or entry.version >= best.version)
            and (entry.version or entry.arrived_at >= best.arrived_at)
        ]
    if source.load == "by_day":
        supplied = {day: use.entry for use in uses for day in use.entry.days}
        held = [
            (entry, reason)
            for entry, reason in held
            if not (
                entry.version
                and entry.version.date() in supplied
                and supplied[entry.version.date()].arrived_at > entry.arrived_at
            )
        ]
    return sorted(held, key=lambda pair: newness(pair[0]))


def source_days(
    source: Source,
    uses: Sequence[Use],
    held: Sequence[tuple[Entry, str]],
    rules: CalendarRules,
    as_of: date,
    is_business_day: Callable[[date], bool],
) -> list[SourceDay]:
    """One row a day from the first covered day to `as_of`; none where nothing tells a first day."""
    start = first_day(source, uses)
    if start is None or start > as_of:
        return []
    days = [start + at * DAY for at in range((as_of - start).days + 1)]
    provisional_from = as_of - (source.provisional_days - 1) * DAY
    if source.load == "by_day":
        supplied = {day for use in uses for day in (use.days or use.entry.days)}
        holding = _held_days(source, [entry for entry, _ in held], rules)
        status = _ByDay(source, supplied, holding, is_business_day).status
    else:
        through, _ = last_day(source, uses, rules)
        status = _Spans(through, held, rules).status
    rows = []
    for day in days:
        word, known, reason = status(day)
        if word == "final" and day >= provisional_from and source.provisional_days:
            word, reason = "provisional", f"may change for {source.provisional_days} days"
        rows.append(SourceDay(source.name, day, word, known, reason))
    return rows


Status = tuple[str, bool, str | None]


@dataclass(frozen=True)
class _ByDay:
    source: Source
    supplied: set[date]
    holding: dict[date, Entry]
    is_business_day: Callable[[date], bool]

    def status(self, day: date) -> Status:
        if day in self.holding:
            entry = self.holding[day]
            return "held", day in self.supplied, f"{entry.path} is held: {entry.reason}"
        if day in self.supplied:
            return "final", True, None
        if self.source.no_file == "zero":
            return "final", True, "no file: declared as zero"
        if self.source.no_file == "zero_when_closed" and not self.is_business_day(day):
            return "closed", True, "no file on a day that is closed by the calendar"
        return "missing", False, "no file has arrived for this day"


@dataclass(frozen=True)
class _Spans:
    through: date | None
    held: Sequence[tuple[Entry, str]]
    rules: CalendarRules

    def status(self, day: date) -> Status:
        if self.through is not None and day <= self.through:
            return "final", True, None
        for entry, reason in self.held:
            last = (entry.version.date() if entry.version else local_day(entry, self.rules)) - DAY
            if day <= last:
                return "held", False, f"{entry.path} is held: {reason}"
        if self.through is None:
            return "missing", False, "no file has arrived"
        return "missing", False, f"the newest export covers days to {self.through}"
