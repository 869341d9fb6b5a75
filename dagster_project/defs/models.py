"""The dbt models as assets, their tests as checks, built in this process."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from dagster_project import memory, warehouse
from dagster_project.defs import dbt_engine
from dagster_project.defs.dbt_engine import NodeResult
from dagster_project.defs.failures import RETRIES, Transient, told_apart
from dagster_project.defs.night import Night
from dagster_project.defs.prepared import Prepared
from dagster_project.defs.shown import Shown, folder, source_key
from dagster_project.kpi.model import Definitions, Kpi
from dagster_project.landing.expose import in_force
from dagster_project.rewrites import unchanged
from dagster_project.rewrites.plan import begin, finish

SHOWN_FAILURES = 8


class Translator(DagsterDbtTranslator):
    """Groups models by their folder: staging, marts, kpi, calendar, ga4. An entity is owned by those who
    answer for the KPIs that are measured on it, and shows them."""

    def __init__(self, definitions: Definitions) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_source_tests_as_checks=True, enable_duplicate_source_asset_keys=True
            )
        )
        self._kpis = {kpi.name: kpi for kpi in definitions.kpis}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] != "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(source_key(dbt_resource_props["source_name"], dbt_resource_props["name"]))

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        owners = dbt_resource_props.get("meta", {}).get("owners", [])
        return [as_owner(owner) for owner in owners] or None

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = dict(super().get_metadata(dbt_resource_props))
        name = dbt_resource_props["name"]
        kpis = self._kpis if name == "kpi_catalog" else dbt_resource_props.get("meta", {}).get("kpis", [])
        if kpis:
            metadata["kpis"] = kpi_table(self._kpis[kpi] for kpi in kpis)
        return metadata

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return folder(dbt_resource_props) or None


def as_owner(owner: str) -> str:
    """An owner as Dagster accepts it: an address as it is, anything else as a team."""
    address = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}"
    return owner if re.fullmatch(address, owner) else f"team:{owner}"


def kpi_table(kpis: Iterable[Kpi]) -> dg.TableMetadataValue:
    """KPIs as the catalogue shows them."""
    records = [
        dg.TableRecord(
            {
                "kpi": kpi.name,
                "label": kpi.label.ja if kpi.label.ja == kpi.label.en else f"{kpi.label.ja} / {kpi.label.en}",
                "definition": kpi.definition,
                "unit": kpi.unit,
                "owner": kpi.owner or "",
            }
        )
        for kpi in kpis
    ]
    return dg.MetadataValue.table(records)


def model_assets(prepared: Prepared, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Every table of dbt's that people know, built with the steps to it. A test of severity error blocks what
    comes after it, a warning is a mark."""
    project, manifest = prepared.project, prepared.manifest
    shown = Shown(manifest)
    translator = Translator(prepared.definitions)
    dbt_project = DbtProject(
        project_dir=project.dbt, target_path=dbt_engine.target(project).resolve(), profiles_dir=project.dbt
    )

    @dbt_assets(
        manifest=shown.for_dagster,
        project=dbt_project,
        name="models",
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        dagster_dbt_translator=translator,
        required_resource_keys={"night"},
        retry_policy=RETRIES,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        night: Night = context.resources.night
        names = _names(context, shown)

        def report(name: str, done: int, total: int) -> None:
            night.tell(f"{name} ({done} of {total})")

        with told_apart():
            results = _build(night, names, report)
        checks = {spec.metadata["dagster_dbt/unique_id"]: spec for spec in context.assets_def.check_specs}
        keys = {spec.metadata["dagster_dbt/unique_id"]: spec.key for spec in context.assets_def.specs}
        for result in results:
            if result.unique_id in keys and result.status == "success":
                yield dg.MaterializeResult(
                    asset_key=keys[result.unique_id], metadata={"seconds": round(result.seconds, 3)}
                )
            elif result.unique_id in checks and result.status != "skipped":
                yield _checked(checks[result.unique_id], result)
        night.warnings += [_words(result, manifest) for result in results if result.status == "warn"]
        if broken := [result for result in results if result.is_broken]:
            raise _failure(broken, manifest)

    return models


def _build(night: Night, names: Sequence[str], report: Callable[[str, int, int], None]) -> list[NodeResult]:
    """Builds by tonight's plan of what is to be written again; it is done with once everything was built."""
    project, prepared = night.prepared.project, night.prepared
    definitions, manifest = prepared.definitions, prepared.manifest
    states = in_force(project.landing, definitions.sources, definitions.calendar, night.known_at)
    with warehouse.opened(project):
        begun = begin(project, definitions.calendar.timezone, manifest, states, night.as_of, night.rebuild)
        kept = unchanged.begin(
            project,
            manifest,
            dbt_engine.parsed_digest(project),
            states,
            night.as_of,
            anew=bool(names) or night.rebuild is not None,
        )
    rows = begun.rows if begun is not None else None
    built = dbt_engine.build(project, names, report, kept.nodes, rows)
    is_whole = not names and not any(result.is_broken or result.status == "skipped" for result in built)
    with warehouse.opened(project):
        done = (node.unique_id for node in built if node.status in ("success", "pass"))
        unchanged.finish(project, kept, done)
        if begun is not None and is_whole:
            finish(project, begun)
    nodes = manifest["nodes"]
    return _in_order(built + [_as_it_was(nodes[unique_id]) for unique_id in kept.nodes], nodes)


def _as_it_was(node: Mapping[str, Any]) -> NodeResult:
    """What a model or test that was left as it is counts as."""
    kind = node["resource_type"]
    status, failures = ("pass", 0) if kind == "test" else ("success", None)
    return NodeResult(node["unique_id"], node["name"], kind, status, "", 0.0, failures)


def _in_order(results: list[NodeResult], nodes: Mapping[str, Any]) -> list[NodeResult]:
    """Each after those that it reads, as Dagster asks for."""
    reads = {unique_id: node["depends_on"]["nodes"] for unique_id, node in nodes.items()}
    place = {unique_id: at for at, unique_id in enumerate(TopologicalSorter(reads).static_order())}
    return sorted(results, key=lambda result: place.get(result.unique_id, 0))


def _names(context: dg.AssetExecutionContext, shown: Shown) -> list[str]:
    """What to build where only some assets were chosen; nothing where all are."""
    if not context.is_subset:
        return []
    selected = context.selected_asset_keys
    chosen = [spec for spec in context.assets_def.specs if spec.key in selected]
    built = shown.with_steps(spec.metadata["dagster_dbt/unique_id"] for spec in chosen)
    names = [shown.manifest["nodes"][unique_id]["name"] for unique_id in built]
    return names + [key.name for key in context.selected_asset_check_keys if key.asset_key not in selected]


def _checked(spec: dg.AssetCheckSpec, result: NodeResult) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        passed=result.status == "pass",
        asset_key=spec.asset_key,
        check_name=spec.name,
        severity=severity,
        metadata={"rows": result.failures or 0, **({"message": result.message} if result.message else {})},
    )


