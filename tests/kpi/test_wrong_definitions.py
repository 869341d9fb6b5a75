"""Wrong definitions, one a file, in an otherwise sound company; messages.txt holds what is said of each.

`RENEW_MESSAGES=1 python -m pytest tests/kpi/test_wrong_definitions.py` writes it anew: read the difference.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dagster_project.cli.check import all_issues
from dagster_project.project import Project
from tests.conftest import kpi

HERE = Path(__file__).parent / "wrong_definitions"
SOUND = HERE / "_sound"
MESSAGES = HERE / "messages.txt"
CASES = sorted(path.relative_to(HERE) for path in HERE.rglob("*.yml") if SOUND not in path.parents)
SINGLE = ("project", "calendar")  # a case of these takes the place of the one file


def company(root: Path, *cases: Path) -> Path:
    """The sound company with some wrong files beside its own."""
    definitions = root / "kpi_definitions"
    shutil.copytree(SOUND, definitions)
    for case in cases:
        area = case.parts[0]
        target = definitions / (f"{area}.yml" if area in SINGLE else case.as_posix())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / case, target)
    return root


def said(root: Path) -> list[str]:
    return [str(issue) for issue in all_issues(Project(root, root / "data", root / "outputs"))[0]]


def golden() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in MESSAGES.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found[line[3:]] = []
        elif line:
            found[list(found)[-1]].append(line)
    return found


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is said of each case now."""
    root = tmp_path_factory.mktemp("wrong")
    return {case.as_posix(): said(company(root / str(n), case)) for n, case in enumerate(CASES)}


def test_every_wrong_definition_gets_its_message(messages):
    if os.environ.get("RENEW_MESSAGES"):
        text = "\n".join(f"## {case}\n" + "\n".join(lines) + "\n" for case, lines in messages.items())
        MESSAGES.write_text(text, encoding="utf-8")
    assert messages == golden()


def test_the_company_is_sound_without_them(tmp_path):
    assert said(company(tmp_path)) == []


def test_each_of_at_least_sixty_is_an_error_with_its_place(messages):
    assert len(messages) >= 60
    for case, lines in messages.items():
        errors = [line for line in lines if ": warning: " not in line]
        area, name = case.split("/")
        file = f"kpi_definitions/{area}.yml" if area in SINGLE else f"kpi_definitions/{area}/{name}"
        assert errors, case
        for line in errors:
            shown, row, column, _ = line.split(":", 3)
            assert shown == file, line
            assert int(row) >= 1, line
            assert int(column) >= 1, line


def test_nearly_all_say_what_to_do(messages):
    lines = [line for found in messages.values() for line in found]
    silent = [line for line in lines if not line.endswith(")")]
    assert len(silent) < len(lines) / 3, silent


def test_all_are_found_at_once(tmp_path, messages):
    """One company with every wrong file: what is said of each alone is said of it among all others.

    Cases that share a name with another would say more: that it is taken. Nothing may be said less.
    """
    alone = ("kpis/not_yaml.yml", "kpis/many_at_once.yml", "kpis/one_wrong_kpi_hides_no_other.yml")
    together = [case for case in CASES if case.parts[0] == "kpis" and case.as_posix() not in alone]
    names: set[str] = set()
    kept = []
    for case in together:
        own = {
            line.split(":", 1)[1].strip()
            for line in (HERE / case).read_text(encoding="utf-8").splitlines()
            if line.strip().startswith(("- name:", "name:"))
        }
        if not own & names:
            kept.append(case)
            names |= own
    assert len(kept) >= 40
    found = set(said(company(tmp_path, *kept)))
    for case in kept:
        for line in messages[case.as_posix()]:
            assert line in found


def test_the_command_prints_them_to_stderr_and_exits_with_2(tmp_path):
    done = kpi("check", "--project", company(tmp_path, Path("kpis/many_at_once.yml")))
    assert done.returncode == 2
    assert (
        "kpi_definitions/kpis/many_at_once.yml:6:5: kpi 'orders_lost': unknown entity 'dealz'" in done.stderr
    )
    assert done.stdout == ""
