"""What dbt's catalogue says beside the models: what each is, whose KPIs it feeds, who reads the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dagster_project.kpi.compile.sql import generated_yaml, quoted
from dagster_project.kpi.compile.yaml_text import flow
from dagster_project.kpi.model import Definitions, Entity, Kpi

# By the first word of a generated model's name.
_KINDS = {
    "measures": "What adds up over days, one row a day, dimension and segment",
    "things": "What distinct counts count, each thing once a day and slice",
    "arrivals": "How many of them came on each day, by the day on which they were there before",
    "anew": "What days can't be added up to, computed over each span of days",
    "levels": "What is open or was last counted, at the end of each day",
    "unknown": "Spans of days over which a measure is not known",
    "stocks": "The level that stands for each span of days",
    "dimension": "The segments of each dimension, with their entity",
    "kpi": "KPIs that are a formula over others, at each period and segment",
}
PUBLISHED = ("kpi_daily", "kpi_period", "kpi_catalog", "kpi_segments", "dim_date")


def about_files(files: Mapping[str, str], definitions: Definitions) -> dict[str, str]:
    """Descriptions of the generated models in `files` that have none yet, and the exposures."""
    described = "".join(text for name, text in files.items() if name.endswith(".yml"))
    found: dict[str, list[str]] = {}
    for path in files:
        folder, name = PurePosixPath(path).parent.name, PurePosixPath(path).stem
        if path.endswith(".sql") and f"- name: {name}\n" not in described:
            found.setdefault(folder, []).append(name)
    texts = {}
    for folder, names in found.items():
        lines = [generated_yaml("kpi_definitions").rstrip(), "models:"]
        for name in sorted(names):
            lines += [f"  - name: {name}", f"    description: {quoted(_sentence(name, definitions))}"]
        texts[f"{folder}/_about.yml"] = "\n".join(lines) + "\n"
    return texts | {"exposures/exposures.yml": _exposures(definitions)}


def _sentence(name: str, definitions: Definitions) -> str:
    kind, _, rest = name.partition("_")
    if kind == "stg":
        source = next((source for source in definitions.sources if source.name == rest), None)
        of = f" of {source.files}" if source else " of all Google Analytics 4 exports"
        newest = "; of each key the newest" if source and source.load == "by_key" else ""
        return f"The landed rows{of}, without personal columns{newest}."
    what, _, time = rest.partition("__")
    dated = any(entity.name == what for entity in definitions.entities) and time
    return f"{_KINDS[kind]}: {what} by {time}." if dated else f"{_KINDS[kind]}: {rest}."


def kpis_on(entity: Entity, definitions: Definitions) -> list[Kpi]:
    """The KPIs that any of their sides measures on `entity`."""
    return [
        kpi
        for kpi in definitions.kpis
        if any(operand.measure.entity == entity.name for operand in kpi.operands)
    ]


def owners_of(entity: Entity, definitions: Definitions) -> list[str]:
    """Who answers for the KPIs that are measured on `entity`."""
    return sorted({kpi.owner for kpi in kpis_on(entity, definitions) if kpi.owner})


def _exposures(definitions: Definitions) -> str:
    """The readers of what is published; dbt wants an owner, which is the company."""
    label = definitions.settings.label
    owner = label.ja or definitions.settings.name
    readers: tuple[tuple[str, str, str, str], ...] = (
        (
            "report",
            "レポート / Report",
            "dashboard",
            "report.html: attainment, forecast and causes of every goal.",
        ),
        (
            "serving_duckdb",
            "BI とスプレッドシート / BI and spreadsheets",
            "application",
            "serving.duckdb and the Parquet files in outputs/current, for BI tools and notebooks.",
        ),
    )
    lines = [generated_yaml("kpi_definitions/project.yml").rstrip(), "exposures:"]
    for name, title, kind, description in readers:
        keys: dict[str, Any] = {
            "label": title,
            "type": kind,
            "maturity": "high",
            "owner": {"name": owner},
            "description": description,
        }
        lines += [f"  - name: {name}", *(f"    {key}: {flow(value)}" for key, value in keys.items())]
        lines += ["    depends_on:", *(f"      - ref('{table}')" for table in PUBLISHED)]
    return "\n".join(lines) + "\n"
