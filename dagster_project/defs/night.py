"""The run under way as a Dagster resource: its id, its as-of date, and the lock it holds to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.defs.prepared import Prepared
from dagster_project.goals.model import Goal
from dagster_project.run_lock import RunLock
from dagster_project.state_version import claim

if TYPE_CHECKING:
    import pandas as pd

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
LAST_TAIL = "ffffff"  # of the ids of one second


def _silent(line: str) -> None:
    return None


@dataclass
class Night:
    """What a step needs to know of its run.

    known_at: only what had arrived by then counts, as in that night; None: everything landed so far.
    landed: the exports are landed already, to find the as-of date in them.
    rebuild: the first and the last day of a range (the last is as_of) that is to be computed anew, with all
        that hangs on it, whether or not it seems out of date. None: one night, which decides that by itself.
    published: the publication, once there is one. warnings: checks that mark and don't block. goals: as in
    force tonight, once they are worked out (see goals.goals_tonight). goal_rows: by table, what goals read
    of it (see goals.read_goal_rows).
    """

    prepared: Prepared
    run_id: str
    as_of: date
    started_at: datetime
    full_refresh: bool = False
    known_at: datetime | None = None
    landed: bool = False
    rebuild: tuple[date, date] | None = None
    tell: Callable[[str], None] = _silent
    published: Path | None = None
    warnings: list[str] = field(default_factory=list)
    goals: tuple[Goal, ...] | None = None
    goal_rows: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def said_by(self) -> str | None:
        """No run that a past night can know of has a later id: what later ones added to state/ it has not
        seen. None: tonight has seen all of it."""
        if self.known_at is None:
            return None
        return new_run_id(self.known_at, LAST_TAIL)


@dataclass(frozen=True)
class Held:
    """What `kpi run` settled before it started the job: it holds the lock already, and shows progress."""

    run_id: str
    started_at: datetime
    full_refresh: bool
    tell: Callable[[str], None]
    landed: bool = False
    known_at: datetime | None = None
    nights: list[Night] = field(default_factory=list)  # the resource hands its Night back


def tags_of_range(first: date, last: date) -> dict[str, str]:
    """The tags by which Dagster knows a run over all days from `first` to `last`."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def days_of(tags: Mapping[str, str]) -> tuple[date, tuple[date, date] | None]:
    """What a run is asked for by its tags: the as-of date, and the range of days where it is for a range.

    Tables hold the whole history up to the as-of date, so a range is one night as of its last day.
    """
    if RANGE_END not in tags:
        return date.fromisoformat(tags[PARTITION]), None
    first, last = date.fromisoformat(tags[RANGE_START]), date.fromisoformat(tags[RANGE_END])
    return last, (first, last)


def new_run_id(started_at: datetime, tail: str) -> str:
    """Start in UTC and six hexadecimal digits, for example 20261101T031500Z-3f2a9c."""
    return f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{tail.replace('-', '')[:6]}"


def night_resource(prepared: Prepared, held: Held | None = None) -> dg.ResourceDefinition:
    """The resource `night`. A run that Dagster starts takes the lock itself, and fails where it is taken."""

    @dg.resource(
        description="The run under way: id, as-of date, and the lock that keeps a second run out.",
        config_schema={"full_refresh": dg.Field(bool, default_value=False, is_required=False)},
    )
    def night(context: dg.InitResourceContext) -> Iterator[Night]:
        run = context.run
        as_of, rebuild = days_of(run.tags if run else {})
        if held is not None:
            found = Night(
                prepared,
                held.run_id,
                as_of,
                held.started_at,
                held.full_refresh,
                held.known_at,
                landed=held.landed,
                rebuild=rebuild,
                tell=held.tell,
            )
            held.nights.append(found)
            yield found
            return
        started_at = datetime.now(UTC)
        run_id = new_run_id(started_at, run.run_id if run else "000000")
        with RunLock(prepared.project.work, run_id):
            claim(prepared.project.state)
            yield Night(
                prepared,
                run_id,
                as_of,
                started_at,
                full_refresh=context.resource_config["full_refresh"],
                rebuild=rebuild,
                tell=context.log.info if context.log else _silent,
            )

    return night
