"""Every KPI of the company has a value by hand, and has it."""

from __future__ import annotations

import time

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.run import run_tests
from tests.conftest import REPOSITORY

DEFINITIONS = load_definitions(REPOSITORY)
TESTS = load_tests(REPOSITORY, DEFINITIONS)
SECONDS = 30  # of CPU, for all tests of all KPIs together


@pytest.fixture(scope="module")
def ran():
    started = time.process_time()
    outcomes, issues = run_tests(DEFINITIONS, TESTS)
    return outcomes, issues, time.process_time() - started


def test_every_kpi_has_a_value_by_hand():
    valued = {e.kpi for test in TESTS for e in test.expect if e.value is not None}
    assert len(DEFINITIONS.kpis) > 130
    assert [kpi.name for kpi in DEFINITIONS.kpis if kpi.name not in valued] == []


def test_every_value_comes_out_as_it_was_computed_by_hand(ran):
    outcomes, issues, _ = ran
    assert issues == []
    assert len(outcomes) == sum(len(test.expect) for test in TESTS)
    wrong = [
        f"{o.expectation.kpi}, {o.expectation.slice}: expected {o.expected}, got {o.got}"
        for o in outcomes
        if not o.passed
    ]
    assert wrong == []


def test_all_of_them_take_well_under_a_minute(ran):
    assert ran[2] < SECONDS
