"""One row a node for a tile, put together from the night's tables."""

from typing import Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.goals import goals_tonight, read_goal_rows
from dagster_project.defs.night import Night

TABLE = "kpi_scorecard"


def scorecard_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name=TABLE,
        group_name="goals",
        kinds={"python"},
        deps=["kpi_daily", "kgi_attainment", "kgi_forecast", "gap_drivers"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def scorecard(context: dg.AssetExecutionContext) -> Any:
        """How far each node is, how likely, which way it moves, and what its gap comes from first."""
        from dagster_project.goals.progress.scorecard import build_scorecard

        night: Night = context.resources.night
        project = night.prepared.project
        with told_apart():
            rows = build_scorecard(
                goals_tonight(night),
                read_goal_rows(night, "kpi_daily"),
                built.read(project, "kgi_attainment").to_pandas(),
                built.read(project, "kgi_forecast").to_pandas(),
                built.read(project, "gap_drivers").to_pandas(),
                night.as_of,
                night.run_id,
            )
            count = built.write(project, TABLE, rows)
        return dg.MaterializeResult(metadata={"dagster/row_count": count})

    return scorecard
