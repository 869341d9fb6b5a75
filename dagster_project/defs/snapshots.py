"""Nightly changes of the entities that ask for them: what was open, at which stage, on that night."""

from typing import Any

import dagster as dg

from dagster_project.defs.failures import told_apart
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared
from dagster_project.snapshots.changes import append_changes
from dagster_project.warehouse import opened


def snapshot_assets(prepared: Prepared, partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """One asset ["snapshots", entity] an entity; none where no entity is kept."""
    kept = [entity for entity in prepared.definitions.entities if entity.snapshot]
    if not kept:
        return []

    @dg.multi_asset(
        name="snapshots",
        specs=[
            dg.AssetSpec(
                dg.AssetKey(["snapshots", entity.name]),
                group_name="snapshots",
                kinds={"parquet"},
                deps=[entity.model or entity.name],
            )
            for entity in kept
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def snapshots(context: dg.AssetExecutionContext) -> Any:
        """Rows that are new, changed or gone since the last night, kept in state/snapshots."""
        night: Night = context.resources.night
        project = night.prepared.project
        for entity in kept:
            if night.known_at is not None:  # a night of the past: what it saw is kept already
                yield dg.MaterializeResult(asset_key=dg.AssetKey(["snapshots", entity.name]))
                continue
            with told_apart():
                with opened(project, read_only=True) as connection:
                    columns = ", ".join(f'"{column.name}"' for column in entity.columns if not column.pii)
                    rows = connection.execute(
                        f'select {columns} from main."{entity.model or entity.name}"'
                    ).to_arrow_table()
                count = append_changes(
                    project.state / "snapshots" / entity.name,
                    rows,
                    entity.key,
                    night.as_of,
                    night.run_id,
                    project.state_batches / "snapshots" / entity.name,
                )
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey(["snapshots", entity.name]), metadata={"changes": count}
            )

    return [snapshots]
