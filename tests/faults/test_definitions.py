"""Definitions that must not run: refused by the command, with file and line, before anything is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.company import Company, write_company


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return write_company(tmp_path_factory.mktemp("definitions") / "company")


def refused(company: Company, name: str, old: str, new: str, command: str = "check") -> str:
    """What the command says about one slip; it must exit with 2 and name the file and the line."""
    path = company.root / "kpi_definitions" / name
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    try:
        answer = company.kpi(command)
    finally:
        path.write_text(before, encoding="utf-8")
    assert answer.code == 2, answer.out
    assert "Traceback" not in answer.err
    found = re.findall(rf"{re.escape(name)}:(\d+):\d+: ", answer.err)
    # a block of several lines may be blamed on the line it begins with
    line = before[: before.index(old)].count("\n") + 1
    assert any(abs(int(at) - line) <= 2 for at in found), answer.err
    return answer.err


PAYLOADS = [
    "1); drop table deals; --",
    "amount; attach 'x.db'",
    "(select max(amount) from deals)",
    "read_text('/etc/passwd')",
    "getenv('HOME')",
    "query('select 1')",
    "install('httpfs')",
    "current_date",
    "information_schema.tables",
    "amount /* comment */",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_statements_in_an_expression_or_a_filter_are_refused(untouched: Company, payload: str) -> None:
    quoted = "'" + payload.replace("'", "''") + "'"
    refused(untouched, "kpis/all.yml", "expr: amount,\n     filter", f"expr: {quoted},\n     filter", "run")
    refused(untouched, "kpis/all.yml", "filter: stage = 'won'", f"filter: {quoted}")
    refused(untouched, "entities.yml", "snapshot: true", f"columns: {{x: {quoted}}}")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("kpis/all.yml", "name: revenue"),
        ("kpis/all.yml", "entity: deals"),
        ("entities.yml", "entity: deals"),
        ("entities.yml", "key: deal_id"),
        ("sources/feeds.yml", "source: crm"),
        ("goals/revenue.yml", "goal: revenue_q1"),
    ],
)
@pytest.mark.parametrize("given", ["x; drop table y", "x' or '1'='1", 'x"y', "../x", "Ｘ", "x" * 200])
def test_a_name_is_a_plain_word(untouched: Company, name: str, field: str, given: str) -> None:
    key = field.partition(":")[0]
    refused(untouched, name, field, f"{key}: '" + given.replace("'", "''") + "'")


@pytest.mark.parametrize("token", ["{{ env_var('HOME') }}", "{% set x = 1 %}", "{# note #}"])
@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("project.yml", "試験商店"),
        ("kpis/all.yml", "営業企画"),
        ("kpis/all.yml", "label: 売上"),
        ("kpis/all.yml", "stage = 'won'"),
        ("entities.yml", "チーム"),
        ("sources/feeds.yml", "商談ID"),
        ("sources/feeds.yml", "crm/deals_*.csv"),
        ("goals/revenue.yml", "第1四半期の売上"),
    ],
)
def test_template_marks_are_refused_in_every_field(
    untouched: Company, name: str, old: str, token: str
) -> None:
    key, colon, _ = old.rpartition(": ")
    refused(untouched, name, old, f'{key}{colon}"{token}"')


def test_the_models_that_are_built_hold_no_value_of_the_environment(seen: Company) -> None:
    """dbt renders what looks like a template even in comments: none may be in what is compiled from YAML."""
    for path in seen.project.generated.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\{\{\s*env_var|\{#", text), path
            assert re.findall(r"\{%-?\s*(\w+)", text) == [], path


@pytest.mark.parametrize("payload", ["team", "(", "1 +", "amount +", "sum(amount)", "amonut"])
def test_a_wrong_expression_says_where_it_is(untouched: Company, payload: str) -> None:
    refused(untouched, "kpis/all.yml", "expr: amount,\n     filter", f"expr: '{payload}',\n     filter")


@pytest.mark.parametrize(
    "pattern", ["/etc/passwd", "../*.csv", "https://example.com/a.csv", "s3://bucket/*.csv", "a/../../b.csv"]
)
def test_a_source_outside_the_data_folder_is_refused(untouched: Company, pattern: str) -> None:
    refused(untouched, "sources/feeds.yml", "files: crm/deals_*.csv", f"files: '{pattern}'")


UNSAFE = {
    "an alias bomb": "a: &a [x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else '*a'] * 9)}]\n" for i in range(10)),
    "a tag": "department: !!python/object/apply:os.system ['true']\n",
    "a key twice": "department: sales\ndepartment: hr\n",
    "deep nesting": "department: " + "[" * 5000 + "]" * 5000 + "\n",
    "a huge file": "department: " + "x" * 20_000_000 + "\n",
}


@pytest.mark.parametrize("kind", UNSAFE)
def test_unsafe_yaml_is_refused_in_a_moment_and_little_memory(
    untouched: Company, kind: str, tmp_path: Path
) -> None:
    path = untouched.root / "kpi_definitions" / "kpis" / "unsafe.yml"
    path.write_text(UNSAFE[kind], encoding="utf-8")
    command = [sys.executable, "-m", "dagster_project.cli.main", "check", "--project", str(untouched.root)]
    measured = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)\n"
        "print(done.stderr[:2000])"
    )
    try:
        answer = subprocess.run(
            [sys.executable, "-c", measured, *command], capture_output=True, text=True, check=True
        ).stdout
    finally:
        path.unlink()
    figures, _, said = answer.partition("\n")
    code, seconds, megabytes = figures.split()
    assert code == "2", said
    assert "unsafe.yml:" in said
    assert float(seconds) < 2  # the command alone takes a third of a second
    assert float(megabytes) < 250
