"""Worked example 2 through the command line: an assumption drifts, and chance explains it, or does not.

Of product `few` 800 leads became 80 deals and 12 orders of 2,000,000 yen, of `many` ten times as many. In the
half-year before, every deal was won.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.errors import ShirubeError
from tests.conftest import copy_of_project, run_project

FIRST, LAST = date(2026, 4, 1), date(2026, 10, 31)
SIZES = {"few": (800, 80, 12), "many": (8_000, 800, 120)}


def spread(count: int, start: date = FIRST, end: date = LAST) -> Iterator[date]:
    days = (end - start).days + 1
    return (start + timedelta(days=at * days // count) for at in range(count))


def write_data(folder: Path) -> None:
    folder.mkdir()
    leads, deals = ["lead_id,product,created_on"], ["deal_id,product,opened_on,stage,amount"]
    for product, (lead_count, deal_count, won) in SIZES.items():
        leads += [f"{product}{at},{product},{day}" for at, day in enumerate(spread(lead_count))]
        winners = {at * deal_count // won for at in range(won)}
        for at, day in enumerate(spread(deal_count)):
            stage, amount = ("won", 2_000_000) if at in winners else ("lost", 0)
            deals.append(f"{product}{at},{product},{day},{stage},{amount}")
        before = spread(12, date(2025, 10, 1), FIRST - timedelta(days=1))
        deals += [f"{product}_{at},{product},{day},won,1000000" for at, day in enumerate(before)]
    (folder / "leads.csv").write_text("\n".join(leads) + "\n", encoding="utf-8")
    (folder / "deals.csv").write_text("\n".join(deals) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_of_project("reviewed", tmp_path_factory.mktemp("reviewed") / "company")
    write_data(root / "data")
    run_project(root)
    return root


def printed(root: Path, *arguments: str) -> str:
    """What a command prints, in this process: fifteen imports of pandas would take longer than the night."""
    done = CliRunner().invoke(cli, ["--project", str(root), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def review(root: Path, *arguments: str) -> Any:
    return json.loads(printed(root, "review", *arguments, "--json"))


def assumption(answer: Any, node: str) -> Any:
    return next(one for one in answer["assumptions"] if one["node"] == node)


def test_12_of_80_is_within_chance_and_no_revision_is_proposed(company: Path) -> None:
    answer = review(company, "few")
    rate = assumption(answer, "deal_to_order_rate")
    assert (rate["numerator"], rate["denominator"], rate["actual"]) == (12, 80, 0.15)
    assert rate["p_value"] == pytest.approx(0.3275, abs=5e-5)
    assert rate["significant"] is False
    assert rate["replanned"] == pytest.approx({"deals": 400 / 3, "leads": 4_000 / 3})
    assert {one["node"]: one["replanned"] for one in answer["required"]} == pytest.approx(
        {"orders_won": 20, "deals": 400 / 3, "leads": 4_000 / 3}
    )
    assert answer["revision"] is None


def test_the_text_says_whether_it_is_chance_before_it_names_what_would_be_required(company: Path) -> None:
    text = printed(company, "review", "few")
    (verdict,) = (line for line in text.splitlines() if "Deal to order rate: assumed" in line)
    assert "assumed 20.0%, came to 15.0% (12 of 80, 95 % interval 8.0% to 24.7%" in verdict
    assert "p = 0.33" in verdict
    assert "Not significant" in verdict
    after = text[text.index(verdict) + len(verdict) :]
    assert after.startswith("\n    Re-planned at 15.0% it would take: Deals 134, Leads 1,334\n")


def test_120_of_800_is_significant_and_the_revision_is_there_to_paste(company: Path) -> None:
    answer = review(company, "many")
    rate = assumption(answer, "deal_to_order_rate")
    assert rate["p_value"] < 0.001
    assert rate["significant"] is True
    assert "      deal_to_order_rate: {assume: 15%}\n" in answer["revision"]
    assert "  - from: 2026-11-01\n" in answer["revision"]
    text = printed(company, "review", "many")
    assert "The difference is significant" in text
    assert answer["revision"] in text


def test_the_pasted_revision_passes_the_check_and_so_does_one_below_it(company: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(company, tmp_path / "company", symlinks=True))
    path = root / "kpi_definitions" / "goals" / "many.yml"
    path.write_text(path.read_text(encoding="utf-8") + review(root, "many")["revision"], encoding="utf-8")
    assert "fine" in printed(root, "check")
    second = review(root, "many")["revision"]
    assert second.startswith("  - from: 2026-11-01\n")
    later = second.replace("2026-11-01", "2026-12-01")
    path.write_text(path.read_text(encoding="utf-8") + later, encoding="utf-8")
    assert "fine" in printed(root, "check")


def test_what_moved_is_explained_by_the_leaves_of_the_tree(company: Path) -> None:
    moved = review(company, "many", "--cadence", "quarterly")["moved"]
    assert (moved["grain"], moved["start"], moved["end"]) == ("quarter", "2026-07-01", "2026-09-30")
    values = {one["node"]: one["value"] for one in moved["nodes"]}
    assert values["revenue"] == values["orders_won"] * 2_000_000
    why = moved["why"]
    parts = sum(one["contribution"] for one in why["drivers"]) + why["residual"]
    assert parts == pytest.approx(why["change"])
    assert review(company, "many", "--cadence", "weekly")["moved"]["end"] == "2026-10-25"


def test_targets_that_every_month_or_none_met_are_named(company: Path) -> None:
    few = {one["node"]: one for one in review(company, "few")["targets"]}
    assert "revenue" not in few
    assert (few["deals"]["record"], few["deals"]["periods"]) == ("never_missed", 7)
    assert few["deals"]["proposed"] == few["deals"]["each"] * 12
    many = {one["node"]: one["record"] for one in review(company, "many")["targets"]}
    assert many["revenue"] == "never_missed"
    assert many["deal_to_order_rate"] == "never_met"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fwe",), "did you mean 'few'?"),
        (("few", "--decide", "  "), "in words"),
        (("few", "--by", "Sato"), "--decide"),
    ],
)
def test_a_slip_is_answered_with_what_to_do(company: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ShirubeError, match=re.escape(message)) as refused:
        printed(company, "review", *arguments)
    assert refused.value.exit_code == 2


def test_a_goal_that_was_changed_since_the_publication_is_not_reviewed(company: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(company, tmp_path / "company", symlinks=True))
    path = root / "kpi_definitions" / "goals" / "few.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("40_000_000", "50_000_000"), encoding="utf-8")
    with pytest.raises(ShirubeError, match="run first: kpi run") as refused:
        printed(root, "review", "few")
    assert refused.value.exit_code == 2


@pytest.mark.slow
def test_a_recorded_review_survives_the_next_night_and_a_deleted_warehouse(company: Path) -> None:
    first = review(company, "few", "--decide", "もっと商談を", "--by", "営業会議")
    assert first["previous"] is None
    second = review(company, "few", "--decide", "価格を見直す")
    assert second["previous"]["decided"] == "もっと商談を"
    shutil.rmtree(company / ".kpi")
    run_project(company)
    rows = pd.read_parquet(company / "outputs" / "current" / "goal_reviews.parquet")
    assert rows.sort_values("recorded_at")["decided"].tolist() == ["もっと商談を", "価格を見直す"]
    assert json.loads(rows["findings"].iloc[0])["goal"] == "few"
    assert "価格を見直す" in printed(company, "review", "few")
