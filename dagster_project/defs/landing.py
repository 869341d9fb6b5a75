"""Assets of landing: one a source, and the schemas `night` and `definitions` that models read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project import warehouse
from dagster_project.defs import built
from dagster_project.defs.failures import RETRIES, told_apart
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared
from dagster_project.kpi.metadata import rows
from dagster_project.landing.expose import expose
from dagster_project.landing.land import LandingReport, land


def source_keys(prepared: Prepared) -> list[dg.AssetKey]:
    """Every source of the definitions and of dbt: no model depends on an asset that nobody makes."""
    declared = {("landing", source.name) for source in prepared.definitions.sources}
    read = {(node["source_name"], node["name"]) for node in prepared.manifest["sources"].values()}
    return [dg.AssetKey(list(key)) for key in sorted(declared | read)]


def landing_assets(prepared: Prepared, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """New exports become typed Parquet, and the warehouse shows those in force."""
    sources = prepared.manifest["sources"].values()
    told = {(node["source_name"], node["name"]): node["description"] for node in sources}
    told |= {
        ("landing", source.name): f"Landed rows of {source.files}" for source in prepared.definitions.sources
    }
    specs = [
        dg.AssetSpec(
            key,
            group_name="landing",
            kinds={"duckdb", "parquet"},
            description=told.get((key.path[0], key.path[-1])),
        )
        for key in source_keys(prepared)
    ]

    @dg.multi_asset(
        name="landing",
        specs=specs,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        required_resource_keys={"night"},
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Night = context.resources.night
        with told_apart():
            metadata = _land(night)
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata.get(spec.key.path[-1], {}))

    return landing


def land_new(prepared: Prepared, tell: Callable[[str], None]) -> LandingReport:
    """Land what is new in the data folder; arrival is now."""
    tell("landing the exports")
    definitions, project = prepared.definitions, prepared.project
    return land(
        project.data,
        project.landing,
        definitions.sources,
        definitions.calendar,
        datetime.now(UTC),
        report=tell,
    )


def _land(night: Night) -> dict[str, dict[str, int | str]]:
    """Land what is new and show it to the warehouse; metadata by source."""
    prepared, project = night.prepared, night.prepared.project
    definitions = prepared.definitions
    if not night.landed:
        land_new(prepared, night.tell)
    if night.full_refresh:
        warehouse.remove(project)
    elif mended := warehouse.make_ready(project):
        night.tell(mended)
    exposed = expose(
        project.warehouse,
        project.landing,
        definitions.sources,
        definitions.calendar,
        night.as_of,
        night.run_id,
        night.known_at,
    )
    warehouse.write_tables(project, "definitions", rows(definitions))
    built.write(project, "source_freshness", exposed.source_freshness)
    built.write(project, "quarantine", exposed.quarantine)
    built.write(project, "pipeline_runs", exposed.inputs)
    found = exposed.source_freshness.to_pylist()
    shown = ("status", "rows", "quarantined", "held_files")
    return {row["source"]: {name: row[name] for name in shown if name in row} for row in found}
