"""What the generated SQL gives in memory, without dbt, is what a night publishes."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.subset import subset
from dagster_project.project import find_project
from dagster_project.sandbox.landed import built
from tests.soundness.company import AS_OF

KEYS = {"kpi_daily": ["date"], "kpi_period": ["grain", "period_start"]}


def rows_of(table, name, kpis):
    """The rows of these KPIs by key; the run's id differs, of course."""
    keys = [*KEYS[name], "kpi", "dimension", "segment"]
    rows = [row for row in table.to_pylist() if row["kpi"] in kpis]
    return {tuple(row[key] for key in keys): row | {"computed_run_id": ""} for row in rows}


def published_and_in_memory(night, definitions, name):
    kpis = {kpi.name for kpi in definitions.kpis}
    published = pq.read_table(night.root / "outputs" / "current" / f"{name}.parquet")
    with built(find_project(night.root), definitions, AS_OF) as connection:
        ours = connection.execute(f"select * from {name}").to_arrow_table()
    return rows_of(published, name, kpis), rows_of(ours, name, kpis)


@pytest.mark.parametrize("name", KEYS)
def test_values_in_memory_are_those_that_the_night_published(night, name):
    published, ours = published_and_in_memory(night, load_definitions(night.root), name)
    assert len(ours) > 1000
    assert ours == published


@pytest.mark.parametrize("kpi", ["won_yoy", "cohort_order", "open_amount", "returning_buyers", "target"])
def test_a_kpi_alone_has_the_values_that_it_has_among_all(night, kpi):
    published, ours = published_and_in_memory(
        night, subset(load_definitions(night.root), [kpi]), "kpi_period"
    )
    assert len(ours) > 10
    assert ours == published
