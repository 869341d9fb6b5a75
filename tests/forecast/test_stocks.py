"""The level of a stock at a period's end, from the last level and past flows."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast.backtest import Series, replay_series, score
from dagster_project.forecast.days import days_of_kinds
from dagster_project.forecast.engine import quantiles_of
from dagster_project.forecast.stocks import StockEngine
from tests.forecast.conftest import AS_OF, days_through, goal

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
FIRST = date(2021, 4, 1)
SIZE = 1280
DATES = [FIRST + timedelta(days=i) for i in range(SIZE)]
IS_WEEKDAY = np.array([day.weekday() < 5 for day in DATES])
IS_LAST = np.array([(day + timedelta(days=1)).day == 1 for day in DATES])


def customers(random):
    """They come on weekdays and leave at the end of a month."""
    return 400.0 + np.cumsum(random.poisson(1.0 * IS_WEEKDAY)) - np.cumsum(IS_LAST * random.poisson(12, SIZE))


def recurring_revenue(random):
    """Contracts begin on the first of a month."""
    return 1e6 * np.exp(np.cumsum(np.roll(IS_LAST, 1) * random.normal(0.02, 0.01, SIZE)))


def wanderer(random):
    return 1000 * np.exp(np.cumsum(random.normal(0, 0.02, SIZE)))


def pipeline(random):
    """Deals of lognormal size that stay open for 50 days in the mean; more in summer."""
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(SIZE) / 365)
    level = np.zeros(SIZE)
    for day, count in enumerate(random.poisson(4 * IS_WEEKDAY * season)):
        for amount, life in zip(random.lognormal(11, 0.8, count), random.exponential(50, count), strict=True):
            level[day : day + int(life)] += amount
    return level


def series(make, seed):
    kinds = days_of_kinds(np.array([day.weekday() for day in DATES]))
    return Series("stocks", make.__name__, FIRST, make(np.random.default_rng(seed)), kinds, kind="stock")


@pytest.mark.parametrize(
    ("make", "error"), [(customers, 0.85), (recurring_revenue, 0.95), (wanderer, 1.2), (pipeline, 1.1)]
)
def test_intervals_hold_what_they_say_and_what_can_be_known_of_a_flow_is_used(make, error):
    """`error`: at most so much of that of saying that nothing changes."""
    found = score(replay_series([series(make, seed) for seed in range(2)]), middle_only=False)
    assert 0.70 <= found.inside_80 <= 0.95
    assert found.inside_95 >= 0.90
    assert found.error <= error
    assert found.skill > 0.2


@pytest.mark.parametrize("origin", [40, 450, 900])
def test_a_forecast_from_a_day_knows_nothing_of_later_ones(origin):
    levels = customers(np.random.default_rng(1))
    later = levels.copy()
    later[origin:] = 1e6
    one, other = (StockEngine(values, FIRST).flow(origin, 60).ends for values in (levels, later))
    assert np.array_equal(one, other)


def test_contracts_that_begin_on_the_first_are_expected_on_the_first():
    """A level that rises by 100 on the first of each month: from mid-month to its end nothing, then 100."""
    levels = 1000.0 + 100 * np.cumsum(np.roll(IS_LAST, 1))
    engine = StockEngine(levels, FIRST)
    origin = (date(2023, 9, 16) - FIRST).days  # knows the 15th
    now = levels[origin - 1]
    assert np.median(engine.flow(origin, 15).ends) == pytest.approx(now, abs=15)
    assert np.median(engine.flow(origin, 16).ends) == pytest.approx(now + 100, abs=15)


NAN = float("nan")
POOR = {
    "nothing": [],
    "all unknown": [NAN] * 90,
    "one day": [5.0],
    "constant": [7.0] * 200,
    "zero": [0.0] * 200,
    "holes": [*([3.0, NAN, 9.0] * 60), NAN, NAN],
    "one step": [1.0] * 150 + [2.0] * 50,
    "huge": list(np.linspace(1e290, 2e290, 200)),
    "negative": list(-np.arange(200.0)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("horizon", [0, 1, 40, 400])
@pytest.mark.parametrize("name", POOR)
def test_no_history_of_a_stock_raises_and_quantiles_are_ordered(name, horizon):
    levels = np.array(POOR[name], dtype=float)
    found = quantiles_of(StockEngine(levels, FIRST).flow(len(levels), horizon).ends, LEVELS)
    if found is None:
        assert name in ("nothing", "all unknown")
        return
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert name == "negative" or found[0] >= 0


def levels_through(as_of, seed=4):
    random = np.random.default_rng(seed)
    size = days_through(as_of)
    return 200.0 + np.cumsum(random.poisson(1.5, size)) - np.cumsum(random.poisson(1.0, size))


def test_a_stock_is_forecast_from_its_last_level_and_never_decided_before_the_end(night):
    levels = levels_through(AS_OF)
    target = levels[-1] + 3
    tables = night(goal("customers", target), kpi="customers", values=levels)
    row = tables.kgi_forecast.iloc[0]
    assert (row["method"], row["status"], row["actual"]) == ("stock_conformal", "ok", levels[-1])
    assert row["p025"] < row["p10"] < levels[-1] + 5.5 < row["p90"] < row["p975"]
    assert 0.5 < row["probability"] <= 0.995
    path = tables.kgi_forecast_path.set_index("date")
    assert path.loc[AS_OF, ["p10", "p50", "p90"]].tolist() == [levels[-1]] * 3
    last = path.loc[date(2026, 5, 31)]
    assert [last["p10"], last["p50"], last["p90"]] == pytest.approx([row["p10"], row["p50"], row["p90"]])
    reached = night(goal("customers", 100), kpi="customers", values=levels).kgi_forecast.iloc[0]
    assert reached["probability"] == 0.995


def test_a_stock_is_decided_by_the_level_of_the_last_day(night):
    as_of = date(2026, 6, 2)
    levels = levels_through(as_of)
    at_end = levels[days_through(date(2026, 5, 31)) - 1]
    for target, probability in ((at_end, 1.0), (at_end + 1, 0.0)):
        text = goal("customers", target)
        row = night(text, kpi="customers", values=levels, as_of=as_of).kgi_forecast.iloc[0]
        assert (row["status"], row["probability"], row["p50"]) == ("decided", probability, at_end)


def test_the_mean_level_of_a_period_is_forecast_from_its_days(night):
    levels = levels_through(AS_OF)
    row = night(goal("usual_customers", 300), kpi="usual_customers", values=levels).kgi_forecast.iloc[0]
    inside = levels[days_through(date(2026, 4, 30)) :]
    assert row["actual"] == pytest.approx(inside.mean())
    assert row["p025"] < row["p50"] < row["p975"]
    assert row["p50"] == pytest.approx((inside.sum() + 11 * (levels[-1] + 3)) / 31, rel=0.02)


@pytest.mark.parametrize("values", [[], [None] * 505, [3.0] * 10])
def test_a_stock_with_a_poor_history_yields_rows(night, values):
    row = night(goal("customers", 5), kpi="customers", values=values).kgi_forecast.iloc[0]
    assert row["status"] in ("stale_data", "short_history")
    assert pd.isna(row["p50"]) == (row["history_days"] == 0)
