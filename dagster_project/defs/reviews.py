"""What the goals assumed against what came, and the reviews that people recorded."""

from typing import Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.goals import goals_tonight, read_goal_rows
from dagster_project.defs.night import Night

TABLES = ("assumption_review", "goal_reviews")
READ = ["kpi_daily", "kpi_period", "goal_targets", "kgi_attainment"]


def review_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="reviews",
        specs=[
            dg.AssetSpec("assumption_review", group_name="goals", kinds={"python"}, deps=READ),
            # It reads none of them, but a range is refused where one asset of a step begins it and another
            # does not.
            dg.AssetSpec("goal_reviews", group_name="goals", kinds={"parquet"}, deps=READ),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def reviews(context: dg.AssetExecutionContext) -> Any:
        """Assumptions judged as of the night; the reviews kept in state/, for BI."""
        from dagster_project.goals.review.assumptions import build_assumption_review
        from dagster_project.goals.review.log import read_reviews

        night: Night = context.resources.night
        project = night.prepared.project
        with told_apart():
            assumptions = build_assumption_review(
                goals_tonight(night),
                read_goal_rows(night, "kpi_daily"),
                read_goal_rows(night, "kpi_period"),
                built.read(project, "goal_targets").to_pandas(),
                built.read(project, "kgi_attainment").to_pandas(),
                night.as_of,
                night.run_id,
            )
            kept = read_reviews(project.state, night.known_at)
            for name, rows in zip(TABLES, (assumptions, kept), strict=True):
                count = built.write(project, name, rows)
                yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": count})

    return reviews
