from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from dagster_project.errors import NothingPublished
from dagster_project.report.marks import Mark, mismatch
from dagster_project.report.sentences import headline, mark_sentence, period_word
from dagster_project.report.summary import summarize
from tests.report.conftest import write
from tests.report.frames import GOAL, RUN, rows, tables


def test_the_summary_is_the_goal_with_its_tree_and_forecast(publication: Path) -> None:
    summary = summarize(publication)
    assert (summary.publication_id, summary.as_of, summary.language) == (RUN, date(2026, 10, 31), "ja")
    assert summary.synthetic
    (goal,) = summary.goals
    assert (goal.goal, goal.label, goal.remaining_business_days) == (GOAL, "2026年度 売上1.8億円", 99)
    assert goal.kgi.label == "売上高"
    assert [child.node for child in goal.kgi.children] == ["orders_won", "average_order_value"]
    deals = goal.kgi.children[0].children[0]
    assert [child.node for child in deals.children] == ["leads", "lead_to_deal_rate"]
    assert goal.others == ()
    assert goal.kgi.forecast is not None
    assert goal.kgi.forecast.probability == 0.12
    assert goal.landing == goal.kgi.forecast.p50 / 180_000_000  # type: ignore[operator]


def test_the_headline_says_where_the_year_will_land(publication: Path) -> None:
    (goal,) = summarize(publication).goals
    assert headline(goal, "ja") == "売上高は年度目標に対し93%の着地見込み（達成確率 12%）"
    (goal,) = summarize(publication, "en").goals
    assert headline(goal, "en") == "Revenue is forecast to land at 93% of the annual target (probability 12%)"


def test_without_a_forecast_the_headline_is_the_attainment(tmp_path: Path) -> None:
    given = tables()
    given["kgi_forecast"] = rows("kgi_forecast", [])
    (goal,) = summarize(write(tmp_path, given)).goals
    assert goal.landing is None
    assert headline(goal, "ja") == "売上高は現時点の年度目標に対し94%の達成率"


def test_marks_name_every_fault_of_a_source_worst_first(publication: Path) -> None:
    summary = summarize(publication)
    assert [(mark.kind, mark.source, mark.count) for mark in summary.marks] == [
        ("held", "leads", 1),
        ("stale", "ads", 2),
        ("quarantined", "deals", 4),
        ("provisional", "ga4", 4),
    ]


def test_a_source_that_never_arrived_is_said_to_be_missing() -> None:
    assert (
        mark_sentence(Mark("missing", "ads", None, None, None), "ja") == "ads: ファイルがまだ届いていません。"
    )


def test_the_newest_issue_of_the_night_counts(tmp_path: Path) -> None:
    given = tables()
    first = given["kgi_forecast"].to_pylist()[0]
    later = first | {"issue": 2, "probability": 0.31}
    backtest = first | {"issue": 3, "probability": 0.99, "origin": "backtest"}
    given["kgi_forecast"] = rows("kgi_forecast", [later, first, backtest])
    (goal,) = summarize(write(tmp_path, given)).goals
    assert goal.kgi.forecast is not None
    assert goal.kgi.forecast.probability == 0.31


def test_a_cycle_among_the_nodes_does_not_hang_and_keeps_the_kgi(tmp_path: Path) -> None:
    given = tables()
    nodes = given["kgi_attainment"].to_pylist()
    for node in nodes:
        if node["node"] == "deals":
            node["parent"] = "leads"
    given["kgi_attainment"] = rows("kgi_attainment", nodes)
    (goal,) = summarize(write(tmp_path, given)).goals
    assert goal.kgi.node == "revenue"


def test_json_holds_plain_values_only(publication: Path) -> None:
    plain = json.loads(json.dumps(summarize(publication).as_json(), allow_nan=False))
    assert plain["as_of"] == "2026-10-31"
    assert plain["goals"][0]["kgi"]["children"][0]["node"] == "orders_won"
    assert plain["goals"][0]["landing"] == pytest.approx(0.93, abs=0.01)


def test_where_nothing_is_published_the_reader_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match="kpi run"):
        summarize(tmp_path / "outputs" / "current")


def test_a_period_is_called_by_its_length() -> None:
    assert period_word(date(2026, 4, 1), date(2027, 3, 31), "ja") == "年度"
    assert period_word(date(2026, 7, 1), date(2026, 9, 30), "ja") == "四半期"
    assert period_word(date(2017, 4, 10), date(2017, 6, 30), "ja") == "期間"


def test_an_equation_that_is_off_by_less_than_is_shown_is_told_with_decimals() -> None:
    row = {
        "equation": "offers = applicants * rate", "unit": "count", "left_value": 4.0, "right_value": 3.92,
        "difference": 0.08, "likely_reason": "timing", "implied_node": None,
    }  # fmt: skip
    assert mismatch(row, "ja").startswith("offers = applicants * rate: 4件 ≠ 3.92件（差 0.08件、")
    assert "4 ≠ 6 (off by 2;" in mismatch(row | {"right_value": 6.0, "difference": 2.0}, "en")
