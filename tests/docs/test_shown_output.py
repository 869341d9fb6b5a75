"""What the README shows is what is printed: its commands are run, and their output compared."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, kpi
from tests.docs.markdown import blocks, write_titled

pytestmark = pytest.mark.slow

README = REPOSITORY / "README.md"
GAP = "..."
OWN = next(block.section for block in blocks(README) if block.title)  # the section with a project of its own


def as_shown(output: str, folder: Path) -> list[str]:
    """Lines without what differs from run to run and from machine to machine."""
    text = output.replace(str(folder.resolve()), GAP)
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{6} in \d+ s", "RUN", text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def follows(shown: list[str], printed: list[str]) -> str | None:
    """The first shown line that is not printed at its place; `...` stands for any lines."""
    at, after_gap = 0, False
    for line in shown:
        if line == GAP:
            after_gap = True
            continue
        if after_gap:
            if line not in printed[at:]:
                return line
            at = printed.index(line, at)
        elif printed[at : at + 1] != [line]:
            return line
        at, after_gap = at + 1, False
    return None if after_gap or at == len(printed) else f"(the end, where {printed[at]!r} is printed)"


def make_recipe(target: str) -> list[str]:
    """The `kpi` commands of a make target."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.M)
    assert recipe is not None
    return re.findall(r"\$\(BIN\)/(kpi .*)", recipe[1])


def printed_by(command: str, folder: Path) -> list[str]:
    output = ""
    lines = make_recipe(command.split()[1]) if command.startswith("make ") else [command]
    for line in lines:
        done = kpi(*shlex.split(line)[1:])
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        output += done.stdout
    return as_shown(output, folder)


def assert_shown(text_of_block: list[tuple[str, list[str]]], folder: Path) -> None:
    for command, shown in text_of_block:
        printed = printed_by(command, folder)
        missing = follows(as_shown("\n".join(shown), folder), printed)
        assert missing is None, f"README: $ {command} does not print {missing!r}, but\n" + "\n".join(printed)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder like a fresh checkout, and the current one; the README's first block makes it a company."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(REPOSITORY / "kpi_definitions", folder / "kpi_definitions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def test_the_sample_company_prints_what_the_readme_shows(sample: Path) -> None:
    for block in blocks(README):
        if block.language == "console" and block.section != OWN:
            assert_shown(block.steps, sample)
    (example,) = (block.text for block in blocks(README) if block.language == "python")
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "win_rate" in done.stdout


def test_an_own_export_becomes_figures_as_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_titled(README, tmp_path)
    for block in blocks(README):
        if block.language == "console" and block.section == OWN:
            assert_shown(block.steps, tmp_path)
    definition = tmp_path / "kpi_definitions" / "kpis" / "shop.yml"
    slip = definition.read_text(encoding="utf-8").replace("entity: orders", "entity: ordrs")
    definition.write_text(slip, encoding="utf-8")
    (message,) = (block.text for block in blocks(README) if block.language == "text")
    assert message.strip() in kpi("check").stderr


def test_output_that_is_not_printed_would_be_found() -> None:
    printed = ["a", "b", "c", "d"]
    assert follows(["a", "b", "c", "d"], printed) is None
    assert follows(["a", GAP, "d"], printed) is None
    assert follows([GAP, "c", GAP], printed) is None
    assert follows(["a", "c", GAP], printed) == "c"
    assert follows([GAP, "c", GAP, "b"], printed) == "b"
    assert follows(["b", GAP], printed) == "b"
    assert follows(["a", "b"], printed) is not None
