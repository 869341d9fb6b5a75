"""The run under way as a Dagster resource: its id, its as-of date, and the lock it holds to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.defs.prepared import Prepared
from dagster_project.goals.model import Goal
from dagster_project.run_lock import RunLock

PARTITION = "dagster/partition"
RANGE_END = "dagster/asset_partition_range_end"


def _silent(line: str) -> None:
    return None


@dataclass
class Night:
    """What a step needs to know of its run.

    known_at: only what had arrived by then counts, as in that night; None: everything landed so far.
    landed: the exports are landed already, to find the as-of date in them.
    published: the publication, once there is one. warnings: checks that mark and don't block. goals: as in
    force tonight, once they are worked out (see goals.goals_tonight).
    """

    prepared: Prepared
    run_id: str
    as_of: date
    started_at: datetime
    full_refresh: bool = False
    known_at: datetime | None = None
    landed: bool = False
    tell: Callable[[str], None] = _silent
    published: Path | None = None
    warnings: list[str] = field(default_factory=list)
    goals: tuple[Goal, ...] | None = None


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
        tags: dict[str, Any] = dict(run.tags) if run else {}
        as_of = date.fromisoformat(tags.get(RANGE_END) or tags[PARTITION])
        if held is not None:
            found = Night(
                prepared,
                held.run_id,
                as_of,
                held.started_at,
                held.full_refresh,
                held.known_at,
                landed=held.landed,
                tell=held.tell,
            )
            held.nights.append(found)
            yield found
            return
        started_at = datetime.now(UTC)
        run_id = new_run_id(started_at, context.run_id or "000000")
        with RunLock(prepared.project.work, run_id):
            yield Night(
                prepared,
                run_id,
                as_of,
                started_at,
                full_refresh=context.resource_config["full_refresh"],
                tell=context.log.info if context.log else _silent,
            )

    return night
