"""One CRM export in three forms (ISO, Excel re-save, Japanese CP932) against figures computed elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import copy_of_project, kpi, run_project

PROJECTS = ("maven_crm", "maven_crm_us", "maven_crm_jp")

# How the answers name what the definitions name otherwise.
GRAINS = {"total": "all", "fy_jp": "fiscal_year"}
DIMENSIONS = {"regional_office": "team", "sales_agent": "owner", "product": "product", "deal_stage": "stage"}
KPIS = {
    "revenue_zero_filled": "revenue",
    "deals_total": "deals_engaged",
    "deals_by_stage": "deals_engaged",
    "open_engaged_deals_at_month_end": "open_deals",
    "revenue_cumulative_fy2017": "revenue_to_date",
    "cohort_won_of_engaged": "win_rate_of_engaged",
    "customers_with_2plus_won_share": "repeat_buyer_share",
}


@dataclass
class Published:
    daily: pd.DataFrame
    period: pd.DataFrame


@pytest.fixture(scope="module")
def published(real_data, tmp_path_factory) -> dict[str, Published]:
    found = {}
    for name in PROJECTS:
        data = real_data(name)
        root = copy_of_project(name, tmp_path_factory.mktemp("crm") / name)
        answer = run_project(root, "--data", data)
        assert answer["as_of"] == "2017-12-31"
        current = root / "outputs" / "current"
        found[name] = Published(
            pd.read_parquet(current / "kpi_daily.parquet"), pd.read_parquet(current / "kpi_period.parquet")
        )
    return found


def answers(folder: Path) -> Iterator[tuple[tuple[str, str, str, str, str], float]]:
    with (folder / "answers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            dimension, segment = "total", "total"
            if row["dim"]:
                name, _, segment = row["dim"].partition("=")
                dimension = DIMENSIONS[name]
                segment = segment.lower() if dimension == "stage" else segment
            grain = GRAINS.get(row["grain"], row["grain"])
            period = row["period"] or "0001-01-01"
            yield (KPIS.get(row["kpi"], row["kpi"]), grain, period, dimension, segment), float(row["value"])


def values(published: Published) -> dict[tuple[str, str, str, str, str], float]:
    days = published.daily.assign(grain="day", start=published.daily.date.astype(str))
    periods = published.period.assign(start=published.period.period_start.astype(str))
    columns = ["kpi", "grain", "start", "dimension", "segment", "value"]
    rows = pd.concat([days[columns], periods[columns]])
    return {tuple(row[:5]): row[5] for row in rows.itertuples(index=False)}


@pytest.mark.parametrize("name", PROJECTS)
def test_every_answer_comes_out(published, real_data, name):
    ours = values(published[name])
    wrong, checked = [], 0
    for key, answer in answers(real_data("maven_crm")):
        value = ours.get(key)
        checked += 1
        if value is None or not abs(value - answer) <= 5.1e-7 + 1e-12 * abs(answer):
            wrong.append((key, value, answer))
    assert checked == 2994
    assert not wrong


@pytest.mark.parametrize("name", PROJECTS[1:])
@pytest.mark.parametrize("table", ["daily", "period"])
def test_the_form_of_the_export_changes_no_row(published, name, table):
    key = ["date"] if table == "daily" else ["grain", "period_start"]
    key += ["kpi", "dimension", "segment"]

    def rows(project: str) -> pd.DataFrame:
        frame = getattr(published[project], table).drop(columns=["definition_hash", "computed_run_id"])
        return frame.sort_values(key, ignore_index=True)

    pd.testing.assert_frame_equal(rows(name), rows("maven_crm"), check_exact=True)


def test_the_unit_is_dollars_whatever_the_language_of_the_export(published):
    money = published["maven_crm_jp"].daily
    assert set(money[money.kpi == "revenue"].unit) == {"USD"}


def test_a_project_writes_nothing_outside_its_folder(real_data, tmp_path):
    data = real_data("maven_crm")
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    root = copy_of_project("maven_crm", tmp_path / "company")
    home = tmp_path / "home"
    home.mkdir()
    done = kpi(
        "run", "--project", root, KPI_DATA_DIR=str(data), HOME=str(home), TMPDIR=str(tmp_path / "home")
    )
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["company", "home"]
    assert not list(home.iterdir())
