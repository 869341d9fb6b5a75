"""The goals' tables: targets phased to days, attainment."""

from typing import Any

import dagster as dg
import pandas as pd

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.night import Night
from dagster_project.goals.model import Goal
from dagster_project.goals.tables import build_goal_tables, slices_of
from dagster_project.project import Project
from dagster_project.warehouse import opened

TABLES = ("goal_tree", "goal_targets", "kgi_attainment")


def goal_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="goal_tables",
        specs=[
            dg.AssetSpec(name, group_name="goals", kinds={"python"}, deps=["kpi_daily", "kpi_period"])
            for name in TABLES
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def goal_tables(context: dg.AssetExecutionContext) -> Any:
        """Goal trees, targets by day and attainment as of the night."""
        night: Night = context.resources.night
        prepared = night.prepared
        with told_apart():
            tables = build_goal_tables(
                prepared.goals,
                prepared.definitions,
                read_goal_rows(prepared.project, "kpi_daily", prepared.goals),
                read_goal_rows(prepared.project, "kpi_period", prepared.goals),
                night.as_of,
                night.run_id,
            )
            for name in TABLES:
                count = built.write(prepared.project, name, getattr(tables, name))
                yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": count})

    return goal_tables


def read_goal_rows(project: Project, table: str, goals: tuple[Goal, ...]) -> pd.DataFrame:
    """The rows of kpi_daily or kpi_period that goals read, and the totals beside them."""
    slices = sorted(slices_of(goals))
    with opened(project, read_only=True) as connection:
        connection.execute("create temp table slices (kpi varchar, dimension varchar, segment varchar)")
        if slices:
            connection.executemany("insert into slices values (?, ?, ?)", slices)
        return connection.execute(
            f"select facts.* from main.{table} as facts "
            "semi join slices using (kpi, dimension, segment) order by all"
        ).df()
