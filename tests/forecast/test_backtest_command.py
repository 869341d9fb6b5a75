"""`kpi backtest`: what it prints of a company's own history."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from dagster_project.cli.backtest import backtest
from dagster_project.errors import NothingPublished, UsageError
from dagster_project.project import find_project
from tests.conftest import copy_of_project

START = date(2016, 10, 1)
GOAL = "goal: {name}\nperiod: {{fiscal_year: 2018}}\nkgi: {{kpi: {kpi}, target: {target}}}\n"


@pytest.fixture
def company(tmp_path, make_series):
    """A CRM company with goals for won deals and win rate, and three published years."""
    root = copy_of_project("maven_crm", tmp_path / "crm")
    for old in (root / "kpi_definitions" / "goals").iterdir():
        old.unlink()
    for name, kpi, target in (("deals", "won", "1000"), ("rate", "win_rate", "70%")):
        text = GOAL.format(name=name, kpi=kpi, target=target)
        (root / "kpi_definitions" / "goals" / f"{name}.yml").write_text(text, encoding="utf-8")
    won = np.round(make_series(0, 1095, level=20.0))
    closed = won + np.round(make_series(1, 1095, level=12.0))
    days = [START + timedelta(days=i) for i in range(1095)]
    parts = [
        pd.DataFrame({"date": days, "kpi": kpi, "numerator": won, "denominator": below, "value": won / below})
        for kpi, below in (("won", np.nan), ("win_rate", closed))
    ]
    rows = pd.concat(parts).assign(dimension="total", segment="total", data_status="final")
    folder = root / "outputs" / "current"
    folder.mkdir(parents=True)
    rows.to_parquet(folder / "kpi_daily.parquet")
    pd.DataFrame({"as_of": [days[-1]]}).to_parquet(folder / "publication.parquet")
    return find_project(root)


def run(project, *arguments):
    return CliRunner().invoke(backtest, arguments, obj=project)


def test_it_prints_coverage_skill_by_days_to_go_and_a_reliability_table(company):
    done = run(company)
    assert done.exit_code == 0, done.output
    assert "deals · won" in done.output
    assert "rate · win_rate" in done.output
    for heading in ("80 %", "95 %", "Brier", "skill", "days to go", "8-30", "31-92", "came true"):
        assert heading in done.output


def test_json_gives_the_same_figures_for_one_goal(company):
    done = run(company, "rate", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert [(node["goal"], node["node"]) for node in answer["nodes"]] == [("rate", "win_rate")]
    assert 0.6 < answer["all"]["inside_80"] <= 1
    assert sum(part["tasks"] for part in answer["by_days_to_go"]) == answer["all"]["tasks"]
    assert all(0 <= row["came"] <= 1 for row in answer["reliability"])


def test_an_unknown_goal_is_answered_with_the_one_meant(company):
    error = run(company, "deal").exception
    assert isinstance(error, UsageError)
    assert str(error) == "no goal 'deal'; did you mean 'deals'?"


def test_without_a_publication_it_says_what_to_do(company):
    for file in company.current.iterdir():
        file.unlink()
    company.current.rmdir()
    assert isinstance(run(company).exception, NothingPublished)


def test_a_history_of_less_than_a_year_has_nothing_to_replay(company):
    path = company.current / "kpi_daily.parquet"
    rows = pd.read_parquet(path)
    rows[rows["date"] > date(2019, 1, 1)].to_parquet(path)
    assert "a year of known days is needed" in run(company).output
