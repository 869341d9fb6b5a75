"""The worked example of a revision in mid-period, through `kpi plan`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.goals.plans import Command

WORKED = REPOSITORY / "tests" / "projects" / "worked_example"
REVISION = """
revisions:
  - from: 2026-10-01
    reason: {ja: 第2四半期レビュー, en: Q2 review}
    nodes: {deal_to_order_rate: {assume: 15%}}
"""


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def revised(tmp_path: Path) -> Path:
    """The worked example, due by even months, its rate revised at half-year."""
    folder = tmp_path / "project"
    shutil.copytree(WORKED, folder)
    goal = folder / "kpi_definitions" / "goals" / "revenue_100m.yml"
    text = goal.read_text(encoding="utf-8").replace("phasing: business_days", "phasing: {monthly: even}")
    goal.write_text(text + REVISION, encoding="utf-8")
    return folder


def test_a_rate_revised_at_half_year_asks_for_666_67_more_leads(kpi, revised):
    answer = kpi("plan", "revenue_100m", "--json", "--project", revised)
    assert answer.json["revision"] == 1
    assert [made["from"] for made in answer.json["revisions"]] == ["2026-04-01", "2026-10-01"]
    found = {
        name: (node["before_revision"], node["remaining"], node["target"])
        for name, node in answer.nodes.items()
        if node["before_revision"] is not None
    }
    assert found == {
        "revenue": (50_000_000, 50_000_000, 100_000_000),
        "repeat_revenue": (30_000_000, 30_000_000, 60_000_000),
        "new_revenue": (20_000_000, 20_000_000, 40_000_000),
        "new_orders": (10, 10, 20),
        "new_deals": (50, pytest.approx(66.67, abs=0.005), pytest.approx(116.67, abs=0.005)),
        "leads": (500, pytest.approx(666.67, abs=0.005), pytest.approx(1166.67, abs=0.005)),
    }
    assert answer.nodes["deal_to_order_rate"]["target"] == 0.15
    (leads,) = [stage for stage in answer.json["schedule"] if stage["node"] == "leads"]
    assert [part["target_cumulative"] for part in leads["parts"]][5] == 500
    assert sum(part["shown"] for part in leads["parts"]) == 1167
    # Calls follow the deals: 5,000 for the 50 of the first half, 6,666.67 for the rest.
    assert answer.nodes["cold_calls"]["target"] == pytest.approx(11_666.67, abs=0.005)


def test_the_plan_as_first_made_is_still_to_be_had(kpi, revised):
    answer = kpi("plan", "revenue_100m", "--json", "--revision", "0", "--project", revised)
    assert answer.targets["leads"] == 1_000
    assert answer.nodes["leads"]["before_revision"] is None
    refused = kpi("plan", "revenue_100m", "--json", "--revision", "2", "--project", revised)
    assert refused.code == 2
    assert "no revision 2; it has 0 to 1" in refused.err


def test_the_sheet_says_which_revision_it_shows_and_what_is_left(kpi, revised):
    english = kpi("plan", "revenue_100m", "--language", "en", "--project", revised).out
    assert ", Q2 review: what is left is the target less the plan before" in english
    japanese = kpi("plan", "revenue_100m", "--language", "ja", "--project", revised).out
    assert "第1次改定（2026年10月1日から）第2四半期レビュー" in japanese
    assert "改定後の残り" in japanese
