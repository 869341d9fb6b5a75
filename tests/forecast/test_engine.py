"""The remainder of a period: calibrated, causal, and never raising."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.forecast.days import days_of_kinds
from dagster_project.forecast.engine import Engine, fan, forecast_remainder, probability, quantiles

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def weekdays(count):
    return np.arange(count) % 7


def test_the_80_percent_interval_holds_about_80_percent_of_the_outcomes(make_series):
    inside, outside_95, cases = 0, 0, 0
    for seed in range(40):
        values = make_series(seed, 900)
        engine = Engine(values, days_of_kinds(weekdays(900)))
        for cut, horizon in ((500, 15), (600, 30), (700, 45), (850, 20)):
            remainder = engine.remainder(cut, horizon)
            low, p10, _, p90, high = quantiles(remainder, LEVELS)
            outcome = values[cut : cut + horizon].sum()
            inside += p10 <= outcome <= p90
            outside_95 += not low <= outcome <= high
            cases += 1
    assert 0.72 <= inside / cases <= 0.90
    assert outside_95 / cases <= 0.10


def test_a_stated_probability_comes_true_as_often_as_it_says(make_series):
    stated, came = [], []
    for seed in range(60):
        values = make_series(100 + seed, 700)
        engine = Engine(values, days_of_kinds(weekdays(700)))
        for cut, horizon in ((420, 20), (520, 30), (640, 25)):
            remainder = engine.remainder(cut, horizon)
            before = values[cut - horizon : cut].sum()
            for factor in (0.9, 1.0, 1.1):
                stated.append(probability(remainder, before * factor))
                came.append(values[cut : cut + horizon].sum() >= before * factor)
    stated, came = np.array(stated), np.array(came, dtype=float)
    for low, high in ((0.0, 0.25), (0.25, 0.75), (0.75, 1.0)):
        chosen = (stated >= low) & (stated <= high)
        assert chosen.sum() > 50
        assert abs(stated[chosen].mean() - came[chosen].mean()) < 0.1
    assert np.mean((stated - came) ** 2) < 0.7 * came.mean() * (1 - came.mean())


@pytest.mark.parametrize("origin", [90, 350, 791])
def test_a_replayed_day_knows_nothing_of_what_came_after_it(make_series, origin):
    values, horizon = make_series(1, 900), 30
    values[200:230] = np.nan
    later = values.copy()
    later[origin:] = 1e6
    days = days_of_kinds(weekdays(930))
    found = [Engine(series, days).remainder(origin, horizon).samples for series in (values, later)]
    alone = forecast_remainder(values[:origin], weekdays(origin + horizon), horizon).samples
    assert np.allclose(found[0], alone, rtol=1e-9)
    assert np.allclose(found[1], alone, rtol=1e-9)


def test_the_same_history_gives_the_same_forecast(make_series):
    one, other = (forecast_remainder(make_series(1, 400), weekdays(430), 30) for _ in range(2))
    assert np.array_equal(one.samples, other.samples)
    assert one.weights == other.weights


def test_the_weekly_profile_is_followed():
    week = np.array([10.0, 10, 10, 10, 10, 0, 0])
    noise = np.random.default_rng(0).normal(0, 0.1, 371)
    values = np.tile(week, 53) + np.where(np.tile(week, 53) > 0, noise, 0)
    ends_on_friday, weekend = 369, 2
    remainder = forecast_remainder(values[:ends_on_friday], weekdays(371), weekend)
    assert quantiles(remainder, (0.5,))[0] == pytest.approx(0, abs=1.5)
    monday = forecast_remainder(values, weekdays(372), 1)
    assert quantiles(monday, (0.5,))[0] == pytest.approx(10, rel=0.1)


def test_a_closed_weekday_counts_as_one():
    kinds = weekdays(400)
    closed = np.arange(400) % 20 == 3
    kinds = np.where(closed & (kinds < 5), 7, kinds)
    values = np.where(kinds == 7, 0.0, 100.0) + np.random.default_rng(0).normal(0, 1, 400)
    open_day = forecast_remainder(values[:399], np.append(kinds[:399], 2), 1)
    closed_day = forecast_remainder(values[:399], np.append(kinds[:399], 7), 1)
    assert quantiles(open_day, (0.5,))[0] > 90
    assert quantiles(closed_day, (0.5,))[0] < 15


NAN = float("nan")
DEGENERATE = {
    "empty": [],
    "all unknown": [NAN] * 100,
    "one day": [5.0],
    "a week": [1.0, 2, 3, 4, 5, 6, 7],
    "constant": [7.0] * 200,
    "all zero": [0.0] * 200,
    "intermittent": ([0.0] * 9 + [50.0]) * 30,
    "negative": list(np.random.default_rng(0).normal(-50, 10, 300)),
    "around zero": list(np.random.default_rng(0).normal(0, 10, 300)),
    "huge": [1e300, 2e300] * 100,
    "infinite": [float("inf"), 1.0] * 100,
    "half unknown": [NAN, 3.0] * 150,
    "an outlier": [10.0] * 150 + [1e9] + [10.0] * 50,
    "unknown since long": [5.0, 6.0] * 100 + [NAN] * 1000,
    "began late": [NAN] * 300 + [5.0, 6.0, 7.0] * 30,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("horizon", [0, 1, 30, 365])
@pytest.mark.parametrize("name", DEGENERATE)
def test_no_history_raises_and_quantiles_are_ordered(name, horizon):
    values = np.array(DEGENERATE[name], dtype=float)
    remainder = forecast_remainder(values, weekdays(len(values) + horizon), horizon)
    found = quantiles(remainder, LEVELS)
    if found is None:
        assert probability(remainder, 1.0) is None
        return
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert 0.005 <= probability(remainder, 1.0) <= 0.995


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("empty", "short_history"),
        ("all unknown", "short_history"),
        ("a week", "short_history"),
        ("constant", "constant"),
        ("all zero", "constant"),
        ("intermittent", "intermittent"),
        ("half unknown", "constant"),
        ("negative", "ok"),
    ],
)
def test_an_unusual_history_is_named(name, status):
    values = np.array(DEGENERATE[name], dtype=float)
    assert forecast_remainder(values, weekdays(len(values) + 10), 10).status == status


def test_a_year_ahead_of_one_year_is_a_short_history_and_wider(make_series):
    values = make_series(3, 400)
    month = forecast_remainder(values, weekdays(430), 30)
    year = forecast_remainder(values, weekdays(765), 365)
    assert (month.status, year.status) == ("ok", "short_history")
    spread = [np.ptp(quantiles(r, (0.1, 0.9))) / quantiles(r, (0.5,))[0] for r in (month, year)]
    assert spread[1] > spread[0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.floats(0, 1e6), st.just(NAN)), max_size=150),
    st.integers(1, 60),
    st.integers(0, 6),
)
def test_paths_end_on_the_quantiles_and_never_cross(values, horizon, first_weekday):
    kinds = (np.arange(len(values) + horizon) + first_weekday) % 7
    remainder = forecast_remainder(np.array(values), kinds, horizon)
    paths = fan(remainder, (0.1, 0.5, 0.9))
    last = quantiles(remainder, (0.1, 0.5, 0.9))
    if last is None:
        assert paths is None
        return
    size = 1e-9 * max(1.0, abs(last).max())
    assert np.abs(paths[:, -1] - last).max() <= size
    assert (np.diff(paths, axis=0) >= -size).all()
    assert (np.diff(paths, axis=1) >= -size).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 1e6), min_size=60, max_size=150), st.floats(0, 1e8), st.floats(0, 1e8))
def test_a_higher_target_is_never_more_likely(values, one, other):
    remainder = forecast_remainder(np.array(values), weekdays(len(values) + 14), 14)
    low, high = sorted((one, other))
    assert probability(remainder, low) >= probability(remainder, high)
    assert probability(remainder, low, at_most=True) <= probability(remainder, high, at_most=True)
