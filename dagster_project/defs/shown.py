"""Which dbt models are assets: the tables that people know, and not the steps between them.

Of the 140 models of a night some 40 are tables that someone reads: entities, sessions, the calendar, what is
published. An event, a version and a row in the UI for every step between them cost more than building it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from dagster_project.publish.contract import load

# Folders whose models are steps to something else, but for the published tables among them.
OF_STEPS = ("staging", "kpi")

Links = Mapping[str, Sequence[str]]


def source_key(schema: str, table: str) -> tuple[str, str]:
    """Asset key of a dbt source: an export has its own, what a run writes beside them is one a schema."""
    return (schema, table) if schema == "landing" else (schema, "tables")


def folder(node: Mapping[str, Any]) -> str:
    """The folder that a node's file lies in: staging, marts, kpi, calendar, ga4."""
    return PurePosixPath(node["original_file_path"]).parent.name


@dataclass(frozen=True)
class Shown:
    """dbt's manifest.json, and what of it Dagster is told."""

    manifest: Mapping[str, Any]

    @cached_property
    def steps(self) -> frozenset[str]:
        """Unique ids of the models that are no assets."""
        published = load().names
        return frozenset(
            name
            for name, node in self.manifest["nodes"].items()
            if node["resource_type"] == "model" and folder(node) in OF_STEPS and node["name"] not in published
        )

    @cached_property
    def for_dagster(self) -> dict[str, Any]:
        """The manifest with ephemeral steps: dagster-dbt looks through them for what a table is made from.
        A test of a step belongs to the first table that is made from it."""
        nodes = dict(self.manifest["nodes"])
        parents, children = dict(self.manifest["parent_map"]), dict(self.manifest["child_map"])
        for name, node in self.manifest["nodes"].items():
            if name in self.steps:
                nodes[name] = {**node, "config": {**node["config"], "materialized": "ephemeral"}}
            elif node["resource_type"] == "test":
                reads = node["depends_on"]["nodes"]
                tested = node.get("attached_node") or (reads[0] if len(reads) == 1 else None)
                table = self._table_below(tested) if tested in self.steps else None
                if table is not None:
                    nodes[name] = {**node, "attached_node": table, "depends_on": {"nodes": [table]}}
                    children[table] = [*children[table], name]
                parents[name] = sorted({above for read in reads for above in self._tables_above(read)})
        return {**self.manifest, "nodes": nodes, "parent_map": parents, "child_map": children}

    def with_steps(self, tables: Iterable[str]) -> list[str]:
        """Unique ids of the tables, and of the steps that have to be built for them."""
        found = dict.fromkeys(tables)
        up: Links = self.manifest["parent_map"]
        for table in list(found):
            for parent in up[table]:
                found |= dict.fromkeys(name for name in self._walk(parent, up) if name in self.steps)
        return list(found)

    def _tables_above(self, name: str) -> Iterator[str]:
        """The node itself, or the nearest tables and sources that a step is made from."""
        return (found for found in self._walk(name, self.manifest["parent_map"]) if found not in self.steps)

    def _table_below(self, step: str) -> str | None:
        """The nearest table that is made from a step; None where there is none."""
        below = self._walk(step, self.manifest["child_map"])
        return next((name for name in below if name.startswith("model.") and name not in self.steps), None)

    def _walk(self, start: str, links: Links) -> Iterator[str]:
        """From a node along the links, nearest first, through steps only: any other node ends the way."""
        seen, waiting = {start}, [start]
        for name in waiting:
            yield name
            if name in self.steps:
                further = [other for other in sorted(links[name]) if other not in seen]
                seen.update(further)
                waiting += further
