"""Days that left their usual course, and days that only have their weekday."""

from datetime import date, timedelta

import numpy as np
import pytest

from dagster_project.forecast.control_chart import signals

START = date(2026, 1, 5)  # a Monday
WEEK = np.array([1.2, 1.1, 1.0, 1.1, 1.3, 0.5, 0.4])


def usual(days=120, seed=1, noise=0.05, week=WEEK):
    random = np.random.default_rng(seed)
    return 100 * week[np.arange(days) % 7] * (1 + random.normal(0, noise, days))


def settled(values):
    return np.zeros(len(values), dtype=bool)


def found(values, provisional=None):
    return signals(START, values, settled(values) if provisional is None else provisional)


def test_a_strong_weekly_rhythm_is_no_signal():
    false = sum(len(found(usual(seed=seed))) for seed in range(20))
    assert false <= 0.03 * 20 * 28


def test_a_sunday_with_a_mondays_value_is_beyond_its_limits():
    values = usual()
    sunday = len(values) - 1 - (len(values) - 1 - 6) % 7
    values[sunday] = 100
    signal = found(values)[-1]
    assert (signal.date, signal.rule) == (START + timedelta(days=sunday), "beyond_limits")
    assert signal.value == 100
    assert signal.high < 60
    assert signal.usual == pytest.approx(40, rel=0.15)


def test_eight_days_on_one_side_are_a_run_and_seven_are_none():
    base = usual(noise=0.05)
    flat = 100 * WEEK[np.arange(120) % 7]
    for length, rules in ((7, []), (8, ["run_of_8"]), (9, ["run_of_8", "run_of_8"])):
        values = base.copy()
        values[92:] = flat[92:] * np.where(np.arange(28) % 2, 1.01, 0.99)
        values[-length:] = flat[-length:] * 1.06
        values[-length - 1] = flat[-length - 1] * 0.98
        assert [signal.rule for signal in found(values)] == rules


def test_a_provisional_day_and_an_unknown_one_say_nothing_and_break_no_run():
    values = usual()
    values[-1] = 1000
    provisional = settled(values)
    provisional[-1] = True
    assert not [signal for signal in found(values, provisional) if signal.value == 1000]
    values[-1] = np.nan
    assert all(np.isfinite(signal.value) for signal in found(values))


def test_closed_days_are_no_signal():
    values = usual(week=np.array([1.0, 1, 1, 1, 1, 0, 0]), noise=0.1)
    weekend = np.arange(len(values)) % 7 > 4
    assert not [s for s in found(values) if weekend[(s.date - START).days]]


@pytest.mark.parametrize("values", [[], [5.0] * 20, [5.0] * 200, [np.nan] * 200])
def test_nothing_is_said_of_a_short_or_constant_series(values):
    assert found(np.array(values, dtype=float)) == ()
