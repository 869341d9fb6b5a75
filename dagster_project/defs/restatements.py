"""What tonight changes in days that were published before, kept in state/."""

import dagster as dg
import pyarrow as pa

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.night import Night
from dagster_project.kpi.model import Definitions
from dagster_project.landing.expose import in_force
from dagster_project.publish import restatements as restated
from dagster_project.publish.publication import known_at_of


def restatements_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        group_name="publication",
        kinds={"python"},
        deps=["kpi_daily"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def restatements(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Daily values that differ from the publication in force: KPI, day, segment, old, new, cause."""
        night: Night = context.resources.night
        project = night.prepared.project
        with told_apart():
            found = _found(night)
            rows = restated.kept(project.state, project.state_batches)
            built.write(project, restated.TABLE, rows)
        return dg.MaterializeResult(metadata={"restated": found, "dagster/row_count": rows.num_rows})

    return restatements


def _found(night: Night) -> int:
    """Keeps what tonight restates, and returns how many values that are. A night of what was known in the
    past restates nothing, and neither does the one that follows it."""
    prepared = night.prepared
    project, definitions = prepared.project, prepared.definitions
    if night.known_at is not None or not project.current.exists():
        return 0
    published = project.current.resolve()
    if known_at_of(published) is not None:
        return 0
    rows: pa.Table = restated.find(
        project.warehouse, published, _reads(definitions), _files(night), night.run_id, night.as_of
    )
    restated.keep(project.state, published.name, rows)
    return int(rows.num_rows)


def _reads(definitions: Definitions) -> dict[str, restated.Read]:
    sources = {entity.name: frozenset(entity.sources) for entity in definitions.entities}
    return {
        kpi.name: restated.Read(
            frozenset().union(*(sources[place.entity] for place in kpi.places)),
            any(place.ripens is not None for place in kpi.places),
        )
        for kpi in definitions.kpis
    }


def _files(night: Night) -> list[restated.InputFile]:
    definitions = night.prepared.definitions
    states = in_force(night.prepared.project.landing, definitions.sources, definitions.calendar)
    return [
        restated.InputFile(
            state.source.name,
            use.entry.path,
            use.entry.sha256,
            use.entry.version,
            use.entry.arrived_at,
            (use.days if use.days is not None else use.entry.days) if state.source.load == "by_day" else (),
        )
        for state in states
        for use in state.uses
    ]
