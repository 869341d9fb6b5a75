"""A whole night of the sample company: every KPI has values, and MetricFlow agrees where it can say them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from tests.conftest import REPOSITORY, kpi, run_project
from tests.semantic.oracle import Comparison, Oracle, questions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sample") / "company"
    assert kpi("sample", root).returncode == 0
    run_project(root)
    return root


@pytest.fixture(scope="module")
def definitions(company: Path) -> Definitions:
    return load_definitions(company)


@pytest.fixture(scope="module")
def valued(company: Path) -> set[tuple[str, str]]:
    """(KPI, grain) that have a value in total."""
    current = company / "outputs" / "current"
    columns = ["kpi", "dimension", "value"]
    days = pd.read_parquet(current / "kpi_daily.parquet", columns=columns).assign(grain="day")
    rows = pd.concat([days, pd.read_parquet(current / "kpi_period.parquet", columns=[*columns, "grain"])])
    rows = rows[(rows.dimension == "total") & rows.value.notna()]
    return set(zip(rows.kpi, rows.grain, strict=True))


def test_every_kpi_has_values_at_each_of_its_grains(
    definitions: Definitions, valued: set[tuple[str, str]]
) -> None:
    wanted = {(one.name, grain) for one in definitions.kpis for grain in one.grains}
    assert not wanted - valued


def test_every_kpi_of_the_catalogue_has_values(
    kpi_catalogue: Callable[[], list[dict[str, str]]], valued: set[tuple[str, str]]
) -> None:
    with_values = {name for name, grain in valued if grain != "day"}
    assert not {row["kpi_id"] for row in kpi_catalogue()} - with_values


def test_the_night_is_that_of_the_definitions_in_the_repository(definitions: Definitions) -> None:
    own = load_definitions(REPOSITORY)
    assert {one.name: one.definition_hash for one in own.kpis} == {
        one.name: one.definition_hash for one in definitions.kpis
    }


def test_metricflow_says_the_same_at_every_grain_in_total_and_by_a_dimension(company: Path) -> None:
    oracle, found = Oracle(company), Comparison()
    for question in questions(oracle):
        oracle.compare(*question, found)
    print(f"\n{len(oracle.carried)} KPIs, {found.rows} values compared")
    for reason, count in Counter(oracle.reasons.values()).most_common():
        names = ", ".join(name for name, why in oracle.reasons.items() if why == reason)
        print(f"not carried, {reason} ({count}): {names}")
    for reason, count in sorted(found.excused.items()):
        print(f"excused, {reason}: {count} values")
    assert not found.differences[:20]
    assert found.rows > 300_000
    assert {name for name, _, _ in found.asked} == {one.name for one in oracle.carried}
    assert len(oracle.carried) > len(oracle.reasons)
