"""What was kept in state/ under names that KPIs and nodes had then, under those of today."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dagster_project.goals.model import Goal
from dagster_project.goals.resolve.renames import old_nodes
from dagster_project.kpi.model import Definitions


def under_todays_names(rows: pd.DataFrame, goals: Sequence[Goal], definitions: Definitions) -> pd.DataFrame:
    """`rows` (with columns goal and node, maybe kpi) with renamed nodes and KPIs, else as they are.

    A node without a goal is a KPI of its own (alerts off course).
    """
    kpis = {old: kpi.name for kpi in definitions.kpis for old in kpi.formerly}
    moved = rows.copy()
    for goal in goals:
        for old, name in old_nodes(goal).items():
            moved.loc[(rows["goal"] == goal.name) & (rows["node"] == old), "node"] = name
    for old, name in kpis.items():
        moved.loc[rows["goal"].isna() & (rows["node"] == old), "node"] = name
        if "kpi" in rows.columns:
            moved.loc[rows["kpi"] == old, "kpi"] = name
    return moved
