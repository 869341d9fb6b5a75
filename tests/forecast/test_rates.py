"""The end of a rate: numerator and denominator together, and few counts without false certainty."""

import numpy as np
import pytest

from dagster_project.forecast.days import days_of_kinds
from dagster_project.forecast.engine import chance, quantiles_of
from dagster_project.forecast.rates import RateEngine

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def company(seed, days, deals=20.0, rate=0.2):
    """Deals a day and how many of them are won, at a rate that wanders."""
    random = np.random.default_rng(seed)
    level = deals * np.exp(np.cumsum(random.normal(0, 0.01, days)))
    bottoms = random.poisson(level).astype(float)
    rates = np.clip(rate * np.exp(np.cumsum(random.normal(0, 0.006, days))), 0.001, 0.9)
    return random.binomial(bottoms.astype(int), rates).astype(float), bottoms


def kinds(days):
    return days_of_kinds(np.arange(days) % 7)


@pytest.mark.parametrize(("deals", "method"), [(100.0, "rate_conformal"), (0.7, "beta_posterior")])
def test_the_80_percent_interval_of_a_rate_holds_about_80_percent(deals, method):
    inside, cases, methods = 0, 0, set()
    for seed in range(25):
        tops, bottoms = company(seed, 720, deals)
        engine = RateEngine(tops, bottoms, kinds(720))
        for first in (400, 500, 600, 690):
            origin, end = first + 15, first + 30
            remainder = engine.remainder(origin, 15)
            ends = remainder.ends(tops[first:origin].sum(), bottoms[first:origin].sum(), 1.0)
            _, p10, _, p90, _ = quantiles_of(ends, LEVELS)
            inside += p10 <= tops[first:end].sum() / bottoms[first:end].sum() <= p90
            cases += 1
            methods.add(remainder.method)
    assert 0.70 <= inside / cases <= 0.90
    assert method in methods


def test_a_rate_known_from_few_days_is_drawn_from_its_posterior():
    tops, bottoms = np.array([0.0, 1, 0, 0, 0, 1, 0, 0]), np.full(8, 3.0)
    remainder = RateEngine(tops, bottoms, kinds(30)).remainder(8, 22)
    assert (remainder.method, remainder.status) == ("beta_posterior", "short_history")
    ends = remainder.ends(2.0, 24.0, 1.0)
    low, _, middle, _, high = quantiles_of(ends, LEVELS)
    assert low < 0.06
    assert 0.05 < middle < 0.16
    assert high > 0.16
    assert 0.01 < chance(ends, 0.2, np.inf) < 0.3


def test_the_rate_of_few_events_is_neither_too_high_nor_too_low():
    stated = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        bottoms = random.poisson(0.6, 700).astype(float)
        tops = random.binomial(bottoms.astype(int), 0.15).astype(float)
        remainder = RateEngine(tops, bottoms, kinds(730)).remainder(700, 30)
        assert remainder.method == "beta_posterior"
        stated.append(remainder.tops.sum() / remainder.bottoms.sum())
    assert np.mean(stated) == pytest.approx(0.15, abs=0.015)


def test_no_success_so_far_is_not_taken_for_none_ever():
    tops, bottoms = np.zeros(100), np.full(100, 1.0)
    remainder = RateEngine(tops, bottoms, kinds(150)).remainder(100, 50)
    assert chance(remainder.ends(0.0, 20.0, 1.0), 1e-9, np.inf) > 0.05


def test_days_on_which_more_is_closed_raise_the_rate_of_what_is_to_come():
    """Wins gather at the end of a week, deals come evenly: the rate to date is no forecast."""
    bottoms = np.full(600, 40.0)
    week = np.array([0.05, 0.05, 0.05, 0.05, 0.8, 0.0, 0.0])
    tops = np.random.default_rng(0).binomial(40, week[np.arange(600) % 7]).astype(float)
    remainder = RateEngine(tops[:599], bottoms[:599], kinds(602)).remainder(599, 2)  # a Friday is to come
    evenly = tops[:599].sum() / bottoms[:599].sum()
    assert np.median(remainder.tops / remainder.bottoms) > 1.5 * evenly


def test_a_rate_forecast_from_a_day_knows_nothing_of_later_ones():
    tops, bottoms = company(3, 700)
    later_tops, later_bottoms = tops.copy(), bottoms.copy()
    later_tops[450:], later_bottoms[450:] = 999, 1
    found = [
        RateEngine(top, bottom, kinds(700)).remainder(450, 20).ends(10.0, 50.0, 1.0)
        for top, bottom in ((tops, bottoms), (later_tops, later_bottoms))
    ]
    assert np.array_equal(found[0], found[1])


NAN = float("nan")
POOR = {
    "nothing": ([], []),
    "all unknown": ([NAN] * 90, [NAN] * 90),
    "no denominator": ([0.0] * 90, [0.0] * 90),
    "constant": ([2.0] * 90, [10.0] * 90),
    "numerator without denominator": ([5.0] * 200, [0.0] * 100 + [1.0] * 100),
    "above one": (list(np.arange(200) % 9 + 50.0), list(np.arange(200) % 5 + 1.0)),
    "huge": ([1e290, 2e290] * 60, [1e288, 1e288] * 60),
    "negative": (list(np.random.default_rng(0).normal(0, 5, 200)), [10.0] * 200),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("horizon", [0, 1, 40, 300])
@pytest.mark.parametrize("name", POOR)
def test_no_history_of_a_rate_raises_and_quantiles_are_ordered(name, horizon):
    tops, bottoms = (np.array(side, dtype=float) for side in POOR[name])
    remainder = RateEngine(tops, bottoms, kinds(len(tops) + horizon)).remainder(len(tops), horizon)
    found = quantiles_of(remainder.ends(0.0, 0.0, 1.0), LEVELS)
    assert found is None or (np.isfinite(found).all() and (np.diff(found) >= 0).all())
