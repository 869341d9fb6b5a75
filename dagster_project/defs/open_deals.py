"""The cases behind deal-based goals, from the warehouse and from what nights kept of them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb
import pandas as pd

from dagster_project.defs.night import Night
from dagster_project.forecast.open_deals import Book, read_book
from dagster_project.goals.frames import Slice
from dagster_project.kpi.deals import DealFlow, deal_flow_of
from dagster_project.snapshots.changes import changes_through
from dagster_project.warehouse import opened


def read_books(night: Night) -> dict[Slice, Book]:
    """Of every node of the goals that counts or sums cases which are open before they are closed."""
    prepared = night.prepared
    flows: dict[Slice, DealFlow] = {}
    for goal in prepared.goals:
        for node in goal.nodes:
            if node.kpi is None:
                continue
            flow = deal_flow_of(node.kpi, node.dimension, node.segment, prepared.definitions)
            if flow is not None:
                flows[node.kpi.name, node.dimension, node.segment] = flow
    if not flows:
        return {}
    with opened(prepared.project, read_only=True) as connection:
        return {place: _book(night, flow, connection) for place, flow in flows.items()}


def _book(night: Night, flow: DealFlow, connection: duckdb.DuckDBPyConnection) -> Book:
    case = "concat_ws('|', " + ", ".join(f"cast({name} as varchar)" for name in flow.key) + ")"
    stage = "concat_ws('|', " + ", ".join([*flow.stages, "''"]) + ")"
    amount = f"cast({flow.amount} as double)" if flow.amount is not None else "cast(null as double)"
    cases = connection.execute(
        f"""
        select {case} as "case", cast({flow.opened} as date) as opened,
            cast({flow.closed} as date) as closed, {stage} as stage,
            coalesce({flow.counts}, false) as counts, {amount} as amount
        from main."{flow.table}" where {flow.belongs} order by 1
        """
    ).df()
    changes = pd.DataFrame(columns=["case", "day", "stage", "amount"])
    kept = None
    if flow.is_kept:
        project, snapshots = night.prepared.project, Path("snapshots", flow.entity)
        kept = changes_through(
            project.state / snapshots, night.as_of, project.state_batches / snapshots, night.said_by
        )
    if kept is not None:
        connection.register("kept", kept)
        # Where the entity has columns by now that no night has kept yet, its cases go by their dates.
        with suppress(duckdb.BinderException):
            changes = connection.execute(
                f"""
                select {case} as "case", snapshot_as_of as day, {stage} as stage, {amount} as amount
                from kept where change <> 'delete'
                """
            ).df()
    return read_book(cases, changes, night.as_of, is_count=flow.amount is None)
