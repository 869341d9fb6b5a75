"""Several nights: what accumulates, what does not, and a night that is made up for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import copy_of_project, run_project
from tests.faults.company import Company, assert_same, copy_state, tables, write_company

pytestmark = pytest.mark.slow


def issues(root: Path) -> dict[str, set[int]]:
    """as-of date → issues in the forecast log."""
    files = sorted((root / "state" / "kgi_forecast").glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in files])
    assert not rows.duplicated(["as_of", "goal", "node", "scenario", "issue"]).any()
    return {day.isoformat(): set(group.issue) for day, group in rows.groupby("as_of")}


def changes(root: Path) -> list[tuple[str, str, int]]:
    """(night, kind of change, rows) of the snapshots of deals."""
    files = sorted((root / "state" / "snapshots" / "deals").glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in files])
    counted = rows.groupby(["snapshot_as_of", "change"]).size()
    return [(night.isoformat(), change, int(count)) for (night, change), count in counted.items()]


def test_each_night_adds_one_issue_and_its_changes_and_the_same_night_again_adds_nothing(
    real_data: Callable[[str], Path], tmp_path: Path
) -> None:
    root = copy_of_project("maven_crm", tmp_path / "company")
    data = Path(shutil.copytree(real_data("maven_crm"), tmp_path / "data"))
    run_project(root, "--data", data, "--as-of", "2017-06-28")
    run_project(root, "--data", data, "--as-of", "2017-06-29")
    assert issues(root) == {"2017-06-28": {1}, "2017-06-29": {1}}
    (first,) = changes(root)
    assert first[:2] == ("2017-06-28", "insert")

    pipeline = next(path for path in data.rglob("*.csv") if "pipeline" in path.name)
    lines = pipeline.read_text(encoding="utf-8").splitlines(keepends=True)
    gone, kept = lines[-1], lines[:-1]
    pipeline.write_text("".join(kept) + gone.replace(gone.split(",")[0], "ZZZZ9999"), encoding="utf-8")
    os.utime(pipeline, (1, 1))
    run_project(root, "--data", data, "--as-of", "2017-06-30")
    assert changes(root)[1:] == [("2017-06-30", "delete", 1), ("2017-06-30", "insert", 1)]

    state = {path: path.read_bytes() for path in (root / "state").rglob("*") if path.is_file()}
    for night in ("2017-06-30", "2017-06-30", "2017-06-29"):
        before = tables(root / "outputs" / "current")
        run_project(root, "--data", data, "--as-of", night)
        if night == "2017-06-30":
            assert_same(tables(root / "outputs" / "current"), before)
    assert {path: path.read_bytes() for path in (root / "state").rglob("*") if path.is_file()} == state


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return write_company(tmp_path / "company")


@pytest.fixture(scope="module")
def nightly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, Path, dict[str, pd.DataFrame]]:
    """The company after every night from the 6th to the 10th; its state after the 6th; its tables."""
    company = write_company(tmp_path_factory.mktemp("nightly") / "company")
    company.night("--as-of", "2026-04-06")
    after_the_sixth = tmp_path_factory.mktemp("after_the_sixth")
    copy_state(company.root, after_the_sixth)
    for day in range(7, 11):
        company.night("--as-of", f"2026-04-{day:02}")
    return company, after_the_sixth, tables(company.project.current)


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--as-of", "2026-04-10"],
        ["backfill", "--from", "2026-04-07", "--to", "2026-04-10"],
    ],
    ids=["the next night", "a range as one run"],
)
def test_nights_that_were_missed_are_caught_up_by(
    nightly: tuple[Company, Path, dict[str, pd.DataFrame]], command: list[str]
) -> None:
    company, after_the_sixth, theirs = nightly
    copy_state(after_the_sixth, company.root)
    answer = company.kpi(*command, "--json")
    assert answer.code == 0, answer.out + answer.err
    ours = tables(company.project.current)
    assert_same(ours, theirs, "kgi_forecast", "pipeline_runs")
    # the nights that were missed made no forecast, and none is invented
    assert set(ours["kgi_forecast"].as_of) == {date(2026, 4, 6), date(2026, 4, 10)}
    assert set(ours["kgi_forecast"].origin) == {"night"}
    last = [rows[rows.as_of == date(2026, 4, 10)] for rows in (ours["kgi_forecast"], theirs["kgi_forecast"])]
    pd.testing.assert_frame_equal(*[rows.reset_index(drop=True) for rows in last])


def test_a_day_that_is_run_again_later_is_the_night_of_that_day(company: Company) -> None:
    company.night("--as-of", "2026-04-08")
    then = tables(company.project.current)
    company.night("--as-of", "2026-04-10")
    company.night("--as-of", "2026-04-08")
    again = tables(company.project.current)
    assert_same(again, then, "kgi_forecast")
    assert json.loads(company.kpi("status", "--json").out)["as_of"] == "2026-04-08"
