"""stg_<source>: the landed columns, personal ones left out, one row a key where the newest wins."""

from __future__ import annotations

from dagster_project.kpi.compile.currencies import converted, currencies_yaml, ranked
from dagster_project.kpi.compile.sql import (
    config,
    ctes,
    generated,
    generated_yaml,
    landed,
    quoted,
    select,
)
from dagster_project.kpi.model import Definitions, Source

GA4_EVENTS = "stg_ga4__events"
# Texts of every event that are dear to keep → the columns, by model, that an entity has to declare for it.
PAGE_TEXTS = {
    "page_location": {"ga4_events": {"page_location", "page_path"}, "ga4_sessions": {"landing_page"}},
    "page_title": {"ga4_events": {"page_title"}},
    "page_referrer": {"ga4_events": {"page_referrer"}},
}


def staging_files(definitions: Definitions) -> dict[str, str]:
    """staging/stg_<source>.sql for flat sources, one union of all GA4 exports, and the dbt source file."""
    files = {"staging/_landing.yml": _sources_yaml(definitions)}
    if told := currencies_yaml(definitions):
        files["staging/_currencies.yml"] = told
    nested = [source for source in definitions.sources if source.preset == "ga4_events"]
    for source in definitions.sources:
        if source.preset is None:
            files[f"staging/stg_{source.name}.sql"] = _flat(source)
    if nested:
        files[f"staging/{GA4_EVENTS}.sql"] = _nested(nested, declared_page_texts(definitions))
    return files


def _flat(source: Source) -> str:
    columns = [column.name for column in source.columns if not column.pii]
    if source.version is not None:
        columns.append("version")
    columns += ["_file", "_line"]
    head = generated(source.where.file) + config(materialized="view")
    if any(column.rates for column in source.columns):
        return head + converted(source, columns)
    if source.load != "by_key":
        return head + select(columns, landed(source.name)) + "\n"
    return head + ctes([("ranked", ranked(source))], select(columns, "ranked", "where newest = 1"))


def declared_page_texts(definitions: Definitions) -> frozenset[str]:
    """The PAGE_TEXTS that any entity asks for. Others are NULL in ga4_events: left out, a night over years of
    events costs a tenth less."""
    return frozenset(
        text
        for text, asked_by in PAGE_TEXTS.items()
        for entity in definitions.entities
        if asked_by.get(entity.model or "", set()) & {column.name for column in entity.columns}
    )


def _nested(sources: list[Source], texts: frozenset[str]) -> str:
    origin = ", ".join(dict.fromkeys(source.where.file for source in sources))
    keeps = "".join(f",\n    {str(text in texts).lower()} as keeps_{text}" for text in PAGE_TEXTS)
    parts = [
        f"select\n    *,\n    '{source.name}' as _source{keeps}\nfrom {landed(source.name)}"
        for source in sources
    ]
    return generated(origin) + config(materialized="view") + "\nunion all\n".join(parts) + "\n"


def _sources_yaml(definitions: Definitions) -> str:
    lines = [
        generated_yaml("kpi_definitions/sources"),
        "sources:",
        "  - name: landing",
        "    schema: landing",
        "    description: Landed exports, typed as declared; written by the landing step of the night.",
        "    tables:",
    ]
    for source in definitions.sources:
        lines.append(f"      - name: {source.name}")
        lines.append(f"        description: {quoted(f'{source.files}, load {source.load}')}")
    if not definitions.sources:
        lines[-1] += " []"
    return "\n".join(lines).replace("\n\n", "\n") + "\n"
