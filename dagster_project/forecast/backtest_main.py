"""The committed backtest: `python -m dagster_project.forecast.backtest_main [DATA]`.

DATA is the folder that holds daily_series/ (default: KPI_TEST_DATA, else ../shared/data).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dagster_project.forecast.backtest import (
    Replayed,
    Scores,
    Series,
    chosen,
    reliability,
    replay_series,
    score,
)
from dagster_project.forecast.backtest_series import daily_series, half, short_series, synthetic_series

INTERMITTENT = ("item_sales",)  # reported apart
HEAD = f"{'':34}{'tasks':>7}{'error':>8}{'80 %':>8}{'95 %':>8}{'skill':>8}{'calib.':>8}"


def main(arguments: list[str]) -> int:
    data = Path(arguments[0] if arguments else os.environ.get("KPI_TEST_DATA", "../shared/data"))
    if not (data / "daily_series" / "series.parquet").is_file():
        print(
            f"no real series: {data / 'daily_series' / 'series.parquet'} (name the folder, or KPI_TEST_DATA)"
        )
        return 2
    started = time.perf_counter()
    real = list(daily_series(data))
    replayed = replay_series(real)
    took = time.perf_counter() - started
    for which, title in (("choose", "Half that the constants were chosen on"), ("report", "Held-out half")):
        names = {series.name for series in real if half(series.name) == which}
        print_table(title, chosen(replayed, series=names))
    print_table("All real series", replayed)
    print(f"\n{len(replayed.forecasts)} origins of {len(real)} series in {took:.1f} s")
    print_simple("Under a year of history (from four weeks on)", list(short_series(data)), history=28)
    print_simple("Made-up series", list(synthetic_series()))
    print(f"\n{time.perf_counter() - started:.1f} s in all")
    return 0


def print_table(title: str, replayed: Replayed) -> None:
    """Per data set and pooled, months and quarters; intermittent sets apart; the reliability table."""
    sets = sorted(set(replayed.forecasts["set"]))
    regular = [name for name in sets if name not in INTERMITTENT]
    print(f"\n{title}\n{HEAD}")
    for name in regular:
        _print(name, score(chosen(replayed, set=name)))
    pooled = chosen(replayed, set=regular)
    for grain in ("month", "quarter"):
        _print(f"pooled, {grain}s", score(chosen(pooled, grain=grain)))
    _print("pooled", score(pooled))
    for name in INTERMITTENT:
        if name in sets:
            _print(f"{name} (intermittent)", score(chosen(replayed, set=name)))
    print_reliability(pooled.chances)


def print_simple(title: str, series: Iterable[Series], history: int = 365) -> None:
    replayed = replay_series(series, history=history)
    if replayed.forecasts.empty:
        return
    print(f"\n{title}\n{HEAD}")
    for name in sorted(set(replayed.forecasts["set"])):
        _print(name, score(chosen(replayed, set=name)))
    _print("pooled", score(replayed))
    counts = replayed.forecasts["status"].value_counts()
    print("status: " + ", ".join(f"{status} {count}" for status, count in counts.items()))


def print_reliability(chances: pd.DataFrame) -> None:
    table = reliability(chances)
    print("stated  " + "".join(f"{value:8.3f}" for value in table["stated"]))
    print("came    " + "".join(f"{value:8.3f}" for value in table["came"]))
    print("tasks   " + "".join(f"{value:8d}" for value in table["tasks"]))


def _print(name: str, scores: Scores) -> None:
    print(
        f"{name:34}{scores.tasks:7d}{scores.error:8.3f}{scores.inside_80:8.1%}{scores.inside_95:8.1%}"
        f"{scores.skill:8.3f}{scores.calibration:8.3f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
