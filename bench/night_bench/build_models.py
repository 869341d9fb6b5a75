"""The models of a night alone, node by node: `python -m night_bench.build_models FOLDER [--compared]`.

Lands what is new, then builds every dbt model and test as a night does, but one after the other, so that the
CPU seconds of this process between two nodes are those of a node: with a checkpoint after each, of what it
wrote. With --compared only the models up to the measures, and no tests. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from dagster_project import warehouse
from dagster_project.defs import dbt_engine
from dagster_project.defs.landing import land_new
from dagster_project.defs.prepared import prepare
from dagster_project.kpi.metadata import rows
from dagster_project.landing.expose import expose, latest_data
from dagster_project.project import Project, find_project
from night_bench.groups import COMPARED, group_of


def _build(project: Project, names: list[str]) -> list[tuple[str, float]]:
    """(unique id, CPU seconds) of each node, in the order they ran."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    saved = dbt_engine.target(project) / "partial_parse.msgpack"
    manifest = Manifest.from_msgpack(saved.read_bytes(), decoder=extended_mashumuro_decoder)
    ran: list[tuple[str, float]] = []
    last = time.process_time()

    def listen(event: Any) -> None:
        nonlocal last
        if event.info.name in ("LogModelResult", "LogTestResult", "LogStartLine"):
            # else what a node wrote is in part brought into the file while a later one runs
            DuckDBConnectionManager._ENV.conn.cursor().execute("checkpoint")
            now = time.process_time()
            if event.info.name != "LogStartLine":
                ran.append((event.data.node_info.unique_id, now - last))
            last = now

    folders = ["--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)]
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json"]
    arguments = ["build", "--exclude-resource-type", "unit_test", "--threads", "1", *folders, *quiet]
    if names:
        arguments += ["--exclude-resource-type", "test", "--select", *(f"+{name}" for name in names)]
    result = dbtRunner(manifest=manifest, callbacks=[listen]).invoke(arguments)
    if not result.success:
        raise SystemExit(f"dbt could not build: {result.exception or result.result}")
    return ran


def main(root: str, *, compared: bool) -> None:
    laps: dict[str, float] = {}
    project = find_project(root)
    before = time.process_time()

    def lap(name: str) -> None:
        nonlocal before
        now = time.process_time()
        laps[name] = now - before
        before = now

    prepared = prepare(project)
    definitions = prepared.definitions
    lap("prepare")
    land_new(prepared, lambda line: None)
    lap("landing")
    warehouse.remove(project)
    as_of = latest_data(project.landing, definitions.sources, definitions.calendar, None)
    assert as_of is not None
    known = (definitions.sources, definitions.calendar, as_of, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-bench0")
    expose(project.warehouse, project.landing, *known)
    warehouse.write_tables(project, "definitions", rows(definitions))
    lap("expose")
    nodes = prepared.manifest["nodes"]
    names = [node["name"] for node in nodes.values() if group_of(node) in COMPARED] if compared else []
    ran = _build(project, names)
    lap("dbt build")
    groups: dict[str, float] = defaultdict(float)
    for unique_id, seconds in ran:
        groups[group_of(nodes[unique_id])] += seconds
    costs = sorted(ran, key=lambda each: -each[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"laps": laps, "groups": groups, "nodes": dict(costs), "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], compared="--compared" in sys.argv)
