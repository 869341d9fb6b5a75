"""What a change does to values: both definitions computed side by side on the landed data, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dagster_project.kpi.life.changes import Change
from dagster_project.kpi.model import Definitions, Grain
from dagster_project.kpi.subset import subset
from dagster_project.landing.expose import latest_data
from dagster_project.landing.ledger import Ledger
from dagster_project.landing.onefile import mapping_of
from dagster_project.project import Project
from dagster_project.publish.engine import connect
from dagster_project.publish.publication import as_of_of
from dagster_project.sandbox.landed import built

Values = dict[date, float | None]


@dataclass(frozen=True)
class Compared:
    """A KPI's total in the last periods of a grain, before and after. A side without the KPI is empty.

    `note`: why there is nothing to compare.
    """

    grain: Grain
    rows: tuple[tuple[date, float | None, float | None], ...] = ()
    note: str = ""


def as_of_day(project: Project, definitions: Definitions) -> date | None:
    """The day that values are computed for: that of the publication, else the last that the data cover."""
    if project.current.exists():
        return as_of_of(project.current.resolve())
    if not project.landing.is_dir():
        return None
    return latest_data(project.landing, definitions.sources, definitions.calendar)


def compare_values(
    project: Project,
    changes: Sequence[Change],
    old: Definitions,
    new: Definitions,
    as_of: date,
    periods: int,
) -> dict[str, Compared]:
    """KPI name → its values before and after, of all changes that can move one."""
    moving = [change for change in changes if change.kind in ("added", "removed", "changed")]
    notes = {change.name: _unlanded(project, change, old, new) for change in moving}
    shown = [change for change in moving if not notes[change.name]]
    before = _values(project, old, [c.old_name for c in shown if c.old_name], as_of)
    after = _values(project, new, [c.new_name for c in shown if c.new_name], as_of)
    found: dict[str, Compared] = {}
    for change in moving:
        grain = _grain(change, old, new)
        if notes[change.name]:
            found[change.name] = Compared(grain, note=notes[change.name])
            continue
        left = before.get((change.old_name or "", grain), {})
        right = after.get((change.new_name or "", grain), {})
        starts = sorted({*left, *right})[-periods:]
        rows = tuple((start, left.get(start), right.get(start)) for start in starts)
        found[change.name] = Compared(grain, rows, "" if rows else "no rows in the landed data")
    return found


def published_values(project: Project, names: Iterable[tuple[str, Grain]]) -> dict[tuple[str, Grain], Values]:
    """(KPI, grain) → totals by period, as published."""
    folder = project.current.resolve()  # once: a publication in between must not mix two
    file, daily = str(folder / "kpi_period.parquet"), str(folder / "kpi_daily.parquet")
    found: dict[tuple[str, Grain], Values] = {}
    with connect([folder]) as connection:
        for name, grain in names:
            table, key = (daily, "date") if grain == "day" else (file, "period_start")
            where = "" if grain == "day" else "and grain = $grain"
            given = {"file": table, "kpi": name} | ({} if grain == "day" else {"grain": grain})
            rows = connection.execute(
                f"select {key}, value from read_parquet($file) "
                f"where kpi = $kpi and dimension = 'total' {where}",
                given,
            ).fetchall()
            found[name, grain] = dict(rows)
    return found


def new_values(
    project: Project, new: Definitions, names: Sequence[str], as_of: date
) -> dict[tuple[str, Grain], Values]:
    """(KPI, grain) → totals by period, computed from the landed data."""
    return _values(project, new, names, as_of)


def grain_of(definitions: Definitions, name: str) -> Grain:
    """The grain that a KPI's values are shown at: months, else the longest that it has."""
    grains = definitions.kpi(name).grains
    return "month" if "month" in grains else grains[-1]


def _grain(change: Change, old: Definitions, new: Definitions) -> Grain:
    if change.new_name is None:
        return grain_of(old, change.old_name or "")
    if change.old_name is None:
        return grain_of(new, change.new_name)
    grains = [g for g in old.kpi(change.old_name).grains if g in new.kpi(change.new_name).grains]
    if not grains:
        return grain_of(new, change.new_name)
    return "month" if "month" in grains else grains[-1]


def _values(
    project: Project, definitions: Definitions, names: Sequence[str], as_of: date
) -> dict[tuple[str, Grain], Values]:
    if not names:
        return {}
    found: dict[tuple[str, Grain], Values] = {}
    with built(project, subset(definitions, names), as_of) as connection:
        rows = connection.execute(
            "select kpi, grain, period_start, value from main.kpi_period where dimension = 'total' "
            "union all select kpi, 'day', date, value from main.kpi_daily where dimension = 'total'"
        ).fetchall()
    for kpi, grain, start, value in rows:
        found.setdefault((kpi, grain), {})[start] = value
    return found


def _unlanded(project: Project, change: Change, old: Definitions, new: Definitions) -> str:
    """A source is landed under one mapping at a time: under the other one it has no rows to compute with."""
    landed = {(entry.source, entry.mapping_hash) for entry in Ledger(project.landing).entries()}
    names = {name for name, _ in landed}
    for name in change.mappings:
        if name in names and (name, mapping_of(new.source(name), new.calendar)) not in landed:
            return f"source {name} is read in another way: after kpi run, compare with the older publication"
        if name in names and (name, mapping_of(old.source(name), old.calendar)) not in landed:
            return f"source {name} has been landed anew since, so the old values can't be computed"
    return ""
