"""`kpi diff` computes old and new values side by side, and leaves the publication as it is."""

from __future__ import annotations

import json
import math
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from tests.changes.test_compare import git

LARGEST, SMALLEST = "agg: max, expr: amount", "agg: min, expr: amount"


@pytest.fixture
def changed(night, tmp_path):
    """The awkward company as a repository, in which `largest` and `smallest` changed places."""
    for name in ("landing", "outputs"):
        (tmp_path / name).symlink_to(night.root / name)
    shutil.copytree(night.root / "kpi_definitions", tmp_path / "kpi_definitions")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "kpi_definitions")
    git(tmp_path, "commit", "-q", "-m", "first")
    path = tmp_path / "kpi_definitions" / "kpis" / "all.yml"
    text = path.read_text(encoding="utf-8")
    swapped = text.replace(LARGEST, "<>").replace(SMALLEST, LARGEST).replace("<>", SMALLEST)
    assert swapped != text
    path.write_text(swapped, encoding="utf-8")
    return tmp_path


def months(night, kpi):
    rows = night.period[(night.period.kpi == kpi) & (night.period.grain == "month")]
    rows = rows[rows.dimension == "total"].sort_values("period_start")
    return {row.period_start: row.value for row in rows.itertuples()}


@pytest.mark.parametrize("against", [["--since", "HEAD"], ["--published"]])
def test_old_values_are_those_published_and_new_ones_those_of_the_new_definition(night, changed, against):
    before = sorted(path.name for path in (night.root / "outputs" / "versions").iterdir())
    line = ["--project", str(changed), "diff", *against, "--periods", "200", "--json"]
    answer = json.loads(CliRunner().invoke(cli, line, standalone_mode=False).stdout)
    assert [(c["kpi"], c["kind"], c["grain"]) for c in answer["changes"]] == [
        ("largest", "changed", "month"),
        ("smallest", "changed", "month"),
    ]
    largest, smallest = months(night, "largest"), months(night, "smallest")
    for change, old, new in zip(answer["changes"], (largest, smallest), (smallest, largest), strict=True):
        assert len(change["values"]) == len(largest) > 30
        for row in change["values"]:
            start = date.fromisoformat(row["period_start"])
            for side, wanted in (("old", old[start]), ("new", new[start])):
                same = row[side] is None if math.isnan(wanted) else row[side] == wanted
                assert same, (change["kpi"], start, side)
    assert sorted(path.name for path in (night.root / "outputs" / "versions").iterdir()) == before


def test_values_of_a_source_that_is_read_in_another_way_are_not_made_up(night, changed):
    path = changed / "kpi_definitions" / "sources" / "exports.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("stage: {type: text}", "stage: {type: text, map: {gewonnen: won}}"), encoding="utf-8"
    )
    line = ["--project", str(changed), "diff", "largest"]
    text = CliRunner().invoke(cli, line, standalone_mode=False).stdout
    assert "the mapping of source crm" in text
    assert "values: source crm is read in another way: after kpi run, compare with the older" in text
