"""A small world of rows and the values that follow from them by hand, through the generated SQL in memory."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from dagster_project.kpi.load import load_definitions
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.run import run_tests

CALENDAR = "timezone: Asia/Tokyo\nfiscal_year_starts: April\nclosed: [{weekdays: [saturday, sunday]}]\n"


def write(root: Path, files: dict[str, str]) -> None:
    """The definitions of a project, with a calendar; names without .yml."""
    for name, text in {"calendar": CALENDAR, **files}.items():
        path = root / "kpi_definitions" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


def expect(root: Path, files: dict[str, str], given: str, values: str, *, known: str, as_of: str) -> None:
    """Fails with every value that differs. `given`: rows by source; `values`: as in tests/*.yml."""
    test = (
        f"tests:\n  - test: point\n    known_from: {known}\n    as_of: {as_of}\n    given:\n"
        + indent(dedent(given).strip("\n"), "      ")
        + "\n    expect:\n"
        + indent(dedent(values).strip("\n"), "      ")
        + "\n"
    )
    write(root, {**files, "tests/point": test})
    definitions = load_definitions(root)
    outcomes, issues = run_tests(definitions, load_tests(root, definitions))
    assert issues == []
    wrong = [
        f"{o.expectation.kpi}, {o.expectation.slice}: {o.got} is not {o.expected}"
        for o in outcomes
        if not o.passed
    ]
    assert outcomes
    assert wrong == []
