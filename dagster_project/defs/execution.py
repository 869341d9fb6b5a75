"""One night in this process: the same Dagster job as the UI runs, with its failure put into words."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_project.defs.instance import dagster_home
from dagster_project.defs.landing import land_new
from dagster_project.defs.night import Held, Night, new_run_id, tags_of_range
from dagster_project.defs.nightly import build_definitions
from dagster_project.defs.prepared import Prepared, prepare
from dagster_project.errors import NothingPublished, ShirubeError, UsageError
from dagster_project.landing.expose import latest_data
from dagster_project.project import Project
from dagster_project.run_lock import RunLock
from dagster_project.state_version import claim

Tell = Callable[[str], None]
LEAST_BYTES = 64 * 2**20  # an empty warehouse, Dagster's and dbt's files of one night
STEPS = {
    "landing": "landing the exports",
    "models": "building the models",
    "goal_tables": "computing targets and attainment",
    "gaps": "explaining the gaps",
    "reviews": "reviewing what was assumed",
    "forecast": "forecasting",
    "kpi_scorecard": "putting the scorecard together",
    "snapshots": "keeping the night's changes",
    "restatements": "comparing with the last publication",
    "publication": "publishing",
}


@dataclass(frozen=True)
class Finished:
    """A night that was published.

    warnings: checks of the models that mark and don't block.
    cpu: CPU seconds of each phase, in the order they ran.
    """

    run_id: str
    as_of: date
    publication: Path
    warnings: tuple[str, ...]
    cpu: dict[str, float]


def run_night(
    project: Project,
    as_of: date | None = None,
    full_refresh: bool = False,
    tell: Tell = lambda line: None,
    known_at: datetime | None = None,
    landed: bool = False,
    since: date | None = None,
) -> Finished:
    """Compile, land, build, compute, publish; under the project's lock.

    as_of: default is the project's rule, the last day of the data or yesterday in the calendar's zone.
    tell: called with a line about what is going on.
    known_at: only files that had arrived by then count, which repeats a past night; without a zone, in the
        calendar's.
    landed: leave new exports where they are and work on what has landed; as_of is then to be given.
    since: one run over all days from then to as_of, which are computed anew; as_of is then to be given.

    Raises Busy, DefinitionError, UnknownState, NothingPublished (which step failed, why, where the log is).
    """
    clock = _Clock()
    started_at = datetime.now(UTC)
    run_id = new_run_id(started_at, os.urandom(3).hex())
    with RunLock(project.work, run_id):
        _require_space(project)
        claim(project.state)
        tell("checking and compiling the definitions")
        prepared = prepare(project)
        clock.lap("prepare")
        if known_at is not None and known_at.tzinfo is None:
            known_at = known_at.replace(tzinfo=ZoneInfo(prepared.definitions.calendar.timezone))
        if landed and as_of is not None:
            day = as_of
        else:
            option = "--as-of" if since is None else "--to"
            day, landed = _as_of(prepared, as_of, tell, known_at, option)
        clock.lap("as of")
        held = Held(run_id, started_at, full_refresh, tell, landed, known_at)
        result = _execute(prepared, day, since, held, clock)
        if not result.success:
            raise NothingPublished(_what_failed(result, project))
        night, folder = _published(held)
        return Finished(run_id, day, folder, tuple(night.warnings), clock.laps)


def _require_space(project: Project) -> None:
    """Raises NothingPublished where the disk has no room for a night: Dagster's storage would only break."""
    before = project.warehouse.stat().st_size if project.warehouse.exists() else 0
    needed = max(LEAST_BYTES, before)
    for folder in (project.work, project.landing, project.state):
        if folder.exists() and (free := shutil.disk_usage(folder).free) < needed:
            raise NothingPublished(
                f"Nothing was published, the last publication stays. {folder}: {free // 2**20} MB are free "
                f"and a night needs about {needed // 2**20} MB. Free some space and run again."
            )


def _as_of(
    prepared: Prepared, given: date | None, tell: Tell, known_at: datetime | None, option: str
) -> tuple[date, bool]:
    """The last complete day, given or by the project's rule, and whether finding it landed the exports.
    The rule looks from `known_at` where that is given; `option` is what the day was given by.

    Raises UsageError for a day that neither the clock nor the data have reached.
    """
    definitions = prepared.definitions
    rules = definitions.calendar
    yesterday = (known_at or datetime.now(UTC)).astimezone(ZoneInfo(rules.timezone)).date() - timedelta(
        days=1
    )
    if given is not None and given <= yesterday:
        return given, False
    if given is None and definitions.settings.as_of != "latest_data":
        return yesterday, False
    land_new(prepared, tell)
    latest = latest_data(prepared.project.landing, definitions.sources, rules, known_at) or yesterday
    if given is not None and given > max(latest, yesterday):
        raise UsageError(
            f"{option} {given} has not come yet: the data reach {latest}, yesterday was {yesterday}"
        )
    return given or latest, True


def _execute(prepared: Prepared, day: date, since: date | None, held: Held, clock: _Clock) -> Any:
    home = dagster_home(prepared.project)
    job = build_definitions(prepared, day, held, since).resolve_job_def("nightly")
    clock.lap("dagster definitions")
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            result = job.execute_in_process(
                partition_key=day.isoformat() if since is None else None,
                tags=tags_of_range(since, day) if since is not None else None,
                instance=instance,
                run_config={"loggers": {"file": {}}},
                raise_on_error=False,
            )
    except ShirubeError:
        raise
    except Exception as error:
        # no step: Dagster's own storage, on a full disk or a broken one
        why = str(error).splitlines()[0] if str(error) else "no reason was given"
        raise NothingPublished(
            f"Nothing was published, the last publication stays: Dagster could not go on, with its files in "
            f"{home}.\n{type(error).__name__}: {why}"
        ) from error
    clock.lap("job")
    return result


def _published(held: Held) -> tuple[Night, Path]:
    for night in held.nights:
        if night.published is not None:
            return night, night.published
    raise NothingPublished("the run ended without a publication")


def _what_failed(result: Any, project: Project) -> str:
    """The first step that failed and why, in words; the stack is in the log."""
    log = project.work / "logs" / "dagster.log"
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            given = data.user_failure_data
            why = (given.description if given else None) or _innermost(data.error)
            step = STEPS.get(event.step_key, event.step_key)
            if why.startswith("Nothing was published"):
                return f"{why}\nDetails: {log}"
            return f"Nothing was published, the last publication stays: {step} failed.\n{why}\nDetails: {log}"
    for event in result.all_events:
        if event.is_failure:
            return f"Nothing was published: {event.message}\nDetails: {log}"
    return f"Nothing was published. Details: {log}"


def _innermost(error: Any) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error else "no reason was given"


class _Clock:
    """CPU seconds of this process between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.process_time()

    def lap(self, name: str) -> None:
        now = time.process_time()
        self.laps[name] = round(now - self._last, 2)
        self._last = now
