"""When the night runs by itself, and what it makes up for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_project.defs.night import tags_of_range
from dagster_project.defs.prepared import Prepared

HOUR = 3
# Tables are whole after any night; the days are named so that Dagster, too, shows them as done. Each costs
# it an event an asset.
MOST_CAUGHT_UP = 31


def nightly_schedule(prepared: Prepared, nightly: Any) -> dg.ScheduleDefinition:
    """At 03:00 of the calendar's zone the night of the day before; those missed before it in the same run.

    A schedule of partitions would launch a run for each night that was missed, one after another.
    """
    zone = prepared.definitions.calendar.timezone

    @dg.schedule(
        name="nightly_schedule",
        job=nightly,
        cron_schedule=f"0 {HOUR} * * *",
        execution_timezone=zone,
        description=f"Yesterday's night at {HOUR}:00 of the calendar's zone, with those missed before it.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        yesterday = context.scheduled_execution_time.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        done = context.instance.get_materialized_partitions(dg.AssetKey("publication"))
        first = first_missed({date.fromisoformat(key) for key in done}, yesterday)
        if first == yesterday:
            return dg.RunRequest(partition_key=yesterday.isoformat())
        return dg.RunRequest(tags=tags_of_range(first, yesterday))

    return schedule


def first_missed(done: Collection[date], last: date) -> date:
    """The first of the days up to `last` that no night has published since the newest that one has;
    `last` itself where none was missed, or none was ever published."""
    newest = max((day for day in done if day < last), default=last - timedelta(days=1))
    return max(newest + timedelta(days=1), last - timedelta(days=MOST_CAUGHT_UP - 1))
