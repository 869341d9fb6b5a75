"""Slips in value tests are found before anything is run, each with its place and what to do."""

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.valuetests.load import check_tests
from tests.valuetests.conftest import GIVEN

FINE = "- {kpi: revenue, month: 2026-05, value: 1_300_000}"


def messages(folder):
    return [str(issue) for issue in check_tests(folder, load_definitions(folder))[1]]


def test_a_sound_test_has_no_finding(company):
    assert messages(company(FINE)) == []


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("- {kpi: revenu, month: 2026-05, value: 1}", "unknown KPI 'revenu' (did you mean 'revenue'?)"),
        ("- {kpi: revenue, value: 1}", "a period can't be told from nothing (write day: 2026-05-01, "),
        ("- {kpi: revenue, month: 2026-05, day: 2026-05-01, value: 1}", "can't be told from day, month"),
        ("- {kpi: revenue, month: 2026-13, value: 1}", "'2026-13' is not a month; write it as 2026-05"),
        (
            "- {kpi: revenue, week: 2026-05-05, value: 1}",
            "no week begins on 2026-05-05; they begin on monday",
        ),
        ("- {kpi: revenue, fiscal_year: 2026, quarter: 5, value: 1}", "a fiscal year has quarters 1 to 4"),
        ("- {kpi: win_rate, week: 2026-05-04, value: 1}", "has no grain week (its grains: day, month, "),
        ("- {kpi: revenue, month: 2026-05, where: {tem: x}, value: 1}", "no dimension 'tem' (did you mean"),
        ("- {kpi: revenue, month: 2026-05}", "wants one of value, no_value and no_row"),
        ("- {kpi: revenue, month: 2026-05, value: 1, no_row: true}", "wants one of value, no_value and"),
        ("- {kpi: revenue, month: 2026-05, value: 2/0}", "'2/0' divides by zero; write no_value: zero_"),
        ("- {kpi: revenue, month: 2026-05, value: null}", "no_row (value: 2/3, or no_value: no_data, or"),
        ("- {kpi: revenue, month: 2026-05, valu: 1}", "unknown key 'valu' (did you mean 'value'?)"),
        ("- {kpi: visits, month: 2026-05, value: 0}", "none of its KPIs reads source 'crm' (they read web)"),
    ],
)
def test_a_wrong_expectation_is_named_with_what_to_do(company, expect, message):
    found = messages(company(expect))
    assert found
    assert all(text.startswith("kpi_definitions/tests/sales.yml:") for text in found)
    assert any(message in text for text in found), found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cmr: []\n", "sales.yml:5:7: test 'may': unknown source 'cmr' (did you mean 'crm'?)"),
        (
            "crm: [{stge: won}]\n",
            "sales.yml:5:13: test 'may': source 'crm' has no column 'stge' (did you mean",
        ),
        (
            "crm: |\n  deal_id, stage\n  D1, won, 5\n",
            "row 1 has 3 values for 2 columns (quote a value with a",
        ),
        ("web: [{event_name: page_view, user: u}]\n", "'at' is missing (of each event: event_name, at, "),
    ],
)
def test_wrong_rows_are_named_with_what_to_do(company, given, message):
    assert any(message in text for text in messages(company(FINE, given))), messages(company(FINE, given))


def test_a_world_that_begins_after_it_ends_is_refused(company):
    folder = company(FINE, head="as_of: 2026-06-10\n    known_from: 2026-06-11")
    assert messages(folder) == [
        "kpi_definitions/tests/sales.yml:4:5: test 'may': lies after as_of, 2026-06-10"
    ]


def test_two_tests_of_one_name_are_refused(company):
    folder = company(FINE)
    path = folder / "kpi_definitions" / "tests" / "sales.yml"
    (path.parent / "twice.yml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert messages(folder) == [
        "kpi_definitions/tests/twice.yml:2:5: test 'may': a second test of this name; "
        "kpi_definitions/tests/sales.yml:2"
    ]


def test_kpi_check_tells_of_slips_in_tests(company):
    from dagster_project.cli.check import all_issues
    from dagster_project.project import find_project

    issues, _ = all_issues(find_project(company("- {kpi: revenu, all: true, value: 1}", GIVEN)))
    assert [issue.message for issue in issues if issue.level == "error"] == ["unknown KPI 'revenu'"]
