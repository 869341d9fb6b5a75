"""Forecasters that project.yml names: loaded, asked in a night, and left out where they fail."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagster_project.errors import DefinitionError
from dagster_project.forecast.plugins import load_forecasters
from dagster_project.kpi.load import load_definitions
from tests.conftest import REPOSITORY, kpi

FIRST, LAST = date(2025, 1, 1), date(2026, 5, 20)
GUIDE = (REPOSITORY / "docs" / "forecast.md").read_text(encoding="utf-8")
MODEL = next(block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.S) if "SameWeekday" in block)

DEFINITIONS = {
    "project.yml": "name: toy\nlanguage: en\n"
    "forecasters: [models/mine.py:SameWeekday, models/mine.py:Absent]\n",
    "sources/feed.yml": "sources:\n  - {source: sales, files: sales.csv, load: full, "
    f"covers: {{from: {FIRST}, through: {LAST}}}, key: [day], "
    "columns: {day: {type: date}, amount: {type: number}}}\n",
    "entities.yml": "entities:\n  - {entity: sales_days, from: sales, key: [day], times: {day: {}}}\n",
    "kpis/all.yml": "department: sales\nkpis:\n  - {name: revenue, label: Revenue, type: simple, "
    "entity: sales_days, time: day, agg: sum, expr: amount, unit: count, direction: up}\n",
    "goals/may.yml": "goal: may\nperiod: {month: 2026-05}\nkgi: {kpi: revenue, target: 3000}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in DEFINITIONS.items():
        path = tmp_path / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.py").write_text(MODEL, encoding="utf-8")
    days = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    amounts = np.random.default_rng(1).normal(100, 10, len(days)).round(1)
    (tmp_path / "data").mkdir()
    pd.DataFrame({"day": days, "amount": amounts}).to_csv(tmp_path / "data" / "sales.csv", index=False)
    return tmp_path


def test_the_model_of_the_guide_takes_part_in_a_night_and_one_that_is_not_there_is_said(
    project: Path,
) -> None:
    answer = kpi("--project", str(project), "run", "--as-of", LAST.isoformat())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "forecaster 'models/mine.py:Absent' is left out" in answer.stdout + answer.stderr
    forecast = pd.read_parquet(project / "outputs" / "current" / "kgi_forecast.parquet")
    weights = json.loads(forecast["weights"].iloc[0])
    assert weights["same_weekday"] > 0.02
    assert forecast["status"].tolist() == ["ok"]


def left_out(project: Path, name: str) -> str:
    told: list[str] = []
    assert load_forecasters(project, [name], told.append) == ()
    (warning,) = told
    return warning


def test_what_can_not_be_loaded_is_told_with_the_way_out(project: Path, monkeypatch) -> None:
    assert "did you mean 'SameWeekday'" in left_out(project, "models/mine.py:SameWeekdy")
    assert "there is no file models/other.py" in left_out(project, "models/other.py:Model")
    assert "outside the project folder" in left_out(project, "../mine.py:SameWeekday")
    assert "No module named" in left_out(project, "no_such_package.models:Model")
    assert "needs a name and draw" in left_out(project, "fractions:Fraction")
    (project / "models" / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    assert "division by zero" in left_out(project, "models/broken.py:Model")
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'shirube[statsforecast]'" in left_out(project, "AutoETS")


def test_a_slip_in_a_name_is_found_by_the_check(project: Path) -> None:
    path = project / "kpi_definitions" / "project.yml"
    path.write_text("forecasters: [AutoETZ]\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"project.yml:1:\d+: .*no forecaster 'AutoETZ' .*AutoETS"):
        load_definitions(project)
