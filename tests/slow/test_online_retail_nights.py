"""A shop's 219 daily files as nights and all at once, in order and in none, right away and only after
corrections: the same tables."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.faults.company import Company, tables
from tests.pipeline.retail import (
    arrive,
    assert_built_alike,
    assert_true_values,
    daily_files,
    nightly,
    open_shop,
)

pytestmark = pytest.mark.slow

LAST_DAY = "2011-08-31"
SEED = 20110831


@pytest.fixture(scope="module")
def data(real_data: Callable[[str], Path]) -> Path:
    return real_data("online_retail")


@pytest.fixture(scope="module")
def built(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The shop after one night that was given all files at once."""
    shop = open_shop(tmp_path_factory.mktemp("built") / "shop")
    arrive(shop, daily_files(data))
    shop.night()
    return shop


def days_by_status(shop: Company) -> dict[str, set[str]]:
    """data_status → days on which the gross sales have it."""
    rows = shop.published("kpi_daily")
    rows = rows[(rows.kpi == "gross_sales") & (rows.dimension == "total")]
    return {status: set(days.date.astype(str)) for status, days in rows.groupby("data_status")}


def test_the_last_forty_files_as_nights_end_where_all_files_at_once_do(
    built: Company, data: Path, tmp_path: Path
) -> None:
    by_nights = nightly(tmp_path / "shop", daily_files(data), nights=40)
    assert_true_values(tmp_path / "shop", data)
    assert_built_alike(by_nights, tables(built.project.current))


def test_a_day_without_a_file_is_missing_where_nobody_declared_it_closed(
    built: Company, data: Path, tmp_path: Path
) -> None:
    files = {file.stem for file in daily_files(data)}
    closed = days_by_status(built)["closed"]
    assert len(closed) == 55
    assert not closed & files
    shop = open_shop(tmp_path / "shop")
    shop.define("sources/shop.yml", lambda text: text.replace("    no_file: zero_when_closed", "    #"))
    arrive(shop, daily_files(data))
    shop.night()
    assert days_by_status(shop) == {"missing": closed, "final": files}
    rows = shop.published("kpi_daily")
    assert rows[rows.data_status == "missing"].value.isna().all()


def without_prices(file: Path) -> bytes:
    """The export without a column that the source requires."""
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    content: str = rows.drop(columns="UnitPrice").to_csv(index=False)
    return content.encode()


def without_half(file: Path) -> bytes:
    """The export before its afternoon: whole lines, so that nobody can tell."""
    lines = file.read_bytes().splitlines(keepends=True)
    return b"".join(lines[: 1 + len(lines) // 2])


def test_files_that_come_corrected_twice_late_and_in_any_order_end_where_they_do_at_once(
    built: Company, data: Path, tmp_path: Path
) -> None:
    files = daily_files(data)
    chance = random.Random(SEED)
    special = chance.sample(files[:-1], 9)
    wrong, broken, again = special[:3], special[3:6], special[6:]
    shuffled = chance.sample(files, len(files))
    shop = open_shop(tmp_path / "shop")

    # first a part in any order, three of them wrong and three without a column
    first = [*wrong, *broken, *again, files[-1]]
    arrive(shop, [*shuffled[:100], *first])
    for file in wrong:
        shop.write(f"by-day/{file.name}", without_half(file))
    for file in broken:
        shop.write(f"by-day/{file.name}", without_prices(file))
    shop.night()
    status = days_by_status(shop)
    assert status["held"] == {file.stem for file in broken}
    rows = shop.published("kpi_daily")
    assert rows[rows.data_status == "held"].value.isna().all()
    absent = {file.stem for file in files} - {file.stem for file in [*shuffled[:100], *first]}
    assert absent <= status["missing"] | status["closed"]

    # then what is late, and files that were there, under their own names and under others
    arrive(shop, [*shuffled[100:160], *again])
    for file in again:
        shop.write(f"by-day/{file.stem} (1).csv", file.read_bytes())
    for file in (*wrong, *broken):
        (shop.root / "data" / "by-day" / file.name).unlink(missing_ok=True)
    shop.night()
    assert days_by_status(shop)["held"] == {file.stem for file in broken}

    # then the rest, and the corrections; one good file is replaced by a wrong one, and comes back at last
    arrive(shop, [*shuffled[160:], *wrong, *broken])
    shop.write(f"by-day/{again[0].name}", without_half(again[0]))
    night = shop.night()
    assert shop.published("publication").as_of[0].isoformat() == LAST_DAY
    restated = shop.published("restatements")
    of_the_day = restated[(restated.date.astype(str) == again[0].stem) & (restated.night == night)]
    assert {Path(name).name for name in of_the_day.cause_file} == {again[0].name}
    arrive(shop, [again[0]])
    shop.night()
    assert_true_values(shop.root, data)
    assert_built_alike(tables(shop.project.current), tables(built.project.current))

    # the exports are gone from the data folder, and nothing is the worse for it
    shutil.rmtree(shop.root / "data" / "by-day")
    answer = shop.kpi("run", "--json", "--full-refresh")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["as_of"] == LAST_DAY
    assert_built_alike(tables(shop.project.current), tables(built.project.current))
