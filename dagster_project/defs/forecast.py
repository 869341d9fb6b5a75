"""The forecast of every goal's end, kept in an append-only log."""

from typing import Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.goals import read_goal_rows
from dagster_project.defs.night import Night
from dagster_project.forecast import log
from dagster_project.forecast.tables import build_forecast

TABLES = ("kgi_forecast", "kgi_forecast_path")


def forecast_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="forecast",
        specs=[
            dg.AssetSpec(
                name,
                group_name="forecast",
                kinds={"python"},
                deps=["kpi_daily", "goal_targets", "kgi_attainment"],
            )
            for name in TABLES
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def forecast(context: dg.AssetExecutionContext) -> Any:
        """Where each goal will end, how surely; the same inputs add nothing to the log."""
        night: Night = context.resources.night
        prepared, project = night.prepared, night.prepared.project
        with told_apart():
            new = build_forecast(
                prepared.goals,
                prepared.definitions,
                read_goal_rows(project, "kpi_daily", prepared.goals),
                built.read(project, "goal_targets").to_pandas(),
                built.read(project, "kgi_attainment").to_pandas(),
                log.read_forecasts(project.state),
                night.as_of,
                night.run_id,
            )
            log.append(project.state, new, night.run_id)
            built.write(project, "kgi_forecast", log.read_forecasts(project.state))
            # every night's path stays in state/; published is the one that a chart of this night shows
            built.write(project, "kgi_forecast_path", log.read_paths(project.state, night.as_of))
        for name in TABLES:
            yield dg.MaterializeResult(asset_key=name, metadata={"new_rows": len(getattr(new, name))})

    return forecast
