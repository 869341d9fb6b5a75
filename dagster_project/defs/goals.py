"""The goals' tables: targets phased to days, attainment."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.night import Night
from dagster_project.goals.model import Goal
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project
from dagster_project.warehouse import insert, opened

if TYPE_CHECKING:
    import pandas as pd

    from dagster_project.goals.targets.left_out import Found

TABLES = ("goal_tree", "goal_targets", "kgi_attainment", "goal_actions")
CHECK = dg.AssetCheckSpec(
    "sound_targets",
    asset="goal_targets",
    description="Targets hold together, lie within what history calls a target, and their sources are fresh.",
)


def goal_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="goal_tables",
        specs=[
            dg.AssetSpec(name, group_name="goals", kinds={"python"}, deps=["kpi_daily", "kpi_period"])
            for name in TABLES
        ],
        check_specs=[CHECK],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def goal_tables(context: dg.AssetExecutionContext) -> Any:
        """Goal trees, targets by day, attainment and the actions' progress as of the night."""
        from dagster_project.goals.progress.action_rows import build_goal_actions
        from dagster_project.goals.tables import build_goal_tables
        from dagster_project.goals.targets.left_out import segments_left_out

        night: Night = context.resources.night
        prepared = night.prepared
        with told_apart():
            with opened(prepared.project, read_only=True):
                daily = read_goal_rows(night, "kpi_daily")
                periods = read_goal_rows(night, "kpi_period")
                known = (prepared.definitions, daily, periods)
                tables = build_goal_tables(prepared.goals, *known, night.as_of, night.run_id)
                goals = night.goals = tables.goals
                undivided = tuple(segments_left_out(goals, _segments(prepared.project, goals)))
            attained = tables.kgi_attainment
            actions = build_goal_actions(goals, *known, attained, night.as_of, night.run_id)
            for name, rows in zip(
                TABLES, (tables.goal_tree, tables.goal_targets, attained, actions), strict=True
            ):
                count = built.write(prepared.project, name, rows)
                yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": count})
            freshness = built.read(prepared.project, "source_freshness").to_pandas()
            night.warnings += undivided
            broken = tables.contradictions + undivided
            yield _checked(goals, prepared.definitions, periods, freshness, broken)

    return goal_tables


def _checked(
    goals: tuple[Goal, ...],
    definitions: Definitions,
    periods: "pd.DataFrame",
    freshness: "pd.DataFrame",
    broken: tuple[str, ...],
) -> dg.AssetCheckResult:
    """Remarks on targets that only data can make."""
    from dagster_project.goals.plan.evidence import read_evidence
    from dagster_project.goals.plan.lints import lints

    remarks = [*broken] + [
        f"{goal.name}: {remark.en}"
        for goal in goals
        for remark in lints(
            goal, definitions.settings.lints, read_evidence(goal, definitions, periods, freshness)
        )
        if remark.level == "warning"
    ]
    return dg.AssetCheckResult(
        passed=not remarks,
        asset_key="goal_targets",
        check_name=CHECK.name,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"goals": len(goals), "remarks": remarks},
    )


def _segments(project: Project, goals: tuple[Goal, ...]) -> "dict[str, Found]":
    """By goal, the segments of the dimension that it divides its targets over."""
    from dagster_project.goals.targets.left_out import Found

    found = {}
    with opened(project, read_only=True) as connection:
        for goal in goals:
            if goal.segments is None or goal.kgi.kpi is None:
                continue
            dimension = goal.segments.dimension
            known = connection.execute(
                "select segment from main.kpi_segments where dimension = ?", [dimension]
            ).fetchall()
            valued = connection.execute(
                "select distinct segment from main.kpi_daily where kpi = ? and dimension = ? "
                "and date between ? and ? and coalesce(numerator, value, 0) <> 0",
                [goal.kgi.kpi.name, dimension, goal.period.start, goal.period.end],
            ).fetchall()
            found[goal.name] = Found({name for (name,) in known}, {name for (name,) in valued})
    return found


def goals_tonight(night: Night) -> tuple[Goal, ...]:
    """The goals as the night's revision has them, targets that rest on data solved; for all that reads goals
    after their tables."""
    from dagster_project.goals.tables import goals_in_force

    prepared = night.prepared
    if night.goals is None:
        daily, period = (read_goal_rows(night, table) for table in ("kpi_daily", "kpi_period"))
        night.goals = goals_in_force(prepared.goals, prepared.definitions, daily, period, night.as_of)
    return night.goals


def read_goal_rows(night: Night, table: str) -> "pd.DataFrame":
    """The rows of kpi_daily or kpi_period that goals read, and the totals beside them; read once a night."""
    from dagster_project.goals.tables import slices_of

    if not night.goal_rows:
        slices = sorted(slices_of(night.prepared.goals))
        with opened(night.prepared.project, read_only=True) as connection:
            connection.execute("create temp table slices (kpi varchar, dimension varchar, segment varchar)")
            insert(connection, "slices", ("varchar", "varchar", "varchar"), slices)
            night.goal_rows |= {
                name: connection.execute(
                    f"select facts.* from main.{name} as facts "
                    "semi join slices using (kpi, dimension, segment) order by all"
                ).df()
                for name in ("kpi_daily", "kpi_period")
            }
    # who changes their copy changes no one else's: pandas copies on write
    return night.goal_rows[table].copy(deep=False)
