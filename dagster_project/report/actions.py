"""The actions of each goal beside what they drive, read back from a publication's goal_actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.report.rows import rows


@dataclass(frozen=True)
class ActionRow:
    """A line of the table of actions; see goal_actions in docs/tables.md. `status` and `data_status` are
    those of a node, so that both are shown alike."""

    label: str
    owner: str | None
    unit: str
    due: date
    done: float | None
    target_to_date: float | None
    target: float | None
    attainment: float | None
    capacity_used: float | None
    drives: str
    driven_attainment: float | None
    status: str
    status_reason: str | None
    data_status: str


def read_actions(
    connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date, language: str
) -> Mapping[str, tuple[ActionRow, ...]]:
    """By goal, in the order that its actions are written in."""
    found: dict[str, list[ActionRow]] = {}
    query = f"select * from {parquet(folder, 'goal_actions')} where as_of = ? order by goal, sort"
    for row in rows(connection, query, [as_of]):
        found.setdefault(row["goal"], []).append(
            ActionRow(
                label=row[f"label_{language}"],
                owner=row["owner"],
                unit=row["unit"],
                due=row["due"],
                done=row["done"],
                target_to_date=row["target_to_date"],
                target=row["target"],
                attainment=row["attainment"],
                capacity_used=row["capacity_used"],
                drives=row[f"drives_label_{language}"],
                driven_attainment=row["driven_attainment"],
                status=row["status"],
                status_reason=row["status_reason"],
                data_status=row["data_status"],
            )
        )
    return {goal: tuple(actions) for goal, actions in found.items()}
