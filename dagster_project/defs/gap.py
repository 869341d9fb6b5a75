"""Why the goals stand where they do: tree checks, gap drivers, funnels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.goals import goals_tonight, read_goal_rows
from dagster_project.defs.night import Night
from dagster_project.goals.model import Goal
from dagster_project.project import Project
from dagster_project.warehouse import insert, opened

if TYPE_CHECKING:
    import pandas as pd

    from dagster_project.goals.gap.tables import GapTables

TABLES = ("tree_checks", "gap_drivers", "goal_funnel")
CHECK = dg.AssetCheckSpec(
    "equations_hold",
    asset="tree_checks",
    description="Every equation of every goal tree holds in the data; a mismatch marks and doesn't block.",
)


def gap_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="gaps",
        specs=[
            dg.AssetSpec(
                name,
                group_name="goals",
                kinds={"python"},
                deps=["kpi_daily", "kpi_period", "goal_targets", "kgi_attainment"],
            )
            for name in TABLES
        ],
        check_specs=[CHECK],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def gaps(context: dg.AssetExecutionContext) -> Any:
        """Whether the trees hold in the data, and what their gaps to plan and last year come from."""
        from dagster_project.goals.gap.tables import build_gap_tables

        night: Night = context.resources.night
        project = night.prepared.project
        with told_apart():
            goals = goals_tonight(night)
            tables = build_gap_tables(
                goals,
                built.read(project, "kgi_attainment").to_pandas(),
                built.read(project, "goal_targets").to_pandas(),
                read_goal_rows(night, "kpi_daily"),
                read_goal_rows(night, "kpi_period"),
                read_segment_rows(project, goals),
                night.as_of,
                night.run_id,
            )
            for name in TABLES:
                count = built.write(project, name, getattr(tables, name))
                yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": count})
        yield _checked(tables)

    return gaps


def _checked(tables: "GapTables") -> dg.AssetCheckResult:
    rows = tables.tree_checks
    broken = rows[rows["status"] == "mismatch"]
    return dg.AssetCheckResult(
        passed=broken.empty,
        asset_key="tree_checks",
        check_name=CHECK.name,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"equations": len(rows), "mismatches": list(_said(broken))},
    )


def _said(broken: "pd.DataFrame") -> Iterator[str]:
    names = ("goal", "equation", "difference", "likely_reason")
    for goal, equation, difference, reason in zip(*(broken[name].tolist() for name in names), strict=True):
        yield f"{goal}: {equation} is off by {difference:,.6g} ({reason})"


def read_segment_rows(project: Project, goals: tuple[Goal, ...]) -> "pd.DataFrame":
    """Of kpi_period the goals' own periods, for every segment of the dimensions of their KGIs."""
    wanted = sorted(
        {
            (node.kpi.name, dimension, goal.period.grain, goal.period.start)
            for goal in goals
            for node in goal.tree
            if node.kpi is not None and goal.kgi.kpi is not None
            for dimension in goal.kgi.kpi.dimensions
        }
    )
    with opened(project, read_only=True) as connection:
        connection.execute(
            "create temp table wanted (kpi varchar, dimension varchar, grain varchar, period_start date)"
        )
        insert(connection, "wanted", ("varchar", "varchar", "varchar", "date"), wanted)
        return connection.execute(
            "select facts.* from main.kpi_period as facts "
            "semi join wanted using (kpi, dimension, grain, period_start) order by all"
        ).df()
