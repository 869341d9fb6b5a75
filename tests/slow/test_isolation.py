"""A night without a network, on a full or a read-only disk, and beside another company's night."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.company import Company, assert_same, tables, write_company
from tests.slow.conftest import start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = write_company(tmp_path_factory.mktemp("isolation") / "company")
    company.night()
    return company


def apart(*options: str) -> list[str]:
    """The command that begins a process apart from the machine's network or mounts; skips where none can."""
    command = ["unshare", "--map-root-user", *options]
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    if not works:
        pytest.skip("SKIPPED: this machine lets nobody make namespaces of their own (unshare)")
    return command


KPI = [sys.executable, "-m", "dagster_project.cli.main"]


def run_apart(prefix: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*prefix, *KPI, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)


def test_a_first_night_needs_no_network(night: Company, tmp_path: Path) -> None:
    company = write_company(tmp_path / "company")
    done = run_apart(apart("--net"), "run", "--project", company.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same(tables(company.project.current), tables(night.project.current))


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ("mount -t tmpfs -o size=30m tmpfs {outputs}", "MB are free and the publication needs"),
        ("mount -t tmpfs -o size=64k,nr_inodes=4 tmpfs {outputs}", "Free some space|disk is full|No space"),
        ("mount --bind {kept} {outputs} && mount -o remount,bind,ro {outputs}", "Read-only file system"),
    ],
)
def test_a_disk_that_takes_nothing_is_told_and_the_last_publication_stays(
    night: Company, tmp_path: Path, mount: str, words: str
) -> None:
    outputs = night.root / "outputs"
    before = tables(night.project.current)
    kept = shutil.copytree(outputs, tmp_path / "kept", symlinks=True)
    inside = mount.format(outputs=outputs, kept=kept)
    if "size=30m" in mount:
        # an older publication lies there already, and fills it but for a little
        inside += f" && cp -a {kept}/. {outputs}/ && head -c 15M /dev/zero > {outputs}/other"
    script = f"{inside} && {' '.join(KPI)} run --project {night.root}"
    done = subprocess.run(
        [*apart("--mount"), "sh", "-c", script], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(word in done.stderr for word in words.split("|")), done.stderr
    assert "Traceback" not in done.stderr
    assert_same(tables(night.project.current), before)


def test_outputs_that_can_not_be_written_are_told(night: Company, tmp_path: Path) -> None:
    """A file stands where the folder should be: that fails for root too, which read-only folders do not."""
    company = write_company(tmp_path / "company")
    company.define("project.yml", lambda text: text + "outputs: blocked\n")
    (company.root / "blocked").write_text("a file")
    try:
        answer = company.kpi("run")
    finally:
        (company.root / "blocked").unlink()
    assert answer.code == 1
    assert "publishing failed" in answer.err or "Nothing was published" in answer.err
    assert str(company.root / "blocked") in answer.err
    assert "Traceback" not in answer.err


def test_a_disk_too_small_for_a_night_is_told_beforehand(night: Company, tmp_path: Path) -> None:
    company = write_company(tmp_path / "company")
    company.project.work.mkdir()
    script = (
        f"mount -t tmpfs -o size=3m tmpfs {company.project.work} && "
        f"{' '.join(KPI)} run --project {company.root}"
    )
    done = subprocess.run(
        [*apart("--mount"), "sh", "-c", script], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "MB are free and a night needs about 64 MB" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert not (company.root / "outputs" / "current").exists()
    company.night()
    assert_same(tables(company.project.current), tables(night.project.current))


def test_two_companies_at_once_do_not_disturb_each_other(night: Company, tmp_path: Path) -> None:
    first, second = write_company(tmp_path / "first"), write_company(tmp_path / "second")
    second.define("kpis/all.yml", lambda text: text.replace("name: revenue,", "name: turnover,"))
    second.define("goals/revenue.yml", lambda text: text.replace("kpi: revenue,", "kpi: turnover,"))
    runs = [start("run", "--project", company.root) for company in (first, second)]
    for run in runs:
        out, err = run.communicate(timeout=180)
        assert run.returncode == 0, out + err
    assert_same(tables(first.project.current), tables(night.project.current))
    assert "revenue" not in set(second.published("kpi_daily").kpi)
    assert second.days("turnover") == first.days("revenue")
    for company, other in ((first, second), (second, first)):
        mentions = [
            path
            for path in company.root.rglob("*")
            if path.is_file() and os.fsencode(other.root) in path.read_bytes()
        ]
        assert mentions == []
