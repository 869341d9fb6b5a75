"""`kpi new kpi` writes definitions that pass the check, and disturbs nothing else."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.errors import DefinitionError, UsageError
from dagster_project.kpi.life.draft import item
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.yamlnodes import parse
from tests.kpi.conftest import KPIS, project

__all__ = ["project"]

SALES = (
    "# ours, do not sort\n" + KPIS.replace("department: sales", "department: sales   # 営業") + "\n\n# end\n"
)


def new(folder, *arguments, answers=None):
    line = ["--project", str(folder), "new", "kpi", *arguments]
    return CliRunner().invoke(cli, line, standalone_mode=False, input=answers)


def sales(folder):
    return (folder / "kpi_definitions" / "kpis" / "sales.yml").read_text(encoding="utf-8")


CASES = {
    "simple": ["--entity", "deals", "--set", "time=created_on"],
    "ratio": [
        "--set", "numerator=orders_won",
        "--set", "denominator={entity: deals, time: closed_on, agg: count}",
    ],
    "derived": ["--set", "expr=1 * orders_won", "--set", "unit=count"],
    "cumulative": ["--set", "input_metric=revenue", "--set", "window=28 days", "--set", "unit=JPY"],
    "conversion": [
        "--set", "base={entity: deals, time: created_on}", "--set", "window=30 days",
        "--set", "conversion={entity: deals, time: closed_on, filter: stage = 'won'}",
    ],
    "stock": ["--entity", "deals", "--set", "from=created_on", "--set", "until=closed_on"],
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_a_kpi_of_every_type_is_written_and_passes_the_check(project, kind):
    folder = project(kpis__sales=SALES)
    result = new(folder, "another", "--type", kind, "--department", "sales", *CASES[kind])
    assert result.exception is None, result.exception
    written = load_definitions(folder).kpi("another")
    assert (written.type, written.department, written.label.en) == (kind, "sales", "Another")
    place = f"{written.where.file}:{written.where.line}"
    assert result.stdout.startswith(f"{place}: kpi 'another' is written, and passes kpi check.\n")


def test_every_other_line_of_the_file_stays_as_it_is(project):
    folder = project(kpis__sales=SALES)
    new(folder, "opened", "--department", "sales", "--entity", "deals", "--set", "time=created_on")
    assert sales(folder).startswith(SALES.rstrip() + "\n\n  - name: opened\n")


def test_a_new_department_gets_a_file_that_editors_know(project):
    folder = project()
    new(folder, "opened", "--department", "growth", "--entity", "deals", "--set", "time=created_on")
    text = (folder / "kpi_definitions" / "kpis" / "growth.yml").read_text(encoding="utf-8")
    assert text.splitlines()[:3] == [
        "# yaml-language-server: $schema=../schema.json",
        "department: growth",
        "kpis:",
    ]
    assert load_definitions(folder).kpi("opened").department == "growth"


def test_the_list_may_stand_without_an_indent(project):
    flush = KPIS.replace("\n  ", "\n")
    folder = project(kpis__sales=flush)
    new(folder, "opened", "--department", "sales", "--entity", "deals", "--set", "time=created_on")
    assert sales(folder).startswith(flush.rstrip() + "\n\n- name: opened\n  label:")


def test_nothing_is_written_that_would_not_pass_the_check(project):
    folder = project(kpis__sales=SALES)
    wrong = new(folder, "opened", "--department", "sales", "--entity", "deal", "--set", "time=created_on")
    assert isinstance(wrong.exception, DefinitionError)
    assert "did you mean 'deals'?" in str(wrong.exception)
    assert sales(folder) == SALES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["revenue"], "there is a KPI 'revenue' already"),
        (["x"], "department is missing: give it with --department (one of sales)"),
        (["x", "--department", "sales"], "entity is missing: give it with --entity (one of deals)"),
        (
            ["x", "--type", "ratio", "--department", "sales"],
            "numerator is missing: give it with --set numerator",
        ),
        (["x", "--set", "filtr=a"], "a KPI has no key 'filtr' to be set; did you mean 'filter'?"),
        (["x", "--set", "filter"], "write KEY=VALUE"),
    ],
)
def test_what_is_missing_or_wrong_is_said(project, arguments, message):
    error = new(project(), *arguments).exception
    assert isinstance(error, UsageError)
    assert message in str(error)


def test_in_a_terminal_it_asks_for_what_is_missing(project, monkeypatch):
    folder = project()
    monkeypatch.setattr("dagster_project.cli.new_kpi._is_terminal", lambda: True)
    answers = "\n".join(["simple", "sales", "deals", "sum", "amount", "JPY", "up"]) + "\n"
    result = new(folder, "opened_value", "--set", "time=created_on", answers=answers)
    assert result.exception is None, result.exception
    found = load_definitions(folder).kpi("opened_value")
    assert (found.definition, found.unit) == ("sum(amount) [deals.created_on]", "JPY")


def test_printing_writes_nothing(project):
    folder = project(kpis__sales=SALES)
    result = new(folder, "opened", "--department", "sales", "--entity", "deals", "--print")
    assert result.stdout.startswith("  - name: opened\n    label: {en: Opened}\n    type: simple\n")
    assert sales(folder) == SALES


@pytest.mark.parametrize(
    "text", ["a: b", "a #b", "no", "null", "", "'quoted", "{", "日本, 語", "[x", "- y", "1_000"]
)
def test_any_text_is_read_back_as_it_was_given(text):
    values = {"name": "x", "filter": text} if text[:1] not in ("{", "[") else {"name": "x"}
    read = parse(item(values, {"ja": text, "en": "x"}, 2), "x.yml")
    assert read.issues == []
    assert read.data == [{**values, "label": {"ja": text, "en": "x"}}]
