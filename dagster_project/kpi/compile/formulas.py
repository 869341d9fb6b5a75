"""kpi_formulas: KPIs that are computed from several leaves, each by its own formula."""

from __future__ import annotations

from dagster_project.kpi.compile.shapes import empty
from dagster_project.kpi.compile.sql import config, ctes, generated, literal, ref, select
from dagster_project.kpi.model import Definitions, Kpi

KEYS = ("period_number", "is_day", "base", "segment_number")
COLUMNS = (
    ("period_number", "integer"),
    ("is_day", "boolean"),
    ("base", "varchar"),
    ("segment_number", "integer"),
    ("value", "double"),
    ("why", "varchar"),
)


def formula_files(definitions: Definitions) -> dict[str, str]:
    """kpi/kpi_formulas.sql"""
    kpis = [kpi for kpi in definitions.kpis if kpi.formula is not None]
    head = generated("kpi_definitions/kpis") + config(materialized="table")
    if not kpis:
        return {"kpi/kpi_formulas.sql": head + empty(list(COLUMNS))}
    value = (
        "case\n        when has_denominator then scale * numerator / nullif(denominator, 0)\n"
        "        else numerator\n    end as value"
    )
    names = ", ".join(literal(kpi.name) for kpi in kpis)
    leaves = select(["kpi", *KEYS, "leaf", "why", value], ref("leaf_values"), f"where kpi in ({names})")
    parts = [("leaves", leaves)]
    parts += [(f"{kpi.name}__sides", _sides(kpi)) for kpi in kpis]
    final = "\nunion all\n".join(
        select(
            [*KEYS, f"cast({kpi.formula} as double) as value", "why"],
            f"{kpi.name}__sides",
        )
        for kpi in kpis
    )
    return {"kpi/kpi_formulas.sql": head + ctes(parts, final)}


def _sides(kpi: Kpi) -> str:
    """The leaves of one KPI side by side, as x1, x2, ...; an offset without a counterpart lacks one."""
    columns = [f"max(case when leaf = {n} then value end) as x{n}" for n in range(1, len(kpi.leaves) + 1)]
    if any(leaf.offset for leaf in kpi.leaves):
        columns.append(
            f"case when count(*) < {len(kpi.leaves)} then 'no_counterpart' else max(why) end as why"
        )
    else:
        columns.append("max(why) as why")
    return select(
        [*KEYS, *columns], "leaves", f"where kpi = {literal(kpi.name)}", f"group by {', '.join(KEYS)}"
    )
