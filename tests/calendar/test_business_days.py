"""Business days against the Cabinet Office's holiday file and against counted facts."""

import csv
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.errors import UsageError
from dagster_project.kpi.model import CalendarRules

DATA = Path(os.environ.get("KPI_TEST_DATA", "../shared/data")) / "jp_holidays"
YEAR_END = (("12-29", "01-03", "年末年始"),)

needs_holiday_file = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no holiday file: {DATA} (set KPI_TEST_DATA)"
)


@pytest.fixture(scope="module")
def japan() -> BusinessCalendar:
    return BusinessCalendar(CalendarRules())


@needs_holiday_file
def test_every_holiday_of_the_cabinet_office_from_2000_is_known_and_no_other(japan):
    with (DATA / "syukujitsu.csv").open(encoding="cp932", newline="") as file:
        rows = list(csv.reader(file))[1:]
    listed = {date(*map(int, row[0].split("/"))) for row in rows}
    ours = {day for day, _, name in japan.days(date(2000, 1, 1), date(2020, 12, 31)) if name is not None}
    assert ours == {day for day in listed if day.year >= 2000}


@needs_holiday_file
def test_business_days_of_months_and_fiscal_years_are_the_counted_ones(japan):
    with (DATA / "answers.csv").open(encoding="utf-8", newline="") as file:
        answers = [row for row in csv.DictReader(file) if row["kpi"] == "business_days"]
    months: Counter[date] = Counter()
    years: Counter[date] = Counter()
    for day, is_business_day, _ in japan.days(date(2017, 4, 1), date(2020, 12, 31)):
        months[day.replace(day=1)] += is_business_day
        years[date(day.year - (day.month < 4), 4, 1)] += is_business_day
    ours = {"month": months, "fy_jp": years}
    assert len(answers) == 48
    for answer in answers:
        assert ours[answer["grain"]][date.fromisoformat(answer["period"])] == float(answer["value"])


@pytest.mark.parametrize(("year", "count"), [(2017, 247), (2018, 247), (2019, 244), (2026, 244)])
def test_a_japanese_fiscal_year_has_its_business_days(japan, year, count):
    assert japan.business_days(date(year, 4, 1), date(year + 1, 3, 31)) == count


def test_may_2026_has_18_business_days(japan):
    assert japan.business_days(date(2026, 5, 1), date(2026, 5, 31)) == 18


def test_closing_the_turn_of_the_year_leaves_241_business_days_in_fiscal_2026():
    calendar = BusinessCalendar(CalendarRules(closed_yearly=YEAR_END))
    assert calendar.business_days(date(2026, 4, 1), date(2027, 3, 31)) == 241
    assert calendar.holiday_name(date(2026, 12, 31)) == "年末年始"
    assert calendar.holiday_name(date(2027, 1, 3)) == "年末年始"
    assert calendar.is_business_day(date(2026, 12, 28))
    assert calendar.is_business_day(date(2027, 1, 4))


def test_a_yearly_closure_inside_one_year_closes_both_its_ends_and_nothing_else():
    calendar = BusinessCalendar(CalendarRules(closed_yearly=(("08-13", "08-14", "お盆"),)))
    closed = [
        day.day for day, _, name in calendar.days(date(2026, 8, 12), date(2026, 8, 15)) if name == "お盆"
    ]
    assert closed == [13, 14]


def test_an_open_day_wins_over_weekend_holiday_and_company_closure():
    saturday, holiday, closed = date(2026, 5, 2), date(2026, 5, 4), date(2026, 8, 13)
    shut = BusinessCalendar(CalendarRules(closed_dates=((closed, "お盆"),)))
    opened = BusinessCalendar(
        CalendarRules(closed_dates=((closed, "お盆"),), open_dates=(saturday, holiday, closed))
    )
    for day in (saturday, holiday, closed):
        assert not shut.is_business_day(day)
        assert opened.is_business_day(day)
        assert opened.holiday_name(day) is None
    assert shut.holiday_name(closed) == "お盆"


def test_a_company_without_country_works_on_public_holidays_and_on_its_own_weekdays():
    calendar = BusinessCalendar(CalendarRules(holidays=None, closed_weekdays=(4,)))
    assert calendar.business_days(date(2026, 5, 1), date(2026, 5, 7)) == 6
    assert not calendar.is_business_day(date(2026, 5, 1))
    assert calendar.holiday_name(date(2026, 5, 4)) is None


def test_another_country_has_its_own_holidays():
    us = BusinessCalendar(CalendarRules(holidays="US"))
    assert not us.is_business_day(date(2026, 11, 26))
    assert us.is_business_day(date(2026, 5, 4))


@pytest.mark.parametrize(("code", "hint"), [("JPX", "'JP'"), ("DE-BYY", "'BY'"), ("日本", "such as JP")])
def test_an_unknown_country_or_region_is_refused_with_what_to_write(code, hint):
    with pytest.raises(UsageError, match=hint) as refused:
        BusinessCalendar(CalendarRules(holidays=code))
    assert f"holidays: {code}" in str(refused.value)


def test_no_day_lies_between_an_end_before_its_start(japan):
    assert japan.business_days(date(2026, 5, 2), date(2026, 5, 1)) == 0
    assert japan.days(date(2026, 5, 2), date(2026, 5, 1)) == []
