"""Assets of landing: one an export, and one each for the schemas `night` and `definitions`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project import warehouse
from dagster_project.defs import built
from dagster_project.defs.failures import RETRIES, told_apart
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared
from dagster_project.defs.shown import source_key
from dagster_project.kpi.metadata import rows
from dagster_project.landing.expose import expose
from dagster_project.landing.land import LandingReport, land


def source_keys(prepared: Prepared) -> dict[dg.AssetKey, str]:
    """Every source of the definitions and of dbt, so that no model depends on an asset that nobody makes,
    with its description."""
    found = {
        ("landing", source.name): f"Landed rows of {source.files}" for source in prepared.definitions.sources
    }
    for node in prepared.manifest["sources"].values():
        is_export = node["source_name"] == "landing"
        told = node["description"] if is_export else node["source_description"]
        found[source_key(node["source_name"], node["name"])] = told
    return {dg.AssetKey(key): found[key] for key in sorted(found)}


def landing_assets(prepared: Prepared, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """New exports become typed Parquet, and the warehouse shows those in force."""
    specs = [
        dg.AssetSpec(key, group_name="landing", kinds={"duckdb", "parquet"}, description=told)
        for key, told in source_keys(prepared).items()
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
            schema, source = spec.key.path
            about = metadata.get(source, {}) if schema == "landing" else {}
            yield dg.MaterializeResult(asset_key=spec.key, metadata=about)

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
    with warehouse.opened(project) as connection:
        exposed = expose(
            connection,
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
