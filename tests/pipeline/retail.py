"""The shop of order lines as a company to give nights, its daily files arriving as a test likes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tests.conftest import copy_of_project
from tests.faults.company import Company, assert_same, tables
from tests.pipeline.answers import Published, answers, wrong_values

# What a night leaves of itself, by design: a company with other nights has other rows.
OF_NIGHTS = (
    "restatements",
    "kgi_forecast",
    "kgi_forecast_path",
    "forecast_accuracy",
    "alerts",
    "goal_reviews",
    "pipeline_runs",
    "source_freshness",
    "publication",
)
KPIS = {"rows": "invoice_lines_all"}
DIMENSIONS = {"Country": "country"}


def daily_files(data: Path) -> list[Path]:
    """The shop's 219 exports, oldest first."""
    return sorted((data / "by-day").glob("*.csv"))


def open_shop(root: Path) -> Company:
    """The shop before its first export."""
    return Company(copy_of_project("online_retail", root))


def arrive(shop: Company, files: Iterable[Path]) -> None:
    for file in files:
        shop.write(f"by-day/{file.name}", file.read_bytes())


def nightly(root: Path, files: list[Path], nights: int) -> dict[str, pd.DataFrame]:
    """The tables of a shop that is given all but the last `nights` files at once, then one a night."""
    shop = open_shop(root)
    arrive(shop, files[:-nights])
    shop.night()
    for file in files[-nights:]:
        arrive(shop, [file])
        shop.night()
        assert shop.published("publication").as_of[0].isoformat() == file.stem
    return tables(shop.project.current)


def assert_built_alike(ours: dict[str, pd.DataFrame], theirs: dict[str, pd.DataFrame]) -> None:
    """Every table is the same, but for those that tell of nights."""
    assert_same(ours, theirs, *OF_NIGHTS)


def assert_true_values(root: Path, data: Path) -> None:
    """Every answer that was computed elsewhere comes out."""
    theirs = list(answers(data, KPIS, DIMENSIONS))
    assert len(theirs) == 2804
    assert not wrong_values(Published.of(root).values(), theirs)
