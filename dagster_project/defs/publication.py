"""The publication: everything of the night in one flip, or nothing."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared
from dagster_project.defs.shown import source_key
from dagster_project.publish.contract import load
from dagster_project.publish.publication import publication_row
from dagster_project.publish.publish import PublishedRelation, publish

FROM_LANDING = ("source_freshness", "quarantine", "pipeline_runs")


def upstream(prepared: Prepared) -> list[dg.AssetKey]:
    """Every asset that is published, and the landing that the freshness tables come from."""
    made = [table.name for table in load().tables if table.name not in (*FROM_LANDING, "publication")]
    return [dg.AssetKey(name) for name in made] + [dg.AssetKey(source_key("night", "run"))]


def publication_asset(prepared: Prepared, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        group_name="publication",
        kinds={"parquet", "duckdb"},
        deps=upstream(prepared),
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """outputs/current: Parquet of every table, serving.duckdb and report.html."""
        night: Night = context.resources.night
        with told_apart():
            night.published = _publish(night)
        return dg.MaterializeResult(metadata={"folder": str(night.published), "run_id": night.run_id})

    return publication


def _publish(night: Night) -> Path:
    from dagster_project.report.html import write_report

    prepared, now = night.prepared, datetime.now(UTC)
    tables: dict[str, pa.Table | PublishedRelation] = {}
    for table in load().tables:
        if table.made_by == "dbt":
            tables[table.name] = PublishedRelation("main", table.name)
        elif table.name == "publication":
            tables[table.name] = publication_row(
                prepared.definitions,
                prepared.definitions_hash,
                night.run_id,
                night.as_of,
                now,
                night.known_at,
            )
        else:
            rows = built.read(prepared.project, table.name)
            if table.name == "pipeline_runs":
                rows = rows.append_column("run_id", pa.array([night.run_id] * rows.num_rows, pa.string()))
            tables[table.name] = rows

    def report(folder: Path) -> None:
        write_report(folder, compiled=prepared.project.templates)

    return publish(prepared.project, night.run_id, night.as_of, tables, report, now)
