"""What is known of a day before it comes."""

from datetime import date, timedelta

import numpy as np
import pytest

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.forecast.days import days_of, days_of_kinds
from dagster_project.forecast.shares import learn_shares
from dagster_project.kpi.model import CalendarRules

START = date(2024, 4, 1)
DAYS = 900


def calendar(**rules):
    return BusinessCalendar(CalendarRules(**rules))


def shares_of(values, days):
    learned = learn_shares(values, days)
    return learned.shares[-1]


def series(effect, seed=0, noise=0.15):
    dates = [START + timedelta(days=i) for i in range(DAYS)]
    random = np.random.default_rng(seed)
    return np.array([100 * effect(day) for day in dates]) * np.exp(random.normal(0, noise, DAYS)), dates


def pay_day(day):
    """The 25th of its month, or the last business day before it."""
    found = day.replace(day=25)
    while not calendar().is_business_day(found):
        found -= timedelta(days=1)
    return found


def is_tenth(day):
    """A business day that is a 5th, 10th, ..., or a month's last day, or the last one before such."""
    if not calendar().is_business_day(day):
        return False
    following = day + timedelta(days=1)
    while not calendar().is_business_day(following):
        if following.day in (5, 10, 15, 20, 25) or is_last(following):
            return True
        following += timedelta(days=1)
    return day.day in (5, 10, 15, 20, 25) or is_last(day)


def is_last(day):
    return (day + timedelta(days=1)).day == 1


def test_every_day_has_one_weekday_and_a_closed_day_its_holiday():
    days = days_of(calendar(), date(2026, 4, 27), date(2026, 5, 10))
    assert (days.design[:, :7].sum(axis=1) == 1).all()
    assert days.usual[:7].tolist() == [1] * 7
    assert set(np.unique(days.design)) <= {0.0, 1.0}
    same = days_of(calendar(holidays=None), date(2026, 4, 27), date(2026, 5, 10))
    assert days.design[:, 7:].sum() > same.design[:, 7:].sum()


@pytest.mark.parametrize(
    ("name", "rules", "effect", "at", "expected"),
    [
        ("holidays", {}, lambda d: 0.2 if calendar().holiday_name(d) else 1.0, date(2026, 8, 11), (0, 0.6)),
        (
            "month end",
            {},
            lambda d: 3.0 if (d + timedelta(days=1)).day == 1 else 1.0,
            date(2026, 8, 31),
            (2, 4),
        ),
        # the 25th of July 2026 is a Saturday
        ("pay day", {}, lambda d: 2.0 if d == pay_day(d) else 1.0, date(2026, 7, 24), (1.3, 2.5)),
        (
            "25th that is no pay day",
            {},
            lambda d: 2.0 if d == pay_day(d) else 1.0,
            date(2026, 7, 25),
            (0.5, 1.2),
        ),
        # the 10th of May 2026 is a Sunday: bills are paid on Friday the 8th
        ("fifth or tenth", {}, lambda d: 2.0 if is_tenth(d) else 1.0, date(2026, 5, 8), (1.35, 2.4)),
        (
            "a closed day of the company's own",
            {"closed_dates": tuple((date(y, 6, 15), "創立記念日") for y in (2024, 2025, 2026))},
            lambda d: 0.0 if (d.month, d.day) == (6, 15) else 1.0,
            date(2026, 6, 15),
            (0, 0.75),
        ),
    ],
)
def test_what_a_kind_of_day_brings_is_learned(name, rules, effect, at, expected):
    values, dates = series(effect)
    days = days_of(calendar(**rules), START, dates[-1])
    low, high = expected
    assert low <= shares_of(values, days)[dates.index(at)] <= high, name


def test_noise_alone_makes_no_kind_of_day_special():
    values, dates = series(lambda day: 1.0, noise=0.3)
    found = shares_of(values, days_of(calendar(), START, dates[-1]))
    assert np.abs(found - 1).max() < 0.45
    assert np.abs(found - 1).mean() < 0.06


def test_shares_of_a_vintage_know_nothing_of_later_days():
    values, dates = series(lambda day: 0.5 if day.weekday() > 4 else 1.0)
    days = days_of(calendar(), START, dates[-1])
    whole = learn_shares(values, days)
    later = values.copy()
    later[500:] *= 50
    changed = learn_shares(later, days)
    before = whole.vintage[500] + 1
    assert np.array_equal(whole.shares[:before], changed.shares[:before])
    assert not np.allclose(whole.shares[-1], changed.shares[-1])


def test_a_closed_kind_of_day_counts_as_one():
    kinds = np.arange(400) % 7
    kinds[3::20] = 7
    values = np.where(kinds == 7, 0.0, 100.0)
    found = shares_of(values, days_of_kinds(kinds))
    assert found[kinds == 7].max() < 0.1
    assert found[kinds < 7].min() > 0.9
