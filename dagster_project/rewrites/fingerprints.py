"""dbt's manifest → what each model that keeps rows from night to night is made of: where that changed, it is
rebuilt whole. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

IN_PARTS = "in_parts"
KEEPING = (IN_PARTS, "kept_rows")  # our materializations that do


def fingerprints(manifest: Mapping[str, Any], common: Mapping[str, str]) -> dict[str, str]:
    """Name → digest over the SQL of the model and of every model that it reads, of all of our macros, and
    of `common`: what else their rows depend on, such as the zone of the calendar and versions of programs."""
    nodes: Mapping[str, Any] = manifest["nodes"]
    package = manifest["metadata"]["project_name"]
    macros = {
        name: macro["macro_sql"]
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == package
    }
    base = _digest({"macros": macros, "common": dict(common)})
    known: dict[str, str] = {}

    def digest(unique_id: str) -> str:
        if unique_id not in known:
            node = nodes[unique_id]
            read = [name for name in node["depends_on"]["nodes"] if name in nodes]
            made_of = [base, node["raw_code"], node["config"], sorted(digest(name) for name in read)]
            known[unique_id] = _digest(made_of)
        return known[unique_id]

    return {
        node["name"]: digest(unique_id)
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and node["config"]["materialized"] in KEEPING
    }


def written_in_parts(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The names of the models of which a night writes what changed, not all."""
    return frozenset(
        node["name"] for node in manifest["nodes"].values() if node["config"]["materialized"] == IN_PARTS
    )


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
