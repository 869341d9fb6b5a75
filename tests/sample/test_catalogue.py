"""The KPIs that departments ask for, by name: each is defined, in its department, as the catalogue says."""

from __future__ import annotations

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions, Kpi
from tests.conftest import REPOSITORY

# What the catalogue calls a ratio or a sum may be a type of its own here; these are the same words.
SAME_TYPES = {"stock", "cumulative", "conversion"}


# The tables of the departments, each with what only it knows.
ENTITIES = {
    "tickets": {"received_at", "answered_at", "closed_at", "handling_minutes"},
    "survey_responses": {"survey", "score"},
    "subscriptions": {"plan", "product", "monthly_fee", "starts_on", "ends_on"},
    "subscription_changes": {"changed_on", "kind"},
    "usage": {"used_on", "logins"},
    "users": {"registered_at", "deleted_on"},
    "applications": {"applied_on", "offered_on", "accepted_on", "joined_on"},
    "application_stages": {"selection_stage", "judged_on", "result"},
    "employees": {"hired_on", "left_on"},
    "recruiting_costs": {"booked_on", "amount"},
    "work_items": {"planned_hours", "due_on", "done_on"},
    "projects": {"due_on", "delivered_on"},
    "timesheets": {"available_hours", "worked_hours"},
    "production_runs": {"ideal_cycle_seconds", "running_minutes", "units", "defective_units"},
    "incidents": {"lost_days"},
    "posts": {"impressions", "likes"},
    "costs": {"cost_on", "cost_kind", "amount"},
    "reach_reports": {"report_grain", "reach"},
    "market_size": {"starts_on", "ends_on", "amount"},
    "sales_targets": {"starts_on", "ends_on", "amount"},
}


@pytest.fixture(scope="module")
def company() -> Definitions:
    return load_definitions(REPOSITORY)


@pytest.fixture(scope="module")
def defined(company) -> dict[str, Kpi]:
    return {kpi.name: kpi for kpi in company.kpis}


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


@pytest.mark.parametrize("name", ENTITIES)
def test_each_departments_table_is_there_and_kpis_are_measured_on_it(company, name):
    entity = company.entity(name)
    assert ENTITIES[name] <= {column.name for column in entity.columns}
    assert entity.model is None  # by YAML alone
    measured = {operand.measure.entity for kpi in company.kpis for operand in kpi.operands}
    below = {other.name for other in company.entities for i in other.inputs if i.relation == name}
    assert measured & {name, *below}


def test_the_exports_are_in_the_forms_that_such_systems_write(company):
    formats = [source.format for source in company.sources]
    assert sum(each.encoding == "cp932" for each in formats) >= 10
    assert {each.type for each in formats} == {"csv", "xlsx", "ndjson", "parquet"}
