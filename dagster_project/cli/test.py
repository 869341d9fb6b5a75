"""`kpi test`: the value tests of KPIs, run in memory with the SQL that the definitions compile to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dagster_project.errors import EXIT_OK, EXIT_TESTS_FAILED, DefinitionError, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.model import ValueTest

if TYPE_CHECKING:
    from dagster_project.valuetests.run import Outcome


@click.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every expectation.")
@click.pass_obj
def test_(project: Project, names: tuple[str, ...], as_json: bool) -> int:
    """Run the value tests: given rows, and the value that each KPI must have in them.

    NAME is a KPI, a test or a department; default: all tests. Nothing is read from the data folder and
    nothing is published. Exit 0 where every value is right, 1 where one is not.
    """
    from dagster_project.valuetests.run import run_tests

    definitions = load_definitions(project.root)
    tests = load_tests(project.root, definitions)
    kpis, chosen = _chosen(definitions, tests, names)
    outcomes, issues = run_tests(definitions, chosen)
    if issues:
        raise DefinitionError(issues)
    outcomes = [
        outcome for outcome in outcomes if outcome.expectation.kpi in kpis or outcome.test.name in names
    ]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    tested = {expectation.kpi for test in tests for expectation in test.expect}
    untested = [name for name in kpis if name not in tested]
    if as_json:
        records = [_record(outcome) for outcome in outcomes]
        answer = {"ok": not failed, "expectations": records, "untested": untested}
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
        return EXIT_TESTS_FAILED if failed else EXIT_OK
    for test in dict.fromkeys(outcome.test.name for outcome in failed):
        _print_failed([outcome for outcome in failed if outcome.test.name == test])
    if untested:
        click.echo(f"note: without a value test: {', '.join(untested)}")
    shown = len({outcome.expectation.kpi for outcome in outcomes})
    if failed:
        click.echo(f"{len(failed)} of {len(outcomes)} values are wrong.", err=True)
        return EXIT_TESTS_FAILED
    click.echo(f"{len(outcomes)} values of {shown} KPIs are right ({len(chosen)} tests).")
    return EXIT_OK


def _chosen(
    definitions: Definitions, tests: Sequence[ValueTest], names: Sequence[str]
) -> tuple[list[str], list[ValueTest]]:
    """The KPIs that the names mean, and the tests to run. Raises UsageError for a name that is neither."""
    if not names:
        return [kpi.name for kpi in definitions.kpis], list(tests)
    departments = {kpi.department for kpi in definitions.kpis}
    test_names = {test.name for test in tests}
    known = {kpi.name for kpi in definitions.kpis} | departments | test_names
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            raise UsageError(
                f"no KPI, test or department '{name}'" + (f"; {hint}" if hint else "; see: kpi check")
            )
    kpis = [kpi.name for kpi in definitions.kpis if kpi.name in names or kpi.department in names]
    return kpis, [test for test in tests if test.name in names or set(test.kpis) & set(kpis)]


def _print_failed(outcomes: Sequence[Outcome]) -> None:
    test = outcomes[0].test
    for outcome in outcomes:
        wanted = outcome.expectation
        where = f"{wanted.where.file}:{wanted.where.line}:{wanted.where.column}"
        click.echo(f"{where}: test '{test.name}': {wanted.kpi}, {wanted.slice}", err=True)
        because = f"   ({wanted.because})" if wanted.because else ""
        click.echo(f"    expected  {outcome.expected}{because}", err=True)
        click.echo(f"    got       {outcome.got if outcome.got is not None else 'no row'}", err=True)
    click.echo(f"  given, known {test.known_from} to {test.as_of}:", err=True)
    for source, rows in test.given:
        click.echo(f"    {source}", err=True)
        columns = list(dict.fromkeys(name for row in rows for name, _ in row.cells))
        lines = [columns] + [[dict(row.cells).get(name) or "" for name in columns] for row in rows]
        for line in lines:
            click.echo("      " + " | ".join(line), err=True)


def _record(outcome: Outcome) -> dict[str, object]:
    wanted, got = outcome.expectation, outcome.got
    return {
        "test": outcome.test.name,
        "kpi": wanted.kpi,
        "grain": wanted.grain,
        "period_start": wanted.start,
        "dimension": wanted.dimension,
        "segment": wanted.segment,
        "passed": outcome.passed,
        "expected": outcome.expected,
        "got": str(got) if got is not None else "no row",
        "file": wanted.where.file,
        "line": wanted.where.line,
    }
