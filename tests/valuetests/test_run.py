"""Value tests give what a night gives for the same rows, and say so where that is not what is expected."""

import json

import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.errors import DefinitionError, UsageError
from dagster_project.kpi.load import load_definitions
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.run import run_tests

EVENTS = """\
web: |
  event_name, at, user, session, source, medium, page_location, transaction_id, purchase_revenue
  page_view, 2026-05-01 23:50, u1, 1, google, cpc, https://x.example/a, ,
  purchase, 2026-05-02 00:10, u1, 1, , , , T1, 3300
  purchase, 2026-05-02 00:11, u1, 1, , , , T1, 3300
  page_view, 2026-05-21 09:00, u2, 1, , , https://x.example/a, ,
"""


def outcomes(folder):
    definitions = load_definitions(folder)
    found, issues = run_tests(definitions, load_tests(folder, definitions))
    assert issues == []
    return found


def run(folder, *arguments):
    return CliRunner().invoke(cli, ["--project", str(folder), "test", *arguments], standalone_mode=False)


def test_every_kind_of_expectation_passes_where_it_is_right(company):
    folder = company(
        """
        - {kpi: revenue, day: 2026-05-31, value: 1_200_000}
        - {kpi: revenue, week: 2026-04-27, value: 100_000}
        - {kpi: revenue, month: 2026-05, value: 1_300_000}
        - {kpi: revenue, fiscal_year: 2026, quarter: 1, value: 1_300_000}
        - {kpi: revenue, fiscal_year: 2026, half: 1, value: 1_300_000}
        - {kpi: revenue, fiscal_year: 2026, value: 1_300_000}
        - {kpi: revenue, all: true, value: 1_300_000}
        - {kpi: revenue, month: 2026-06, value: 0}
        - {kpi: win_rate, month: 2026-05, value: 2/3, status: final}
        - {kpi: win_rate, month: 2026-05, where: {team: East}, value: 50%}
        - {kpi: win_rate, month: 2026-05, where: {owner: Chiba}, no_value: zero_denominator}
        - {kpi: win_rate, month: 2026-04, no_value: zero_denominator}
        - {kpi: win_rate, month: 2026-07, no_row: true}
        - {kpi: cohort, month: 2026-04, value: 1/2}
        - {kpi: cohort, day: 2026-05-25, no_value: not_mature, status: immature}
        """
    )
    assert [(str(o.expectation.slice), str(o.got)) for o in outcomes(folder) if not o.passed] == []


@pytest.mark.parametrize(
    ("expect", "got"),
    [
        ("- {kpi: win_rate, month: 2026-05, value: 0.666}", "0.6666666667 (numerator 2, denominator 3)"),
        ("- {kpi: win_rate, month: 2026-05, value: 2/3, status: provisional}", "0.6666666667 (numerator 2, "),
        ("- {kpi: win_rate, month: 2026-05, no_value: no_data}", "0.6666666667 (numerator 2, denominator 3)"),
        ("- {kpi: win_rate, month: 2026-05, no_row: true}", "0.6666666667 (numerator 2, denominator 3)"),
        ("- {kpi: win_rate, month: 2026-04, value: 0}", "no value (zero_denominator)"),
        ("- {kpi: win_rate, month: 2026-04, no_value: no_data}", "no value (zero_denominator)"),
        ("- {kpi: win_rate, month: 2026-07, value: 1}", "None"),
        ("- {kpi: win_rate, month: 2026-07, no_value: missing}", "None"),
    ],
)
def test_an_expectation_that_is_wrong_fails(company, expect, got):
    [outcome] = outcomes(company(expect))
    assert not outcome.passed
    assert str(outcome.got).startswith(got)


def test_events_written_flat_become_sessions(company):
    expect = """
        - {kpi: visits, day: 2026-05-01, value: 1, because: a session is dated by its first event}
        - {kpi: visits, day: 2026-05-02, value: 0}
        - {kpi: visits, month: 2026-05, where: {channel_group: Paid Search}, value: 1}
        - {kpi: web_revenue, day: 2026-05-01, value: 3300, because: T1 is sent twice}
        - {kpi: web_revenue, day: 2026-05-20, no_row: true, because: retired}
    """
    assert [str(o.got) for o in outcomes(company(expect, EVENTS)) if not o.passed] == []


def test_a_cell_that_the_mapping_refuses_is_named_with_its_line(company):
    folder = company("- {kpi: revenue, all: true, value: 1}", GIVEN_WRONG)
    definitions = load_definitions(folder)
    found, issues = run_tests(definitions, load_tests(folder, definitions))
    assert found == []
    assert [str(issue) for issue in issues] == [
        "kpi_definitions/tests/sales.yml:7:1: test 'may': crm.stage: '受中' is not in the value map",
        "kpi_definitions/tests/sales.yml:8:1: test 'may': crm.amount: is not a number (looks like aa)",
    ]
    assert isinstance(run(folder).exception, DefinitionError)


GIVEN_WRONG = """\
crm: |
  deal_id, stage, amount
  D1, 受中, 5
  D2, 受注, ab
"""


def test_the_command_shows_given_expected_and_got(company):
    result = run(company("- {kpi: win_rate, month: 2026-05, value: 1/2, because: one of two}"))
    assert result.return_value == 1
    assert result.stderr.splitlines()[:7] == [
        "kpi_definitions/tests/sales.yml:13:9: test 'may': win_rate, month 2026-05",
        "    expected  0.5 = 1/2   (one of two)",
        "    got       0.6666666667 (numerator 2, denominator 3)",
        "  given, known 2026-04-01 to 2026-06-10:",
        "    crm",
        "      deal_id | owner | stage | created_on | closed_on | amount",
        "      D1 | Aoki | 受注 | 2026-04-20 | 2026-05-01 | 100",
    ]
    assert result.stderr.endswith("1 of 1 values are wrong.\n")


def test_the_command_runs_what_is_named_and_tells_what_has_no_test(company):
    folder = company("- {kpi: win_rate, month: 2026-05, value: 2/3}")
    whole = run(folder)
    assert whole.return_value == 0
    assert whole.stdout.splitlines() == [
        "note: without a value test: revenue, cohort, visits, web_revenue",
        "1 values of 1 KPIs are right (1 tests).",
    ]
    assert run(folder, "may").stdout == run(folder, "win_rate").stdout == whole.stdout.splitlines()[1] + "\n"
    assert "did you mean 'win_rate'" in str(run(folder, "win_rat").exception)
    assert isinstance(run(folder, "win_rat").exception, UsageError)
    answer = json.loads(run(folder, "sales", "--json").stdout)
    assert answer["ok"] is True
    assert answer["untested"] == ["revenue", "cohort", "visits", "web_revenue"]
    assert [record["got"] for record in answer["expectations"]] == [
        "0.6666666667 (numerator 2, denominator 3)"
    ]
