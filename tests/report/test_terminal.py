from __future__ import annotations

import io
import json
from pathlib import Path

import click
import pyarrow as pa
import pytest
from click.testing import CliRunner
from rich.console import Console

from dagster_project.cli.status import status
from dagster_project.errors import NothingPublished, UsageError
from dagster_project.project import Project
from dagster_project.report.html import render
from dagster_project.report.summary import summarize
from dagster_project.report.terminal import print_summary
from tests.report.conftest import write
from tests.report.frames import tables, with_a_second_goal


def printed(folder: Path, language: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=110)
    print_summary(summarize(folder, language), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_person_sees_goal_forecast_tree_and_marks(publication: Path) -> None:
    text = printed(publication)
    assert "売上高は年度目標に対し93%の着地見込み（達成確率 12%）" in text
    assert "│ └ 受注率" in text
    assert "▲ 注意" in text
    assert "! leads: ファイル1件を保留し" in text
    assert "架空データ" in text


def test_english_where_the_project_speaks_it(publication: Path) -> None:
    text = printed(publication, "en")
    assert "Forecast ¥167M" in text
    assert "■ behind" in text


def test_text_of_the_data_can_neither_steer_the_terminal_nor_style_itself(tmp_path: Path) -> None:
    text = printed(write(tmp_path, tables(lambda text: f"\x1b[2J\x07[bold red]{text}[/bold red]\u202e")))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[bold red]売上高[/bold red]" in text


def test_the_largest_tree_is_printed_and_each_other_goal_has_a_line(tmp_path: Path) -> None:
    text = printed(write(tmp_path, with_a_second_goal()))
    assert text.count("│ └ 受注率") == 1
    (line,) = (line for line in text.splitlines() if line.startswith("二つ目の目標"))
    assert "94%" in line
    assert line.endswith("12%   ■ 遅れ")
    assert "kpi status GOAL (second)" in text


def test_status_prints_the_goal_that_is_named_and_no_other(tmp_path: Path) -> None:
    write(tmp_path / "outputs" / "current", with_a_second_goal())
    told = CliRunner().invoke(status, ["second"], obj=_project(tmp_path)).output
    assert "二つ目の目標" in told
    assert "受注率" not in told
    answer = CliRunner().invoke(status, ["second", "--json"], obj=_project(tmp_path))
    assert [goal["goal"] for goal in json.loads(answer.output)["goals"]] == ["second"]
    slip = CliRunner().invoke(status, ["secnd"], obj=_project(tmp_path), standalone_mode=False)
    assert isinstance(slip.exception, UsageError)
    assert "did you mean 'second'?" in str(slip.exception)


def _project(folder: Path) -> Project:
    return Project(root=folder, data=folder / "data", outputs=folder / "outputs")


def test_status_prints_json_for_scripts(tmp_path: Path) -> None:
    write(tmp_path / "outputs" / "current", tables())
    answer = CliRunner().invoke(status, ["--json"], obj=_project(tmp_path))
    assert answer.exit_code == 0
    assert json.loads(answer.output)["goals"][0]["kgi"]["label"] == "売上高"
    assert "売上高" in CliRunner().invoke(status, [], obj=_project(tmp_path)).output


def test_status_without_a_publication_fails_with_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(status, [], obj=_project(tmp_path), standalone_mode=False)
    assert isinstance(answer.exception, NothingPublished)
    assert answer.exception.exit_code == 1
    assert isinstance(status, click.Command)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_publication_without_goals_says_so(tmp_path: Path, language: str) -> None:
    given = tables()
    for name in ("goal_tree", "kgi_attainment", "kgi_forecast", "kgi_forecast_path", "source_freshness"):
        given[name] = given[name].slice(0, 0)
    text = printed(write(tmp_path, given), language)
    assert ("目標はまだ定義されていません" in text) or ("No goal has been defined" in text)


@pytest.mark.parametrize(
    ("status", "ja", "en"),
    [
        ("short_history", "履歴が短いため参考値", "short history: indicative only"),
        ("intermittent", "発生が間欠的なため参考値", "intermittent history: indicative only"),
        ("stale_data", "データが古いため参考値", "stale data: indicative only"),
    ],
)
def test_a_headline_that_rests_on_a_fallback_says_so(tmp_path: Path, status: str, ja: str, en: str) -> None:
    given = tables()
    at = given["kgi_forecast"].schema.get_field_index("status")
    said = pa.array([status] * given["kgi_forecast"].num_rows)
    given["kgi_forecast"] = given["kgi_forecast"].set_column(at, given["kgi_forecast"].schema.field(at), said)
    folder = write(tmp_path, given)
    assert f"（達成確率 12%、{ja}）" in printed(folder)
    unwrapped = " ".join(printed(folder, "en").split())
    assert f"(probability 12%; {en})" in unwrapped
    html = render(folder)
    assert f"（達成確率 12%、{ja}）</h1>" in html
    assert (
        html.count(f'<div class="more">{ja}</div>') == 2
    )  # the tiles of the forecast and of its probability


def test_a_sound_forecast_has_no_such_remark(publication: Path) -> None:
    assert "参考値" not in printed(publication)
