"""How a target is due over its period, as exact shares of every day."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.business import BusinessCalendar, days_between
from dagster_project.calendar.fiscal import Period
from dagster_project.errors import DefinitionError
from dagster_project.goals.model import EVEN_MONTHS, Phasing
from dagster_project.goals.targets.phasing import months_of, phase
from dagster_project.kpi.model import CalendarRules

CALENDAR = BusinessCalendar(CalendarRules())
CALENDAR_DAYS, BUSINESS_DAYS = Phasing(), Phasing("days", "business_days")
LAST_YEAR = Phasing("last_year", "business_days")
FY2026 = Period("fiscal_year", date(2026, 4, 1), date(2027, 3, 31))

targets = st.fractions(min_value=Fraction(1, 100), max_value=10**10, max_denominator=1000)
runs = st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400)).map(
    lambda run: Period("range", run[0], run[0] + timedelta(days=run[1]))
)


@st.composite
def phasings(draw, period):
    """Any phasing that fits the period, and days of the year before, some of them not known."""
    by = draw(st.sampled_from(["days", "months", "last_year"]))
    days = draw(st.sampled_from(["calendar_days", "business_days"]))
    if by == "months" and draw(st.booleans()):
        figures = [draw(st.fractions(0, 50, max_denominator=100)) for _ in months_of(period)]
        return Phasing(by, days, tuple(figures) if any(figures) else ()), {}
    first = period.start - timedelta(days=400)
    seed = draw(st.lists(st.fractions(-2, 9, max_denominator=20), min_size=1, max_size=40))
    known = {day: seed[i % len(seed)] for i, day in enumerate(days_between(first, period.end))}
    if draw(st.booleans()):
        del known[draw(st.sampled_from(sorted(known)))]
    return Phasing(by, days), known


@given(st.data(), targets, runs)
def test_daily_targets_sum_to_the_cumulative_and_the_last_cumulative_is_the_target(data, target, period):
    phasing, year_before = data.draw(phasings(period))
    phased = phase(period, phasing, CALENDAR, year_before)
    through = Fraction(0)
    for day, due in zip(phased.daily(target), phased.cumulative(target), strict=True):
        through += day
        assert day >= 0
        assert due == through
    assert through == target
    assert phased.share(period.start - timedelta(days=1)) == 0
    assert phased.share(period.end) == phased.share(period.end + timedelta(days=9)) == 1


def test_business_day_phasing_asks_for_nothing_on_a_closed_day():
    phased = phase(Period("month", date(2026, 5, 1), date(2026, 5, 31)), BUSINESS_DAYS, CALENDAR)
    asked = [day for day, due in zip(phased.days, phased.daily(Fraction(18)), strict=True) if due]
    assert len(asked) == 18
    assert all(CALENDAR.is_business_day(day) for day in asked)


def test_a_period_without_a_business_day_is_phased_by_calendar_days():
    weekend = Period("range", date(2026, 5, 9), date(2026, 5, 10))
    assert phase(weekend, BUSINESS_DAYS, CALENDAR).daily(Fraction(2)) == [1, 1]


def test_even_months_are_due_alike_however_long_they_are():
    phased = phase(FY2026, EVEN_MONTHS, CALENDAR)
    assert phased.share(date(2026, 9, 30)) == Fraction(1, 2)
    assert phased.share(date(2026, 10, 31)) == Fraction(7, 12)
    assert phased.share(date(2026, 4, 15)) == Fraction(15, 30 * 12)


def test_a_part_of_a_month_is_due_for_its_part():
    phased = phase(Period("range", date(2017, 4, 16), date(2017, 6, 30)), EVEN_MONTHS, CALENDAR)
    assert phased.share(date(2017, 4, 30)) == Fraction(1, 2) / Fraction(5, 2)


def test_monthly_figures_are_due_by_the_end_of_their_month_over_its_business_days():
    quarter = Period("quarter", date(2026, 4, 1), date(2026, 6, 30))
    shares = (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5))
    phased = phase(quarter, Phasing("months", "business_days", shares), CALENDAR)
    assert phased.share(date(2026, 4, 30)) == Fraction(1, 2)
    assert phased.share(date(2026, 5, 31)) == Fraction(8, 10)
    # Golden Week: of May 2026's 18 business days, the 1st is the only one up to the 6th.
    assert phased.share(date(2026, 5, 6)) == Fraction(1, 2) + Fraction(3, 10) / 18


def test_last_year_gives_every_day_its_share_of_that_year():
    june = Period("month", date(2026, 6, 1), date(2026, 6, 30))
    year_before = {date(2025, 6, day): Fraction(day) for day in range(1, 31)}
    phased = phase(june, LAST_YEAR, CALENDAR, year_before)
    assert phased.daily(Fraction(465))[9] == 10
    assert phased.share(date(2026, 6, 10)) == Fraction(55, 465)


@pytest.mark.parametrize(
    "year_before",
    [
        {},
        {date(2025, 6, day): Fraction(day) for day in range(1, 30)},
        {date(2025, 6, day): Fraction(0) for day in range(1, 31)},
    ],
    ids=["nothing known", "a day not known", "nothing sold"],
)
def test_without_a_whole_year_before_the_days_named_otherwise_count(year_before):
    june = Period("month", date(2026, 6, 1), date(2026, 6, 30))
    assert phase(june, LAST_YEAR, CALENDAR, year_before) == phase(june, BUSINESS_DAYS, CALENDAR)


def test_a_day_of_returns_asks_for_nothing():
    june = Period("month", date(2026, 6, 1), date(2026, 6, 30))
    year_before = {date(2025, 6, day): Fraction(1) for day in range(1, 31)} | {date(2025, 6, 3): Fraction(-5)}
    assert phase(june, LAST_YEAR, CALENDAR, year_before).daily(Fraction(29))[2] == 0


@pytest.mark.parametrize(
    ("year", "days", "due"),
    [
        (2028, {27: 0, 28: 4, 29: 2}, {27: 0, 28: 4, 29: 2}),  # neighbours 28 February 4 and 1 March 0
        (2029, {27: 1, 28: 4, 29: 2}, {27: 1, 28: 6}),  # the year before had a 29th
    ],
)
def test_29_february_is_neither_lost_nor_invented(year, days, due):
    before = {
        date(year - 1, 2, day): Fraction(value) for day, value in days.items() if day < 29 or year == 2029
    }
    before[date(year - 1, 3, 1)] = Fraction(0)
    last = 29 if year == 2028 else 28
    period = Period("range", date(year, 2, 27), date(year, 2, last))
    assert phase(period, LAST_YEAR, CALENDAR, before).daily(sum(map(Fraction, due.values()))) == list(
        due.values()
    )


GOAL = "goal: g\nperiod: {fiscal_year: 2026, quarter: 1}\nkgi: {kpi: revenue, target: 100}\n"


@pytest.mark.parametrize(
    ("written", "phasing"),
    [
        ("business_days", BUSINESS_DAYS),
        ("{like: last_year}", Phasing("last_year")),
        ("{like: last_year, else: business_days}", LAST_YEAR),
        ("{monthly: even}", EVEN_MONTHS),
        (
            "{monthly: [50, 30, 20]}",
            Phasing("months", shares=(Fraction(1, 2), Fraction(3, 10), Fraction(1, 5))),
        ),
        (
            "{monthly: [50%, 50%, 0%], within: business_days}",
            Phasing("months", "business_days", (Fraction(1, 2), Fraction(1, 2), Fraction(0))),
        ),
        ("{monthly: [1, 1, 2]}", Phasing("months", shares=(Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)))),
    ],
)
def test_phasing_is_read_as_written(goals_of, written, phasing):
    assert goals_of(GOAL + f"phasing: {written}\n")[0].phasing == phasing


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("workdays", "'workdays' is none of calendar_days, business_days, {like: last_year}"),
        ("busines_days", "did you mean 'business_days'?"),
        ("{like: last_year, monthly: even}", "one way only"),
        ("{monthly: even, else: business_days}", "'else' goes with like: last_year"),
        ("{like: last_year, within: business_days}", "'within' goes with monthly"),
        ("{monthly: [50, 50]}", "2 figures for 3 months (2026-04 to 2026-06)"),
        ("{monthly: [50%, 30%, 10%]}", "the shares come to 90 %, not 100 %"),
        ("{monthly: [50%, 30%, 20]}", "shares and figures in one list"),
        ("{monthly: [0, 0, 0]}", "all months are 0"),
        ("{monthly: [50, -1, 51]}", "a month's figure or share is 0 or above"),
    ],
)
def test_a_slip_in_phasing_says_what_to_write(goals_of, written, said):
    with pytest.raises(DefinitionError, match=r"goal_0\.yml:4:") as error:
        goals_of(GOAL + f"phasing: {written}\n")
    assert said in str(error.value)


def test_months_that_do_not_come_to_the_target_are_a_warning(tmp_path, definitions, goals_of):
    from dagster_project.goals.load import check_goals

    goals_of(GOAL + "phasing: {monthly: [50, 30, 19]}\n")
    goals, issues = check_goals(tmp_path, definitions)
    assert [(issue.level, issue.line) for issue in issues] == [("warning", 4)]
    assert "the figures come to 99, not to the target 100" in issues[0].message
    assert goals[0].phasing.shares[2] == Fraction(19, 99)
