"""Everything Dagster knows of a project: its assets by day and the nightly job.

What the steps after dbt compute with, pandas above all, is imported when they run: it would stand in memory
beside DuckDB while models are built, which is when a night needs the most.
"""

from __future__ import annotations

import logging
import warnings
from datetime import date, datetime, timedelta
from logging.handlers import RotatingFileHandler
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_project.defs.forecast import forecast_assets
from dagster_project.defs.gap import gap_assets
from dagster_project.defs.goals import goal_assets
from dagster_project.defs.landing import landing_assets
from dagster_project.defs.models import model_assets
from dagster_project.defs.night import Held, night_resource
from dagster_project.defs.prepared import Prepared
from dagster_project.defs.publication import publication_asset
from dagster_project.defs.restatements import restatements_asset
from dagster_project.defs.reviews import review_assets
from dagster_project.defs.schedule import nightly_schedule
from dagster_project.defs.scorecard import scorecard_asset
from dagster_project.defs.snapshots import snapshot_assets
from dagster_project.project import Project

LOG_BYTES = 10 * 2**20
YEARS_WITHOUT_DECLARATION = 10


def partitions(
    prepared: Prepared, as_of: date | None = None, since: date | None = None
) -> dg.DailyPartitionsDefinition:
    """A partition a day of the calendar's zone, from the first day that a source declares to yesterday.

    `as_of` and `since` widen it to days before the first or after yesterday, which a run may ask for.
    """
    rules = prepared.definitions.calendar
    yesterday = datetime.now(ZoneInfo(rules.timezone)).date() - timedelta(days=1)
    declared = [
        source.covers.start
        for source in prepared.definitions.sources
        if source.covers and source.covers.start
    ]
    first = min(declared, default=date(yesterday.year - YEARS_WITHOUT_DECLARATION, 1, 1))
    wanted = as_of or yesterday
    return dg.DailyPartitionsDefinition(
        start_date=min(first, since or wanted, wanted, yesterday).isoformat(),
        timezone=rules.timezone,
        end_offset=max(0, (wanted - yesterday).days),
    )


def build_definitions(
    prepared: Prepared, as_of: date | None = None, held: Held | None = None, since: date | None = None
) -> dg.Definitions:
    """All assets, checks, the job `nightly` and its schedule. `held`: what `kpi run` settled beforehand;
    `since`: the first day of a range that ends on `as_of`."""
    # single-run backfills are marked beta; what we use of them is one flag
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    days = partitions(prepared, as_of, since)
    nightly = dg.define_asset_job(
        "nightly",
        selection=dg.AssetSelection.all(),
        description="From new exports to the publication of one night.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(
        assets=[
            landing_assets(prepared, days),
            model_assets(prepared, days),
            goal_assets(days),
            gap_assets(days),
            review_assets(days),
            forecast_assets(days),
            scorecard_asset(days),
            restatements_asset(days),
            publication_asset(prepared, days),
            *snapshot_assets(prepared, days),
        ],
        jobs=[nightly],
        schedules=[nightly_schedule(prepared, nightly)],
        resources={"night": night_resource(prepared, held)},
        loggers={"file": file_logger(prepared.project)},
        # one process a run: the lock, the run's id and dbt's manifest are shared by its steps
        executor=dg.in_process_executor,
    )


def file_logger(project: Project) -> dg.LoggerDefinition:
    """Dagster's own messages go to .kpi/logs/dagster.log, away from the person's screen."""

    @dg.logger({}, description="Writes to .kpi/logs/dagster.log")
    def write_to_file(context: dg.InitLoggerContext) -> logging.Logger:
        folder = project.work / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        log = logging.Logger("shirube", logging.INFO)
        handler = RotatingFileHandler(
            folder / "dagster.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)
        return log

    return write_to_file
