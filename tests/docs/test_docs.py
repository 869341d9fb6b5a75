"""The documentation names what is there, all of it: commands, options, keys, tables, columns, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dagster_project.cli.main import _shared_options, cli
from dagster_project.goals.spec import forms
from dagster_project.goals.spec import goal as goals
from dagster_project.goals.spec.phasing import PhasingSpec
from dagster_project.goals.spec.segments import SegmentsSpec
from dagster_project.goals.spec.sheet import TargetsFromSpec
from dagster_project.kpi.expression_types import AGGREGATES, FUNCTIONS
from dagster_project.kpi.model import SourceColumn
from dagster_project.kpi.spec import entities, kpis, settings, sources
from dagster_project.kpi.spec.base import Spec
from dagster_project.landing.cells import parser_for
from dagster_project.landing.numerals import BadCell
from dagster_project.publish import contract
from dagster_project.valuetests import spec as valuetests
from tests.conftest import REPOSITORY, kpi
from tests.docs.markdown import (
    DOCUMENTS,
    anchors,
    blocks,
    headings,
    links,
    sections,
    spans,
    table_rows,
    text_of,
    write_titled,
)

DOCS = REPOSITORY / "docs"
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M))

# The section of docs/language.md that tells of each spec.
SPECS: dict[str, tuple[type[Spec], ...]] = {
    "project.yml": (settings.ProjectSpec,),
    "calendar.yml": (settings.CalendarSpec, settings.ClosedSpec),
    "sources": (
        sources.SourceSpec,
        sources.FormatSpec,
        sources.VersionSpec,
        sources.CoversSpec,
        sources.SourceColumnSpec,
    ),
    "entities": (
        entities.EntitySpec,
        entities.InputSpec,
        entities.EntityColumnSpec,
        entities.LookupSpec,
        entities.TimeSpec,
        entities.DimensionSpec,
    ),
    "kpis": (kpis.KpiFileSpec, kpis.KpiSpec, kpis.OperandSpec),
    "goals": (
        goals.GoalSpec,
        goals.PeriodSpec,
        goals.KgiSpec,
        goals.NodeSpec,
        goals.KsfSpec,
        goals.ActionSpec,
        goals.CapacitySpec,
        goals.RampSpec,
        goals.ScenarioSpec,
        forms.TargetSpec,
        forms.OfSpec,
        PhasingSpec,
        SegmentsSpec,
        TargetsFromSpec,
        goals.RevisionSpec,
    ),
    "tests": (valuetests.ValueTestFileSpec, valuetests.ValueTestSpec, valuetests.ExpectSpec),
}


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by what is typed: `kpi run`, `kpi source inspect`."""

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group):
            yield name, command
            return
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from walk(f"{name} {inner}", found)

    yield from walk("kpi", cli)


def options(command: click.Command) -> set[str]:
    return {name for option in command.params if isinstance(option, click.Option) for name in option.opts}


def try_to_parse(words: list[str], *, whole: bool) -> None:
    """Raises click.UsageError where `kpi` would refuse `words`; not `whole`: arguments may be missing."""
    shared, rest = _shared_options(words[1:])
    command: click.Command = cli
    context = click.Context(cli, info_name="kpi")
    cli.make_parser(context).parse_args(shared)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    if whole and not isinstance(command, click.Group):
        command.make_context(command.name, list(rest))
    else:
        command.make_parser(context).parse_args(list(rest))


def typed_commands() -> list[tuple[str, str]]:
    return [(path.name, line) for path in DOCUMENTS for block in blocks(path) for line in block.commands]


