"""The KPIs that departments ask for, by name: each is defined, in its department, as the catalogue says."""

from __future__ import annotations

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Kpi
from tests.conftest import REPOSITORY

# What the catalogue calls a ratio or a sum may be a type of its own here; these are the same words.
SAME_TYPES = {"stock", "cumulative", "conversion"}


@pytest.fixture(scope="module")
def defined() -> dict[str, Kpi]:
    return {kpi.name: kpi for kpi in load_definitions(REPOSITORY).kpis}


def said(kpi: Kpi) -> dict[str, str]:
    """A KPI in the catalogue's words."""
    direction = kpi.direction
    if kpi.within is not None:
        low, high = (round(100 * bound) for bound in kpi.within)
        direction = f"within {low}-{high}"  # type: ignore[assignment]
    return {
        "label_ja": kpi.label.ja,
        "label_en": kpi.label.en,
        "department": kpi.department,
        "funnel_stage": kpi.funnel or "",
        "role": kpi.level,
        "unit": kpi.unit,
        "direction": direction,
    }


def test_each_of_the_121_is_defined_as_the_catalogue_says(kpi_catalogue, defined):
    rows = kpi_catalogue()
    assert len(rows) == 121
    wrong = []
    for row in rows:
        kpi = defined.get(row["kpi_id"])
        if kpi is None:
            wrong.append(f"{row['kpi_id']} is not defined")
            continue
        wrong += [
            f"{kpi.name}: {key} is {value!r}, not {row[key]!r}"
            for key, value in said(kpi).items()
            if value != row[key]
        ]
        if row["kind"] in SAME_TYPES and kpi.type != row["kind"]:
            wrong.append(f"{kpi.name}: type is {kpi.type}, not {row['kind']}")
    assert not wrong


def test_every_department_of_the_catalogue_has_a_file_of_its_own(kpi_catalogue, defined):
    departments = {row["department"] for row in kpi_catalogue()}
    for kpi in defined.values():
        assert kpi.department in departments
        assert kpi.where.file == f"kpi_definitions/kpis/{kpi.department}.yml"
