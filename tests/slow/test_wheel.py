"""The installed package, outside of the checkout, makes the sample and runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import OF_THE_SHELL

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
WHERE = """
import dagster_project
from importlib.util import find_spec
print(dagster_project.__file__)
print(find_spec("kpi_definitions"))
print(list(find_spec("dbt").submodule_search_locations))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY, check=True, capture_output=True,
    )  # fmt: skip
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    scheme = {"base": str(folder), "platbase": str(folder), "installed_base": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", scheme))
    with zipfile.ZipFile(wheel) as content:
        content.extractall(packages)
    # a folder named in a .pth is searched, but its own .pth (the checkout) is not followed
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Path(sysconfig.get_path("scripts", "venv", scheme))


def test_the_wheel_has_one_top_level_package_and_all_that_a_run_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"dagster_project", "shirube"}
    assert not [name for name in names if "/target/" in name or "/logs/" in name or name.endswith(".pyc")]
    for part in ("dbt/dbt_project.yml", "dbt/models/kpi/kpi_daily.sql", "kpi_definitions/project.yml"):
        assert f"dagster_project/bundled/{part}" in names
    for part in ("report/templates/report.html.j2", "publish/contract.json"):
        assert f"dagster_project/{part}" in names


def test_the_sample_runs_outside_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in (*OF_THE_SHELL, "PYTHONPATH")
    }
    python = str(installed / "python")
    command = [python, "-c", "from dagster_project.cli.main import main; main()"]

    def kpi(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    answer = subprocess.run(
        [python, "-c", WHERE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert answer[0].startswith(str(installed.parent))
    assert answer[1] == "None"
    assert str(REPOSITORY / "dbt") not in answer[2]

    made = kpi("sample", "demo")
    assert made.returncode == 0, made.stderr
    for _ in range(2):
        done = kpi("--project", "demo", "run")
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "demo" / "outputs" / "current" / "report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    bundled = list(installed.parent.rglob("bundled/dbt/**/generated/**/*.sql"))
    changed = [path for path in bundled if path.stat().st_mtime_ns > (tmp_path / "demo").stat().st_ctime_ns]
    assert changed == []