@pytest.mark.parametrize(("document", "line"), typed_commands())
def test_a_command_in_a_block_is_known_with_its_options(document: str, line: str) -> None:
    words = shlex.split(line)
    if words[0] == "make":
        assert set(words[1:]) <= TARGETS
    elif words[0] == "kpi":
        try_to_parse(words, whole=True)
    else:
        pytest.fail(f"{document}: nothing checks this command: {line}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_command_in_the_text_is_known_with_its_options(path: Path) -> None:
    for span in spans(text_of(path)):
        words = span.split()
        if words[0] == "make" and len(words) > 1:
            assert words[1] in TARGETS, span
        elif words[0] == "kpi":
            try_to_parse(words, whole=False)


def test_an_unknown_command_or_option_would_be_found() -> None:
    for line in (
        "kpi rum",
        "kpi run --as-off 2026-01-01",
        "kpi source inspekt x",
        "kpi query x --grain daily",
    ):
        with pytest.raises(click.UsageError):
            try_to_parse(line.split(), whole=True)


def test_every_command_is_documented_with_each_of_its_options_and_no_other() -> None:
    told = sections(DOCS / "cli.md")
    commands = dict(all_commands())
    assert list(told) == list(commands)
    for name, command in commands.items():
        documented = {word for row in table_rows(told[name]) for word in spans(row[0])}
        assert {word.split()[0] for word in documented} == options(command), name
        assert any(line.startswith(f"{name}") for line in told[name].splitlines()), f"{name}: no example"


def test_the_options_of_every_command_are_documented() -> None:
    before = text_of(DOCS / "cli.md").partition("\n## ")[0]
    documented = {word.split()[0] for row in table_rows(before) for word in spans(row[0])}
    assert options(cli) | {"--help", "-h"} <= documented


@pytest.mark.parametrize("section", SPECS)
def test_every_key_of_the_language_is_documented_and_no_other(section: str) -> None:
    text = sections(DOCS / "language.md")[section]
    code = " ".join([*spans(text), *re.findall(r"```yaml.*?```", text, re.S)])
    keys = {field.alias or name for spec in SPECS[section] for name, field in spec.model_fields.items()}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", code)] == []
    named = {word for row in table_rows(text) for word in spans(row[0]) if word.isidentifier()}
    assert sorted(named - keys) == []


def test_every_function_of_the_language_is_documented_and_no_other() -> None:
    text = sections(DOCS / "language.md")["Expressions"]
    words = {word for span in spans(text) for word in re.findall(r"[a-z_]+", span)}
    assert set(FUNCTIONS) <= words
    listed = next(line for line in text.splitlines() if line.startswith("- `coalesce"))
    assert set(spans(listed)[0].split()) <= set(FUNCTIONS)
    grouped = sections(DOCS / "language.md")["entities"]
    assert all(f"`{name}(" in grouped for name in AGGREGATES)


def test_the_project_in_the_language_reference_passes_the_check(tmp_path: Path) -> None:
    write_titled(DOCS / "language.md", tmp_path)
    done = kpi("check", "--project", tmp_path)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "kpi_definitions").rglob("*.yml")}
    assert {"project.yml", "calendar.yml", "entities.yml"} <= names
    assert len(names) >= 5


def test_the_value_tests_in_the_language_reference_pass(tmp_path: Path) -> None:
    write_titled(DOCS / "language.md", tmp_path)
    done = kpi("test", "--project", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 values of 5 KPIs are right (1 tests)." in done.stdout


def test_the_tables_are_documented_as_the_contract_has_them() -> None:
    told = sections(DOCS / "tables.md")
    assert list(told) == list(contract.load().names)
    for table in contract.load().tables:
        lines = told[table.name].splitlines()
        key = spans(next(line for line in lines if line.startswith("Key: ")))
        columns = spans(next(line for line in lines if line.startswith("Columns: ")))
        assert key == list(table.key), table.name
        assert columns == [c.name for c in table.columns if c.name not in table.key], table.name
        assert table.description in told[table.name]


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readme_shows_every_table_and_only_columns_that_it_has(name: str) -> None:
    known = {table.name: {c.name for c in table.columns} for table in contract.load().tables}
    rows = [row for row in table_rows(text_of(REPOSITORY / name)) if row[0].strip("`") in known]
    assert {row[0].strip("`") for row in rows} == set(known)
    for row in rows:
        assert set(spans(row[1])) <= known[row[0].strip("`")], row[0]


def test_the_changelog_tells_of_every_table() -> None:
    told = sections(REPOSITORY / "CHANGELOG.md")["[0.1.0] - unreleased"]
    assert set(contract.load().names) <= set(spans(told.partition("### Schema changes")[2]))


def forms(heading: str, column: int) -> list[tuple[str, str]]:
    """(type, form) of the two tables under `Accepted forms` of docs/landing.md."""
    text = sections(DOCS / "landing.md")["Accepted forms"].split("What could be read in two ways")
    part = text[0] if heading == "accepted" else text[1]
    types = {"integer", "number", "money", "percent", "date", "timestamp", "boolean"}
    return [
        (kind, form)
        for row in table_rows(part)
        for kind in spans(row[0])
        for form in spans(row[column])
        if kind in types and form not in types and not form.startswith("unit:")
    ]


def read(kind: str, text: str) -> object:
    return parser_for(SourceColumn("x", ("x",), kind, currency="JPY"), "Asia/Tokyo")(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "form"), forms("accepted", 1))
def test_a_form_that_is_called_accepted_is(kind: str, form: str) -> None:
    assert read(kind, form) is not None


@pytest.mark.parametrize(("kind", "form"), forms("refused", 1))
def test_a_form_that_is_called_refused_is(kind: str, form: str) -> None:
    with pytest.raises(BadCell):
        read(kind, form)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        if link.startswith("https://"):
            continue
        name, _, fragment = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.is_relative_to(REPOSITORY), link
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_the_two_readmes_say_the_same() -> None:
    english, japanese = REPOSITORY / "README.md", REPOSITORY / "README.ja.md"
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(japanese)]
    assert [b.text for b in blocks(english)] == [b.text for b in blocks(japanese)]
    first = [[row[0] for row in table_rows(text_of(path))] for path in (english, japanese)]
    assert first[0] == first[1]
    assert links(english)[1:] == links(japanese)[1:]  # the first leads to the other one
