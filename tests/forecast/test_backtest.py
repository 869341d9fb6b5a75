"""The replay of past origins, its scores, and the figures that must not get worse."""

import os
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast.backtest import (
    CHANCES,
    FACTORS,
    Replayed,
    Series,
    brier_skill,
    calibration_error,
    chosen,
    reliability,
    replay_series,
    score,
)
from dagster_project.forecast.backtest_main import main
from dagster_project.forecast.backtest_series import daily_series, half, short_series, synthetic_series
from dagster_project.forecast.days import days_of_kinds

DATA = Path(os.environ.get("KPI_TEST_DATA", "../shared/data"))
needs_series = pytest.mark.skipif(
    not (DATA / "daily_series" / "series.parquet").is_file(),
    reason=f"no real series in {DATA} (set KPI_TEST_DATA)",
)
PINNED = {
    "bike_rides/001",
    "cash_withdrawals/001",
    "footfall/001",
    "page_views/001",
    "store_transactions/001",
}


@needs_series
def test_real_series_are_forecast_as_well_as_they_were():
    scores = score(replay_series(one for one in daily_series(DATA) if one.name in PINNED))
    assert scores.tasks > 450
    assert scores.error < 0.93
    assert 0.75 < scores.inside_80 < 0.85
    assert 0.93 < scores.inside_95 < 0.98
    assert scores.skill > 0.68
    assert scores.calibration < 0.02


def test_made_up_series_are_forecast_as_well_as_they_were():
    scores = score(replay_series(one for one in synthetic_series() if one.name.endswith("/0")))
    assert scores.tasks == 960
    assert scores.error < 0.73
    assert 0.77 < scores.inside_80 < 0.86
    assert 0.93 < scores.inside_95 < 0.98
    assert scores.skill > 0.64
    assert scores.calibration < 0.025


@pytest.mark.skipif(not (DATA / "online_retail").is_dir(), reason=f"no real exports in {DATA}")
def test_under_a_year_of_history_is_forecast_with_a_wide_interval():
    replayed = replay_series(short_series(DATA), history=28)
    assert {"short_history", "ok"} <= set(replayed.forecasts["status"])
    assert score(replayed).inside_80 > 0.7


def test_made_up_series_are_the_same_every_time():
    one, other = (list(synthetic_series()) for _ in range(2))
    assert all(np.array_equal(a.values, b.values) for a, b in zip(one, other, strict=True))


def test_the_halves_are_fixed_by_the_name():
    assert [half(name) for name in ("cash_withdrawals/001", "bike_rides/001")] == ["choose", "report"]


def series(values, start=date(2023, 1, 1), bases=None):
    kinds = (start.weekday() + np.arange(len(values))) % 7
    return Series("set", "one", start, np.asarray(values, dtype=float), days_of_kinds(kinds), bases)


def test_origins_lie_in_months_and_quarters_with_a_year_before_them(make_series):
    tasks = replay_series([series(make_series(0, 730))]).forecasts
    months = tasks[tasks["grain"] == "month"]
    assert months["period_end"].min() == date(2024, 1, 31)
    assert len(months) == 3 * 11  # the series lacks the last day of December
    assert sorted(set(months[months["period_end"] == date(2024, 6, 30)]["horizon"])) == [8, 15, 22]
    quarters = tasks[tasks["grain"] == "quarter"]
    assert quarters["period_end"].min() == date(2024, 3, 31)


def test_targets_are_the_period_before_and_the_same_one_a_year_ago(make_series):
    replayed = replay_series([series(make_series(0, 800))])
    own = replayed.chances[(replayed.chances["grain"] == "month") & (replayed.chances["phase"] == 0.5)]
    assert set(own["against"]) == {"previous", "last year"}
    assert sorted(set(own["factor"])) == sorted(FACTORS)
    falling = own[own["against"] == "previous"].groupby((own["factor"] == 0.95).cumsum())["probability"]
    assert falling.apply(lambda chances: (chances.diff().dropna() <= 1e-12).all()).all()


def test_a_period_with_an_unknown_day_is_no_task(make_series):
    values = make_series(0, 800)
    whole = replay_series([series(values)]).forecasts
    values[500] = np.nan  # 15 May 2024
    holed = replay_series([series(values)]).forecasts
    gone = set(whole["period_end"]) - set(holed["period_end"])
    assert gone == {date(2024, 5, 31)}
    assert len(whole) - len(holed) == 6  # the month and its quarter


def test_a_rate_is_replayed_as_the_ratio_of_its_sums(make_series):
    bases = np.round(make_series(0, 800))
    replayed = replay_series([series(np.round(bases * 0.3), bases=bases)])
    assert replayed.forecasts["total"].between(0.29, 0.31).all()
    assert replayed.forecasts["p50"].between(0.28, 0.32).all()


def chances(*rows):
    named = [("set", "one", "month", 0.5, 10, "previous", 1.0, stated, came) for stated, came in rows]
    return pd.DataFrame(named, columns=CHANCES)


def test_skill_is_1_for_certainty_that_comes_true_and_0_for_the_usual_share():
    assert brier_skill(chances((1.0, 1.0), (0.0, 0.0))) == 1
    assert brier_skill(chances((0.5, 1.0), (0.5, 0.0))) == 0
    assert np.isnan(brier_skill(chances((0.5, 1.0))))


def test_calibration_is_the_distance_of_stated_from_come_true_by_bin():
    stated = chances(*[(0.75, 1.0)] * 3, (0.75, 0.0), (0.05, 0.0), (0.05, 1.0))
    assert calibration_error(stated) == pytest.approx((4 * 0.0 + 2 * 0.45) / 6)
    table = reliability(stated)
    assert table.loc[7].tolist() == [4, 0.75, 0.75]
    assert table["tasks"].sum() == 6


def test_what_is_chosen_is_chosen_from_both_tables(make_series):
    replayed = replay_series([series(make_series(0, 800))])
    part = chosen(replayed, grain="quarter", phase=[0.25, 0.5])
    assert set(part.forecasts["grain"]) == set(part.chances["grain"]) == {"quarter"}
    assert set(part.chances["phase"]) == {0.25, 0.5}
    assert score(Replayed(replayed.forecasts[:0], replayed.chances[:0])).tasks == 0


def test_fifty_series_of_three_years_take_less_than_a_minute(make_series):
    started = time.process_time()
    replay_series([series(make_series(seed, 1095)) for seed in range(5)])
    assert time.process_time() - started < 6


def test_the_command_says_where_it_looked(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert f"{tmp_path}" in capsys.readouterr().out
