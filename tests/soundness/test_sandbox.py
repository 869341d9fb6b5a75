"""What the generated SQL gives in memory, without dbt, is what a night publishes."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.subset import subset
from dagster_project.project import find_project
from dagster_project.sandbox.landed import built
from tests.soundness.company import AS_OF

KEYS = {"kpi_daily": ["date"], "kpi_period": ["grain", "period_start"]}


def rows_of(table, name, kpis):
    """The rows of these KPIs in the order of their key; the run's id differs, of course."""
    keys = [*KEYS[name], "kpi", "dimension", "segment"]
    rows = table.filter(pc.is_in(table["kpi"], pa.array(sorted(kpis)))).drop_columns("computed_run_id")
    return rows.sort_by([(key, "ascending") for key in keys])


def published(night, name, kpis):
    return rows_of(pq.read_table(night.root / "outputs" / "current" / f"{name}.parquet"), name, kpis)


def in_this_process(connection, name, kpis):
    return rows_of(connection.execute(f"from {name}").to_arrow_table(), name, kpis)


def assert_same(ours, theirs, more_than):
    assert ours.num_rows == theirs.num_rows > more_than
    assert ours.column_names == theirs.column_names
    for column in ours.column_names:
        mine, other = ours[column].combine_chunks(), theirs[column].cast(ours[column].type).combine_chunks()
        if not mine.equals(other):
            differing = [
                (row, one, two)
                for row, one, two in zip(ours.to_pylist(), mine.to_pylist(), other.to_pylist(), strict=True)
                if one != two
            ]
            assert not differing, (column, differing[:5])


@pytest.mark.parametrize("name", KEYS)
def test_values_in_memory_are_those_that_the_night_published(night, in_memory, name):
    kpis = {kpi.name for kpi in load_definitions(night.root).kpis}
    assert_same(in_this_process(in_memory, name, kpis), published(night, name, kpis), 1000)


@pytest.mark.parametrize("kpi", ["won_yoy", "cohort_order", "open_amount", "returning_buyers", "target"])
def test_a_kpi_alone_has_the_values_that_it_has_among_all(night, kpi):
    alone = subset(load_definitions(night.root), [kpi])
    kpis = {kpi.name for kpi in alone.kpis}
    with built(find_project(night.root), alone, AS_OF) as connection:
        ours = in_this_process(connection, "kpi_period", kpis)
    assert_same(ours, published(night, "kpi_period", kpis), 10)
