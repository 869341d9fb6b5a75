"""dbt in this process: parse only what changed, build, let go of the warehouse."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster_project import memory
from dagster_project.defs import dbt_log, dbt_shortcuts
from dagster_project.defs.dbt_manifest import needed
from dagster_project.errors import NothingPublished
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project

PACKAGES = ("dbt-core", "dbt-duckdb", "dbt-adapters")
PACKAGE = "shirube"  # ours, of dbt's
LEFT_OUT = "left_out_tonight"
READ_BY_DBT = ("DBT_", "KPI_DBT", "KPI_LANDING", "KPI_WAREHOUSE")


@dataclass(frozen=True)
class NodeResult:
    """What became of a model or test. `failures`: rows.

    status: success, pass, warn, fail, error or skipped.
    """

    unique_id: str
    name: str
    kind: str
    status: str
    message: str
    seconds: float
    failures: int | None

    @property
    def is_broken(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


def target(project: Project) -> Path:
    return project.work / "dbt" / "target"


def logs(project: Project) -> Path:
    return project.work / "logs"


def set_environment(project: Project, definitions: Definitions) -> None:
    """What dbt_project.yml and profiles.yml ask of the environment, and no telemetry."""
    packs = ["ga4"] if any(source.preset == "ga4_events" for source in definitions.sources) else []
    os.environ.update(
        KPI_WAREHOUSE=str(project.warehouse.resolve()),
        KPI_LANDING=str(project.landing.resolve()),
        KPI_DBT_PACKS=",".join(packs),
        KPI_MEMORY_LIMIT=memory.LIMIT,
        KPI_THREADS=memory.THREADS,
        DBT_TARGET_PATH=str(target(project).resolve()),
        DBT_LOG_PATH=str(logs(project).resolve()),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        DO_NOT_TRACK="1",
    )


def ensure_manifest(project: Project) -> Mapping[str, Any]:
    """manifest.json of the dbt project, parsed anew only where a file, a version or the environment changed.

    A change is parsed in full: dbt's partial parse goes stale under generated models.
    Raises NothingPublished where dbt can't read them.
    """
    mark = _mark(project)
    wanted = _fingerprint(project)
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == wanted and _saved(project).is_file()):
        mark.unlink(missing_ok=True)
        with dbt_shortcuts.taken():
            result = _invoke(project, ["parse"], manifest=None, callbacks=[])
        if not result.success:
            raise NothingPublished(f"dbt could not read its models: {result.exception}")
        del result
        memory.give_back()
        mark.write_text(wanted, encoding="utf-8")
    manifest: Mapping[str, Any] = json.loads((target(project) / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def parsed_digest(project: Project) -> str:
    """Of all that the manifest was parsed from; as `ensure_manifest` left it."""
    return _mark(project).read_text(encoding="utf-8")


def build(
    project: Project,
    selection: Sequence[str] = (),
    report: Callable[[str, int, int], None] | None = None,
    left_out: Collection[str] = (),
    rows: int | None = None,
) -> list[NodeResult]:
    """`dbt build` but for unit tests: they prove the code, not tonight's data.

    selection: names of nodes, () = all. report: called with the name of each node that is done, how many are,
    and of how many. left_out: unique ids of nodes not to build. rows: about how many landed ones
    are read, where that is known. Broken models and failed tests are in the results; NothingPublished says
    that dbt broke before it had any.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    is_large = memory.are_many(rows)

    def listen(event: Any) -> None:
        # an error in here would fail the model that it tells of
        if is_large and event.info.name == "LogModelResult":
            memory.trim()
        if report is not None and event.info.name in ("LogModelResult", "LogTestResult"):
            of = event.data.total if event.info.name == "LogModelResult" else event.data.num_models
            report(event.data.node_info.node_name, event.data.index, of)

    def read(saved: bytes) -> dict[str, Any]:
        return needed(extended_mashumuro_decoder(saved), left_out, PACKAGE)

    # The saved form of a parse loads in 0.05 s; parsing again takes seconds.
    manifest = Manifest.from_msgpack(_saved(project).read_bytes(), decoder=read)
    os.environ["KPI_THREADS"] = memory.threads_for(rows)
    arguments = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
    if selection:
        arguments += ["--select", *selection]
    if left_out:
        # a test is left out where it is itself, not where a table that it reads is
        arguments += ["--indirect-selection", "empty"]
    if read_only := manifest.nodes.keys() & set(left_out):
        # by one tag: dbt compares each name that it is given with every node
        for unique_id in read_only:
            manifest.nodes[unique_id].tags.append(LEFT_OUT)
        arguments += ["--exclude", f"tag:{LEFT_OUT}"]
    if is_large:
        memory.give_back()
    try:
        with dbt_shortcuts.taken():
            result = _invoke(project, arguments, manifest=manifest, callbacks=[listen])
    finally:
        # else the next step could not open the warehouse: one process, two sets of settings
        DuckDBConnectionManager.close_all_connections()
    if result.result is None:
        raise NothingPublished(f"dbt could not build: {result.exception}")
    return [
        NodeResult(
            unique_id=item.node.unique_id,
            name=item.node.name,
            kind=str(item.node.resource_type),
            status=str(item.status),
            message=(item.message or "").strip(),
            seconds=float(item.execution_time),
            failures=item.failures,
        )
        for item in result.result.results
    ]


def _invoke(
    project: Project, arguments: list[str], manifest: Any, callbacks: list[Callable[[Any], None]]
) -> Any:
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)]
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    with dbt_log.written_to(logs(project)) as log:
        return dbtRunner(manifest=manifest, callbacks=[*callbacks, log]).invoke(
            [*arguments, *folders, *quiet]
        )


def _mark(project: Project) -> Path:
    return target(project) / "parsed.sha256"


def _saved(project: Project) -> Path:
    return target(project) / "partial_parse.msgpack"


def _fingerprint(project: Project) -> str:
    digest = hashlib.sha256()
    for name in PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    for name in sorted(name for name in os.environ if name.startswith(READ_BY_DBT)):
        digest.update(f"{name}={os.environ[name]}\n".encode())
    for path in _files(project):
        content = path.read_bytes()
        digest.update(f"{path} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(project: Project) -> Iterator[Path]:
    generated = project.generated.resolve()
    for folder in ("macros", "models", "tests"):
        for path in sorted((project.dbt / folder).rglob("*")):
            if path.suffix in (".sql", ".yml") and generated not in path.resolve().parents:
                yield path
    yield project.dbt / "dbt_project.yml"
    yield project.dbt / "profiles.yml"
    for path in sorted(generated.rglob("*")):
        if path.suffix in (".sql", ".yml"):
            yield path
