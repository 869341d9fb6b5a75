"""One CRM export in three forms (ISO, Excel re-save, Japanese CP932) against figures computed elsewhere."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.conftest import copy_of_project, kpi, run_project
from tests.pipeline.answers import Published, answers, wrong_values

PROJECTS = ("maven_crm", "maven_crm_us", "maven_crm_jp")

# How the answers name what the definitions name otherwise.
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


@pytest.fixture(scope="module")
def published(real_data, tmp_path_factory) -> dict[str, Published]:
    found = {}
    for name in PROJECTS:
        data = real_data(name)
        root = copy_of_project(name, tmp_path_factory.mktemp("crm") / name)
        answer = run_project(root, "--data", data)
        assert answer["as_of"] == "2017-12-31"
        found[name] = Published.of(root)
    return found


def stored(dimension: str, segment: str) -> str:
    return segment.lower() if dimension == "stage" else segment


@pytest.mark.parametrize("name", PROJECTS)
def test_every_answer_comes_out(published, real_data, name):
    theirs = list(answers(real_data("maven_crm"), KPIS, DIMENSIONS, stored))
    assert len(theirs) == 2994
    assert not wrong_values(published[name].values(), theirs)


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
