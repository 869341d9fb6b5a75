"""MetricFlow in this process: what the exported metrics say of a night's warehouse, beside what it published.

MetricFlow plans its own SQL from the exported semantic models, over our entities. Nothing of our measures,
periods or formulas is in it, so where it agrees, both had to make the same mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from dagster_project.kpi.compile.semantic.metrics import Metrics
from dagster_project.kpi.compile.semantic.names import accepted
from dagster_project.kpi.compile.semantic.rules import dimensions_carried, not_carried_kpis
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Kpi, Leaf

GRANULARITIES = {
    "day": "day",
    "week": "company_week",
    "month": "month",
    "quarter": "fiscal_quarter",
    "half": "fiscal_half",
    "fiscal_year": "fiscal_year",
}
Slice = tuple[Any, str]  # first day, segment


class _Client:
    """MetricFlow plans; the SQL is run here."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


def excused(kpi: Kpi, row: Any, first_known: date) -> str | None:
    """Why a published row says other than all rows of its period, by rule; None where it may not."""
    if row.data_status in ("held", "missing", "immature"):
        return f"the day is {row.data_status}"
    if row.grain != "day" and not row.is_complete:
        return "a running period is cut at the last known day"
    if isinstance(row.status_reason, str) and row.status_reason.startswith("covered_from"):
        return "a period that is covered in part"
    if row.segment == "(other)":
        return "segments over the limit are one"
    if pd.isna(row.value) and any(_starts(leaf, row) < first_known for leaf in kpi.leaves):
        return "it reaches back before the first known day"
    if row.grain == "week" and any(leaf.offset for leaf in kpi.leaves):
        return "a week of the year before has the same number, theirs lies 365 days back"
    return None


def _starts(leaf: Leaf, row: Any) -> date:
    """The first day that a leaf of this row is computed from."""
    first, last = row.period_start, row.period_start if row.grain == "day" else row.period_end
    if leaf.shape.unit == "days":
        first = last - timedelta(days=leaf.shape.size - 1)
    elif leaf.shape.unit == "months":
        first = (pd.Timestamp(last) - pd.DateOffset(months=leaf.shape.size)).date() + timedelta(days=1)
    if leaf.offset_unit == "days":
        return first - timedelta(days=leaf.offset)
    return (pd.Timestamp(first) - pd.DateOffset(months=leaf.offset)).date()


@dataclass
class Comparison:
    """What was compared, and what differs: (KPI, grain, dimension, first day, segment, ours, theirs)."""

    asked: set[tuple[str, str, str]] = field(default_factory=set)  # KPI, grain, dimension
    rows: int = 0
    excused: dict[str, int] = field(default_factory=dict)
    differences: list[tuple[Any, ...]] = field(default_factory=list)


class Oracle:
    """Over the project in `root`, after its night. `reasons`: KPIs that no metric carries, and why.

    manifest: dbt's semantic manifest, where it is not that of the night.
    """

    def __init__(self, root: Path, manifest: str | None = None) -> None:
        if manifest is None:
            path = root / ".kpi" / "dbt" / "target" / "semantic_manifest.json"
            manifest = path.read_text(encoding="utf-8")
        lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest))
        self.engine = MetricFlowEngine(lookup, _Client())  # type: ignore[arg-type]
        self.warehouse = duckdb.connect(str(root / ".kpi" / "warehouse.duckdb"), read_only=True)
        self.definitions = load_definitions(root)
        self.reasons = not_carried_kpis(self.definitions)
        self.metrics = Metrics(self.definitions)
        current = root / "outputs" / "current"
        days = pd.read_parquet(current / "kpi_daily.parquet").rename(columns={"date": "period_start"})
        periods = pd.read_parquet(current / "kpi_period.parquet")
        rows = pd.concat([days.assign(grain="day"), periods[periods.grain.isin(GRANULARITIES)]])
        self.published = dict(list(rows.groupby(["kpi", "grain", "dimension"])))

    @property
    def carried(self) -> list[Kpi]:
        return [kpi for kpi in self.definitions.kpis if kpi.name not in self.reasons]

    def theirs(self, kpi: Kpi, grain: str, dimension: str) -> dict[Slice, float | None]:
        """The metric by `grain`, in total or by one dimension."""
        by = [f"metric_time__{GRANULARITIES[grain]}"]
        if dimension != "total":
            by.append(f"{accepted(kpi.numerator.measure.entity)}__{accepted(dimension)}")
        name = self.metrics.metric_name(kpi.name)
        assert name is not None
        request = MetricFlowQueryRequest.create(metric_names=[name], group_by_names=by)
        statement = self.engine.explain(request).sql_statement
        assert not statement.bind_parameter_set.param_dict
        rows = self.warehouse.execute(
            f'select cast("{by[0]}" as date), '
            + (f'"{by[1]}"' if len(by) > 1 else "'total'")
            + f', cast("{name}" as double) from ({statement.sql})'
        ).fetchall()
        return {(day, segment): value for day, segment, value in rows if day is not None}

    def _first_day(self, entity: str, time: str) -> date:
        days = "select min(date) from entity_days where entity = ? and time = ? and is_known"
        found = self.warehouse.execute(days, [entity, time]).fetchone()
        assert found is not None
        return found[0]

    def compare(self, kpi: Kpi, grain: str, dimension: str, found: Comparison) -> None:
        theirs = self.theirs(kpi, grain, dimension)
        first_known = max(self._first_day(place.entity, place.time) for place in kpi.places)
        rows = self.published[kpi.name, grain, dimension]
        found.asked.add((kpi.name, grain, dimension))
        ours: set[Slice] = set()
        compared = set()
        for row in rows.itertuples():
            key = (row.period_start, row.segment)
            ours.add(key)
            reason = excused(kpi, row, first_known)
            if reason is not None:
                found.excused[reason] = found.excused.get(reason, 0) + 1
                continue
            found.rows += 1
            compared.add(row.period_start)
            value = None if pd.isna(row.value) else float(row.value)
            if not _same(value, theirs.get(key)):
                found.differences.append((kpi.name, grain, dimension, *key, value, theirs.get(key)))
        if "(other)" in {segment for _, segment in ours} or any(leaf.offset for leaf in kpi.leaves):
            return  # a segment that is one of many, or that only the year before had, has no row of its own
        for key, theirs_alone in theirs.items():
            # A day that they have and we do not is outside coverage; a segment is not.
            if theirs_alone and key not in ours and key[0] in compared:
                found.differences.append((kpi.name, grain, dimension, *key, "no row", theirs_alone))


def _same(ours: float | None, theirs: float | None) -> bool:
    if ours is None or theirs is None:
        return not ours and not theirs  # their empty slice has no row, ours is 0 where a count is
    return abs(ours - theirs) <= 1e-9 + 1e-9 * abs(theirs)  # our sums are of nine decimals


def questions(oracle: Oracle, grains: Sequence[str] = tuple(GRANULARITIES)) -> Iterator[tuple[Kpi, str, str]]:
    """Each carried KPI at each grain that it has, in total and by the first dimension that a metric has."""
    for kpi in oracle.carried:
        dimensions = dimensions_carried(kpi, oracle.definitions)[:1]
        for grain in grains:
            if grain in kpi.grains:
                yield from ((kpi, grain, dimension) for dimension in ("total", *dimensions))
