"""semantic/*.yml and metrics/*.yml, in the spec that dbt-core 1.11 reads.

1.11 ignores the newer spec (semantic models below `models:`) without a word.
"""

from __future__ import annotations

from dagster_project.kpi.compile.semantic.metrics import Metrics
from dagster_project.kpi.compile.semantic.models import semantic_model
from dagster_project.kpi.compile.sql import generated_yaml
from dagster_project.kpi.compile.yaml_text import entry, flow
from dagster_project.kpi.model import Definitions

_LISTS = ("dimensions", "measures")


def semantic_files(definitions: Definitions) -> dict[str, str]:
    """A file for each entity that KPIs are measured on, and one for each department."""
    metrics = Metrics(definitions)
    files = {}
    measured = {kpi.numerator.measure.entity for kpi in definitions.kpis}
    measured |= {measure.entity for measure in metrics.measures.values()}
    for entity in definitions.entities:
        if entity.name not in measured:
            continue
        lines = [generated_yaml(entity.where.file).rstrip(), "semantic_models:", f"  - name: {entity.name}"]
        for key, value in semantic_model(entity, metrics).items():
            if key in _LISTS:
                lines += [f"    {key}:", *(f"      - {flow(item)}" for item in value)] if value else []
            elif key == "config":
                lines += ["    config:", "      meta:", "        kpi:", "          not_carried:"]
                lines += [f"            - {flow(item)}" for item in value["meta"]["kpi"]["not_carried"]]
            else:
                lines.append(f"    {key}: {flow(value)}")
        files[f"semantic/{entity.name}.yml"] = "\n".join(lines) + "\n"
    for department, names in metrics.departments.items():
        lines = [generated_yaml("kpi_definitions/kpis").rstrip(), "metrics:"]
        for name in sorted(names):
            lines += entry(name, metrics.written[name])
        files[f"metrics/{department}.yml"] = "\n".join(lines) + "\n"
    return files
