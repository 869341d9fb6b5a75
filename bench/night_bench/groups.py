"""The groups that the cost of the models is told by."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

# What the SQL by hand does too; kpi_*, calendar and tests come on top and don't grow with the events.
COMPARED = ("staging", "ga4", "marts", "measures")


def group_of(node: dict[str, Any]) -> str:
    """The group that a node's cost is told under: its folder, and within kpi what the models are of."""
    if node["resource_type"] != "model":
        return "tests"
    folder = PurePosixPath(node["original_file_path"]).parent.name
    generated = "generated" in PurePosixPath(node["original_file_path"]).parts
    if folder == "kpi" and generated:
        return "definitions" if node["name"] in ("kpi_formulas", "dimension_members") else "measures"
    return {"kpi": "kpi_*"}.get(folder, folder)
