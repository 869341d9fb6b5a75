"""Open cases as a model beside the daily engine: what they are worth, and what they must not know."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast.days import days_of_kinds
from dagster_project.forecast.engine import Engine
from dagster_project.forecast.forecasters import totals_at_past_origins
from dagster_project.forecast.open_deals import UNKNOWN, OpenDeals, read_book
from tests.forecast.conftest import AS_OF, START, goal

FIRST = date(2023, 4, 3)
SIZE = 900
END = FIRST + timedelta(days=SIZE - 1)
NO_CHANGES = pd.DataFrame(columns=["case", "day", "stage", "amount"])


def company(seed, size=SIZE, first=FIRST):
    """(cases, changes): how many are opened wanders; a third is won, after two months in the mean. Those that
    are going to be won reach stage b half-way; of the others one in five does."""
    random = np.random.default_rng(seed)
    busy = np.exp(np.cumsum(random.normal(0, 0.03, size)))
    cases, changes = [], []
    for at in range(size):
        day = first + timedelta(days=at)
        for _ in range(random.poisson(4 * busy[at] / busy.mean()) if day.weekday() < 5 else 0):
            is_won = bool(random.random() < 1 / 3)
            life = int(random.gamma(4, 15)) if is_won else int(random.gamma(2, 20))
            name, amount = f"d{len(cases):05}", float(random.lognormal(13, 0.5))
            cases.append((name, day, day + timedelta(days=life), "", is_won, amount))
            changes.append((name, day, "a", amount))
            if is_won or random.random() < 0.2:
                changes.append((name, day + timedelta(days=life // 2), "b", amount))
    return (
        pd.DataFrame(cases, columns=["case", "opened", "closed", "stage", "counts", "amount"]),
        pd.DataFrame(changes, columns=["case", "day", "stage", "amount"]),
    )


@pytest.fixture(scope="module")
def deals():
    return company(1)


def known_on(deals, day, *, kept=True, is_count=True):
    """The book of a night: each open case at the stage that it had then."""
    cases, changes = deals
    seen = changes[changes["day"] <= day]
    newest = seen.drop_duplicates("case", keep="last").set_index("case")["stage"]
    cases = cases.assign(stage=cases["case"].map(newest) if kept else "")
    return read_book(cases, seen if kept else NO_CHANGES, day, is_count=is_count)


def kinds(size):
    return days_of_kinds(np.arange(size) % 7)


def errors(deals, *, kept, is_count=True, horizon=45):
    """Mean absolute errors of the daily engine alone, of the cases alone, and of the mixture of both."""
    found = []
    for origin in range(420, SIZE - horizon, 60):
        book = known_on(deals, FIRST + timedelta(days=origin - 1), kept=kept, is_count=is_count)
        truth = known_on(deals, END, is_count=is_count).daily(FIRST, SIZE)
        values = truth[:origin]
        model = OpenDeals(book, FIRST, values, kinds(SIZE))
        assert model.is_usable
        engine = Engine(values, kinds(SIZE))
        mixture = engine.remainder(origin, horizon, totals_at_past_origins([model], origin))
        came = truth[origin : origin + horizon].sum()
        said = (
            np.median(engine.remainder(origin, horizon).samples),
            model.total(origin, horizon),
            np.median(mixture.samples),
        )
        found.append([abs(one - came) for one in said])
    return np.mean(found, axis=0)


def test_open_cases_say_more_than_the_days_and_get_the_weight_for_it(deals):
    daily, alone, mixture = errors(deals, kept=False)
    assert alone < 0.6 * daily
    assert mixture < 0.85 * daily


def test_cases_at_a_later_stage_promise_more_and_what_each_promises_comes_true(deals):
    cases, changes = deals
    expected, came, counted = {}, {}, {}
    for stage in ("a", "b"):
        expected[stage], came[stage], counted[stage] = 0.0, 0, 0
        for back in (180, 260, 340):
            day = END - timedelta(days=back)
            newest = changes[changes["day"] <= day].drop_duplicates("case", keep="last")
            others = set(newest["case"][newest["stage"] != stage])
            is_open = (cases["opened"] <= day) & (cases["closed"] > day)
            without = cases[~(is_open & cases["case"].isin(others))]
            of_none = cases[~is_open]
            totals = [
                OpenDeals(known_on((own, changes), day), FIRST, np.ones(SIZE - back), kinds(SIZE))._of_cases(
                    day.toordinal(), 120
                )
                for own in (without, of_none)
            ]
            expected[stage] += totals[0] - totals[1]
            of_stage = is_open & ~cases["case"].isin(others)
            came[stage] += (cases["counts"] & of_stage).sum()
            counted[stage] += of_stage.sum()
    assert expected["b"] == pytest.approx(came["b"], rel=0.25)
    assert expected["a"] == pytest.approx(came["a"], rel=0.45)
    assert expected["b"] / counted["b"] > 1.5 * expected["a"] / counted["a"]


def test_amounts_are_those_of_the_cases_where_such_amounts_came_true(deals):
    daily, alone, mixture = errors(deals, kept=True, is_count=False)
    assert alone < 0.7 * daily
    assert mixture < 0.9 * daily


@pytest.mark.parametrize("origin", [500, 700])
def test_a_past_origin_is_answered_as_it_would_have_been_then(deals, origin):
    """What the night of today says of an earlier day equals what a night of that day said: nothing of later
    days goes in, neither outcomes nor stages nor amounts."""
    values = known_on(deals, END).daily(FIRST, SIZE)
    day = FIRST + timedelta(days=origin - 1)
    # The weeks that are asked are counted from as_of: a night that is whole weeks later asks the same ones.
    late = day + timedelta(days=7 * ((END - day).days // 7))
    today = OpenDeals(known_on(deals, late), FIRST, values, kinds(SIZE))
    then = OpenDeals(known_on(deals, day), FIRST, values[:origin], kinds(SIZE))
    assert today.total(origin, 30) == pytest.approx(then.total(origin, 30))


def test_a_case_is_as_its_night_saw_it(deals):
    cases = pd.DataFrame(
        {"case": ["x"], "opened": [date(2026, 1, 1)], "closed": [date(2026, 3, 1)], "stage": ["won"],
         "counts": [True], "amount": [7.0]}
    )  # fmt: skip
    changes = pd.DataFrame(
        {"case": ["x", "x"], "day": [date(2026, 1, 10), date(2026, 2, 1)], "stage": ["a", "b"],
         "amount": [5.0, 6.0]}
    )  # fmt: skip
    book = read_book(cases, changes, date(2026, 2, 10), is_count=False)
    seen = [book.seen_on(date(2026, month, day).toordinal()) for month, day in ((1, 5), (1, 31), (2, 9))]
    assert [int(stage[0]) != UNKNOWN for stage, _ in seen] == [False, True, True]
    assert seen[1][0][0] != seen[2][0][0]
    assert [float(amount[0]) for _, amount in seen[1:]] == [5.0, 6.0]
    # On that night it is open: nothing of its end is known yet.
    assert book.open_on(book.as_of).tolist() == [True]
    assert not book.counts.any()


def test_a_series_that_does_not_come_from_the_cases_is_left_to_the_days(deals):
    book = known_on(deals, END)
    other = book.daily(FIRST, SIZE) + 1000.0
    assert not OpenDeals(book, FIRST, other, kinds(SIZE)).is_usable
    few = read_book(deals[0].head(30), NO_CHANGES, END, is_count=True)
    assert not OpenDeals(few, FIRST, few.daily(FIRST, SIZE), kinds(SIZE)).is_usable


def test_what_comes_from_elsewhere_goes_by_the_days(deals):
    book = known_on(deals, END)
    won = book.daily(FIRST, SIZE)
    alone = OpenDeals(book, FIRST, won, kinds(SIZE + 30)).total(SIZE, 30)
    shop = np.random.default_rng(0).normal(3, 0.5, SIZE)
    both = OpenDeals(book, FIRST, won + shop, kinds(SIZE + 30)).total(SIZE, 30)
    assert both - alone == pytest.approx(90, rel=0.05)


def test_a_night_weighs_open_cases_and_another_book_is_another_issue(night):
    size = (AS_OF - START).days + 1
    made = company(2, size, START)
    book = known_on(made, AS_OF)
    values = book.daily(START, size)
    options = {"values": values, "kpi": "orders"}
    text = goal("orders", 40)
    place = ("orders", "total", "total")
    first = night(text, books={place: book}, **options).kgi_forecast
    assert "open_deals" in first["weights"].iloc[0]
    assert "open_deals" not in night(text, **options).kgi_forecast["weights"].iloc[0]
    assert night(text, books={place: book}, before=first, **options).kgi_forecast.empty
    other = read_book(made[0].iloc[:-5], NO_CHANGES, AS_OF, is_count=True)
    assert night(text, books={place: other}, before=first, **options).kgi_forecast["issue"].tolist() == [2]


def test_no_cases_no_changes_and_no_dates_raise_nothing():
    empty = pd.DataFrame(columns=["case", "opened", "closed", "stage", "counts", "amount"])
    book = read_book(empty, NO_CHANGES, END, is_count=False)
    assert np.isnan(OpenDeals(book, FIRST, np.ones(100), kinds(130)).total(100, 30))
    undated = empty.copy()
    undated.loc[0] = ["x", None, None, None, None, None]
    assert len(read_book(undated, NO_CHANGES, END, is_count=False).opened) == 0
