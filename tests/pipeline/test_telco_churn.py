"""Subscribers in one file that holds no date, neither in its rows nor in its name: dated by its manifest."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import copy_of_project, run_project
from tests.pipeline.answers import Published, answers, wrong_values

EXPORTED_ON = date(2026, 3, 31)


@pytest.fixture(scope="module")
def published(real_data, tmp_path_factory) -> Published:
    folder = tmp_path_factory.mktemp("telco")
    root = copy_of_project("telco_churn", folder / "company")
    export = next(path for path in real_data("telco_churn").glob("*.csv") if path.stem != "answers")
    data = folder / "data"
    data.mkdir()
    shutil.copyfile(export, data / export.name)
    manifest = {"exported_at": "2026-04-01T03:30:00Z", "rows": 7043}  # still 31 March where the company is
    (data / f"{export.name}.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert run_project(root, "--data", data)["as_of"] == EXPORTED_ON.isoformat()
    return Published.of(root)


def test_every_answer_comes_out_on_the_day_of_the_manifest(published, real_data):
    theirs = [
        ((kpi, "day", EXPORTED_ON.isoformat(), dimension, segment), value)
        for (kpi, _, _, dimension, segment), value in answers(
            Path(real_data("telco_churn")), {}, {"Contract": "contract"}
        )
    ]
    assert len(theirs) == 14
    assert not wrong_values(published.values(), theirs)


def test_no_other_day_is_known(published):
    assert set(published.daily[published.daily.value.notna()].date) == {EXPORTED_ON}
