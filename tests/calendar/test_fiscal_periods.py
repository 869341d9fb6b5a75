"""Periods by key: any fiscal start month, weeks across years, previous periods without lost days."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.calendar.fiscal import (
    EVER,
    Period,
    fiscal_period,
    fiscal_year_of,
    natural_period,
    period_of,
    week_key,
)
from dagster_project.kpi.model import CalendarRules

JAPAN = CalendarRules()
days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
start_months = st.integers(1, 12)
natural = st.sampled_from(["day", "week", "month", "quarter", "half", "fiscal_year"])


def test_fiscal_2026_runs_from_april_to_march_and_is_named_by_its_first_year():
    assert fiscal_period(JAPAN, 2026) == Period("fiscal_year", date(2026, 4, 1), date(2027, 3, 31))
    assert fiscal_year_of(date(2027, 3, 31), JAPAN) == 2026
    assert fiscal_year_of(date(2027, 4, 1), JAPAN) == 2027


def test_quarters_and_halves_are_fiscal():
    assert fiscal_period(JAPAN, 2026, quarter=3) == Period("quarter", date(2026, 10, 1), date(2026, 12, 31))
    assert fiscal_period(JAPAN, 2026, half=2) == Period("half", date(2026, 10, 1), date(2027, 3, 31))
    february = CalendarRules(fiscal_start_month=2)
    assert period_of(date(2026, 1, 31), "quarter", february) == Period(
        "quarter", date(2025, 11, 1), date(2026, 1, 31)
    )


@pytest.mark.parametrize(
    "arguments", [{"quarter": 5}, {"quarter": 0}, {"half": 3}, {"quarter": 1, "half": 1}]
)
def test_a_quarter_or_half_that_no_year_has_is_refused(arguments):
    with pytest.raises(ValueError, match="quarter|half"):
        fiscal_period(JAPAN, 2026, **arguments)


@settings(deadline=None)
@given(days, natural, start_months, st.sampled_from(["monday", "sunday"]))
def test_periods_of_a_grain_tile_the_calendar(day, grain, month, week_start):
    rules = CalendarRules(fiscal_start_month=month, week_start=week_start)
    period = period_of(day, grain, rules)
    assert day in period
    assert period_of(period.start, grain, rules) == period_of(period.end, grain, rules) == period
    before = period.previous
    assert before is not None
    assert before.end + timedelta(days=1) == period.start
    assert period_of(before.end, grain, rules) == before


@settings(deadline=None)
@given(days, st.sampled_from(["month", "quarter", "half", "fiscal_year"]), start_months)
def test_the_year_before_of_a_period_of_months_starts_in_the_same_month(day, grain, month):
    rules = CalendarRules(fiscal_start_month=month)
    period = period_of(day, grain, rules)
    before = period.previous_year
    assert before is not None
    assert before.start == period.start.replace(year=period.start.year - 1)
    assert period_of(before.start, grain, rules) == before


@given(days)
def test_weeks_from_monday_are_iso_weeks(day):
    period = period_of(day, "week", JAPAN)
    assert week_key(period.start) == day.isocalendar()[:2]
    before = period.previous_year
    year, number, _ = day.isocalendar()
    if before is None:
        assert number == 53
    else:
        assert before.start.isocalendar()[:] == (year - 1, number, 1)


def test_week_53_has_no_year_before_where_that_year_has_52_weeks():
    week = period_of(date(2026, 12, 31), "week", JAPAN)
    assert week_key(week.start) == (2026, 53)
    assert week.previous_year is None


def test_the_month_before_march_is_the_whole_of_february():
    assert period_of(date(2024, 3, 31), "month", JAPAN).previous == Period(
        "month", date(2024, 2, 1), date(2024, 2, 29)
    )


def test_29_february_has_no_day_a_year_before():
    assert period_of(date(2024, 2, 29), "day", JAPAN).previous_year is None


def test_all_time_is_keyed_by_the_first_day_there_is_and_has_nothing_before_it():
    ever = period_of(date(2026, 5, 1), "all", JAPAN)
    assert ever.start == EVER == date(1, 1, 1)
    assert ever.previous is None
    assert ever.previous_year is None


@settings(deadline=None)
@given(days, natural, start_months)
def test_the_days_of_a_natural_period_are_recognised(day, grain, month):
    rules = CalendarRules(fiscal_start_month=month)
    period = period_of(day, grain, rules)
    assert natural_period(period.start, period.end, rules) == period


def test_any_other_run_of_days_is_a_range_without_a_previous_period():
    period = natural_period(date(2017, 4, 10), date(2017, 6, 30), JAPAN)
    assert period.grain == "range"
    assert period.days == 82
    assert period.previous is None
    assert period.previous_year is None
