"""What differs between two sets of definitions, and definitions at a revision of git."""

import json
import subprocess

import pytest
from click.testing import CliRunner

from dagster_project.changes.revisions import definitions_at, is_tracked
from dagster_project.cli.main import cli
from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.life.changes import compare
from dagster_project.kpi.load import load_definitions
from dagster_project.project import find_project
from tests.kpi.conftest import KPIS, SOURCES, project

__all__ = ["project"]

RATE = """
  - {name: rate, label: Rate, type: ratio, entity: deals, time: closed_on, numerator: orders_won,
     denominator: {agg: count}, unit: percent, direction: up, owner: sales}
"""


def git(folder, *arguments):
    person = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *person, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def committed(project):
    """The project, with a ratio, as the one commit of a repository."""
    folder = project(kpis__sales=KPIS + RATE)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def changed(project, **files):
    """(KPI, kind) → the change that these files make to the definitions with a ratio."""
    old = load_definitions(project(kpis__sales=KPIS + RATE))
    new = load_definitions(project(kpis__sales=KPIS + RATE) if not files else project(**files))
    return {change.name: change for change in compare(old, new)}


def test_equal_definitions_differ_in_nothing(project):
    assert changed(project) == {}


def test_a_changed_filter_is_told_with_its_sql_and_for_every_kpi_that_it_reaches(project):
    text = (KPIS + RATE).replace(
        "agg: count\n    filter: stage = 'won'", "agg: count\n    filter: stage = 'lost'"
    )
    found = changed(project, kpis__sales=text)
    assert {name: change.kind for name, change in found.items()} == {
        "orders_won": "changed",
        "rate": "changed",
    }
    [fact] = found["orders_won"].facts
    assert (fact.what, fact.old) == ("definition", "count(*) where stage = 'won' [deals.closed_on]")
    [(path, lines)] = found["orders_won"].sql.items()
    assert path == "kpi/measures_deals__closed_on.sql"
    assert [line.strip() for line in lines if line.startswith(("-", "+"))] == [
        "-        case when (stage = 'won') then 1 end as orders_won",
        "+        case when (stage = 'lost') then 1 end as orders_won",
    ]


def test_words_alone_move_no_value(project):
    found = changed(project, kpis__sales=(KPIS + RATE).replace("owner: sales", "owner: boss"))
    assert {name: (change.kind, change.facts[0].new, change.sql) for name, change in found.items()} == {
        "rate": ("reworded", "boss", {})
    }


def test_a_rename_is_no_removal(project):
    text = (KPIS + RATE).replace("numerator: orders_won", "numerator: won")
    text = text.replace("  - name: orders_won\n", "  - name: won\n    formerly: orders_won\n")
    found = changed(project, kpis__sales=text)
    assert {name: (change.kind, change.old_name) for name, change in found.items()} == {
        "won": ("renamed", "orders_won")
    }


def test_what_is_new_and_what_is_gone_are_told(project):
    text = KPIS + RATE.replace("name: rate", "name: share")
    found = changed(project, kpis__sales=text)
    assert {name: change.kind for name, change in found.items()} == {"share": "added", "rate": "removed"}


def test_a_changed_mapping_of_a_source_is_a_change_of_every_kpi_on_it(project):
    sources = SOURCES.replace("stage: {type: text}", "stage: {type: text, map: {Won: won}}")
    found = changed(project, kpis__sales=KPIS + RATE, sources__crm=sources)
    assert set(found) == {"revenue", "orders_won", "rate"}
    assert {change.kind for change in found.values()} == {"changed"}
    assert {change.mappings for change in found.values()} == {("crm",)}


def test_definitions_are_read_as_they_were_at_a_revision(committed):
    path = committed / "kpi_definitions" / "kpis" / "sales.yml"
    path.write_text(KPIS, encoding="utf-8")
    of_today = find_project(committed)
    assert is_tracked(of_today)
    assert [kpi.name for kpi in definitions_at(of_today, "HEAD").kpis] == ["revenue", "orders_won", "rate"]
    assert [kpi.name for kpi in load_definitions(committed).kpis] == ["revenue", "orders_won"]


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD~5"])
def test_a_revision_that_git_does_not_know_is_refused(committed, revision):
    with pytest.raises(UsageError, match="HEAD, a branch or a commit"):
        definitions_at(find_project(committed), revision)
    assert not (committed / "x").exists()


def test_a_project_without_git_is_not_tracked(project, tmp_path):
    assert not is_tracked(find_project(project()))


def diff(folder, *arguments):
    line = ["--project", str(folder), "diff", *arguments]
    return CliRunner().invoke(cli, line, standalone_mode=False)


def test_the_command_tells_every_change_before_anything_is_landed(committed):
    path = committed / "kpi_definitions" / "kpis" / "sales.yml"
    path.write_text(
        (KPIS + RATE).replace("denominator: {agg: count}", "denominator: {agg: count, filter: hours > 1}"),
        encoding="utf-8",
    )
    text = diff(committed).stdout
    assert text.splitlines()[0] == "rate is another definition  kpi_definitions/kpis/sales.yml:23"
    assert "+        case when (hours > 1) then 1 end as rate__denominator" in text
    assert text.endswith("Against HEAD: 1 changed; 2 as before.\n")
    answer = json.loads(diff(committed, "--since", "HEAD", "--json").stdout)
    assert [(c["kpi"], c["kind"], c["values"]) for c in answer["changes"]] == [("rate", "changed", [])]
    assert diff(committed, "revenue").stdout == "Against HEAD: nothing changed; 3 as before.\n"


def test_the_command_refuses_what_it_can_not_compare(committed, project):
    assert "did you mean 'revenue'" in str(diff(committed, "revenu").exception)
    assert isinstance(diff(committed, "--since", "HEAD", "--published").exception, UsageError)
    assert isinstance(diff(committed, "--published").exception, NothingPublished)