def _failure(broken: list[NodeResult], manifest: Mapping[str, Any]) -> Exception:
    lines = [_words(result, manifest) for result in broken[:SHOWN_FAILURES]]
    if len(broken) > SHOWN_FAILURES:
        lines.append(f"... and {len(broken) - SHOWN_FAILURES} more")
    if any("Out of Memory Error" in result.message for result in broken):
        lines.append(
            f"DuckDB may take {memory.LIMIT} of memory, on {memory.THREADS} threads: allow it more by "
            "KPI_MEMORY_LIMIT (such as 2GB), or fewer threads by KPI_THREADS."
        )
    if all("IO Error" in result.message for result in broken):
        return Transient("\n".join(lines))
    return dg.Failure(description="\n".join(lines), allow_retries=False)


def _words(result: NodeResult, manifest: Mapping[str, Any]) -> str:
    """A sentence about a broken model or test: the file, what is wrong, how many rows."""
    node = manifest["nodes"].get(result.unique_id, {})
    if result.kind != "test":
        return f"model {result.name} ({node.get('original_file_path', '')}): {result.message}"
    about = [parent.rpartition(".")[2] for parent in node.get("depends_on", {}).get("nodes", [])]
    metadata = node.get("test_metadata") or {}
    test = metadata.get("name", result.name)
    columns = metadata.get("kwargs", {}).get("columns") or metadata.get("kwargs", {}).get("column_name") or ""
    where = f" ({', '.join(columns) if isinstance(columns, list) else columns})" if columns else ""
    if test == "lookup_matches":
        kwargs = metadata.get("kwargs", {})
        to = re.sub(r".*ref\('(?:stg_)?(\w+)'\).*", r"\1", str(kwargs.get("to", "")))
        entity = (node.get("attached_node") or "").rpartition(".")[2]
        ours = ", ".join(kwargs.get("ours", []))
        return f"{entity}: {result.failures} value(s) of {ours} are not in {to}; those rows lack its columns"
    if test == "one_value":
        source = (node.get("attached_node") or "").rpartition(".")[2].removeprefix("stg_")
        name = metadata["kwargs"]["column"]
        held = f"{source}: '{name}' holds {result.failures} currencies, and its amounts would be added"
        return f"{held}; declare currency_column: {name}, rates: and rate_on: of them"
    if test == "rows_left_out":
        entity = (node.get("attached_node") or "").rpartition(".")[2].removeprefix("stg_")
        return f"{entity}: {result.failures} row(s) {metadata['kwargs']['says']}"
    if test == "converted_before":
        kwargs = metadata["kwargs"]
        kpi = result.name.removeprefix("converted_before_")
        reached, time = kwargs["their_time"], kwargs["time"]
        what = f"{result.failures} row(s) have their {reached} before their {time}"
        return f"{kpi}: {what}, and don't count as converted"
    if result.status in ("fail", "warn"):
        return f"check {test}{where} of {', '.join(about)}: {result.failures} rows break it"
    return f"check {test}{where} of {', '.join(about)}: {result.message}"
