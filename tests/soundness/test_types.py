"""Every type of KPI of the awkward company against pandas, at each grain, in total and by segment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.soundness.company import AS_OF, COVERED_FROM
from tests.soundness.oracle import _deals, _shop, periods, start_of, year_before

Value = Callable[[date, date, pd.DataFrame], float | None]


def once_a_frame(work: Callable[..., Any]) -> Callable[..., Any]:
    """Works it out once for a frame and further arguments: thousands of values are asked of the same rows."""
    kept: dict[tuple[Any, ...], tuple[pd.DataFrame, Any]] = {}

    @wraps(work)
    def asked(rows: pd.DataFrame, *further: Any) -> Any:
        key = (id(rows), *further)
        if key not in kept:
            kept[key] = rows, work(rows, *further)  # the frame is kept too, or another might get its id
        return kept[key][1]

    return asked


@once_a_frame
def in_order(rows: pd.DataFrame, column: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows with a day in the column, by day; their days as ordinals."""
    dated = rows[rows[column].notna()].sort_values(column, kind="stable")
    return dated, ordinals(dated[column])


def ordinals(days: pd.Series) -> np.ndarray:
    """Ordinals of days, infinite where there is none."""
    return np.array([np.inf if pd.isna(day) else day.toordinal() for day in days], float)


def between(rows: pd.DataFrame, column: str, first: date, last: date) -> pd.DataFrame:
    dated, days = in_order(rows, column)
    start, end = np.searchsorted(days, [first.toordinal(), last.toordinal() + 1])
    return dated.iloc[start:end]


@once_a_frame
def of_team(deals: pd.DataFrame, segment: str) -> pd.DataFrame:
    return deals[deals.team.fillna("(none)") == segment]


@pytest.fixture(scope="module")
def deals(night) -> pd.DataFrame:
    return _deals(Path(night.root) / "data")


@pytest.fixture(scope="module")
def orders(night) -> pd.DataFrame:
    return _shop(Path(night.root) / "data")[1]


def rows_of(night, kpi: str) -> pd.DataFrame:
    days = night.daily[night.daily.kpi == kpi].assign(grain="day", period_start=night.daily.date)
    found = pd.concat([days, night.period[night.period.kpi == kpi]])
    return found[(found.dimension.isin(["total", "team"])) & (found.grain != "all")]


def check(night, deals, kpi: str, expected: Value, *, through: date = AS_OF, column: str = "value") -> None:
    """Each row against `expected(first day, last day, the segment's rows)`, cut at `through`."""
    ends = {(grain, start): end for grain in GRAINS for start, end in periods(grain)}
    wrong, checked = [], 0
    for row in rows_of(night, kpi).itertuples():
        first = row.period_start
        last = min(first if row.grain == "day" else ends[row.grain, first], through)
        if last < first:
            continue
        of_segment = of_team(deals, row.segment) if row.dimension == "team" else deals
        theirs = expected(first, last, of_segment)
        ours = getattr(row, column)
        checked += 1
        same = (
            (theirs is None)
            if pd.isna(ours)
            else theirs is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=5e-7)
        )
        if not same:
            wrong.append(f"{row.grain} {first} {row.segment}: {ours} is not {theirs}")
    assert checked > 20
    assert not wrong, wrong[:10]


GRAINS = ("week", "month", "quarter", "half", "fiscal_year")


@once_a_frame
def won(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.stage == "won"]


@once_a_frame
def closed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.stage.isin(["won", "lost"])]


def won_amount(first: date, last: date, rows: pd.DataFrame) -> float:
    return float(between(won(rows), "closed_on", first, last).amount.sum())


def win_rate(first: date, last: date, rows: pd.DataFrame) -> float | None:
    ended = between(closed(rows), "closed_on", first, last)
    return float((ended.stage == "won").mean()) if len(ended) else None


def test_a_derived_kpi_is_its_formula_over_sums(night, deals):
    check(
        night, deals, "lost_share", lambda a, b, rows: None if (r := win_rate(a, b, rows)) is None else 1 - r
    )
    not_first = deals.won_number.notna() & (deals.won_number != 1)
    rest = deals[~not_first]
    check(
        night,
        rest,
        "open_or_lost",
        lambda a, b, rows: float(len(between(rows, "closed_on", a, b))),
    )


def test_a_linear_formula_adds_over_days_and_segments(night):
    flags = night.daily[night.daily.kpi == "open_or_lost"]
    assert flags.sums_over_days.all()
    assert not night.daily[night.daily.kpi == "lost_share"].sums_over_days.any()


def test_an_offset_compares_equally_many_days_of_the_period_a_year_before(night, deals):
    ends = {(grain, start): end for grain in GRAINS for start, end in periods(grain)}
    checked = 0
    for row in rows_of(night, "won_yoy").itertuples():
        if row.grain == "day" or row.dimension == "team":
            continue
        before = year_before(row.period_start, row.grain)
        last = min(ends[row.grain, row.period_start], AS_OF)
        value = None
        if before is not None and before >= COVERED_FROM:
            end = ends[row.grain, before]
            if ends[row.grain, row.period_start] > AS_OF:
                end = min(end, before + (last - row.period_start))
            base = won_amount(before, end, deals)
            value = won_amount(row.period_start, last, deals) / base - 1 if base else None
        assert (pd.isna(row.value) and value is None) or math.isclose(row.value, value, rel_tol=1e-9), row
        checked += value is not None
    assert checked > 100


def test_the_31st_has_no_counterpart_in_a_shorter_month(night):
    months = night.period[(night.period.kpi == "won_mom") & (night.period.grain == "month")]
    assert months.value.notna().sum() > 20
    days = night.daily[(night.daily.kpi == "won_yoy") & (night.daily.dimension == "total")].set_index("date")
    assert pd.isna(days.value[date(2024, 2, 29)])


def test_to_date_starts_with_the_fiscal_year_whatever_the_grain(night, deals):
    def expected(first, last, rows):
        start = max(start_of(last, "fiscal_year"), COVERED_FROM)
        return won_amount(start, last, rows)

    check(night, deals, "won_fytd", expected)


def test_a_trailing_window_is_whole_or_has_no_value(night, deals):
    def buyers(first, last, rows):
        start = last - timedelta(days=27)
        return (
            None
            if start < COVERED_FROM
            else float(between(won(rows), "closed_on", start, last).customer.nunique())
        )

    check(night, deals, "buyers_28d", buyers)

    def twelve_months(first, last, rows):
        following = pd.Timestamp(last) + pd.Timedelta(days=1)
        start = (following - pd.DateOffset(months=12)).date()
        return None if start < COVERED_FROM else win_rate(start, last, rows)

    check(night, deals, "win_rate_12m", twelve_months)


def test_a_cohort_counts_once_its_window_is_over(night, deals):
    ripe = AS_OF - timedelta(days=30)

    def expected(first, last, rows):
        base = between(rows, "opened_on", first, last)
        if not len(base):
            return None
        took = pd.Series(
            [
                (c - o).days if c is not None else None
                for o, c in zip(base.opened_on, base.closed_on, strict=True)
            ],
            index=base.index,
            dtype=float,
        )
        return float(((base.stage == "won") & (took >= 0) & (took <= 30)).mean())

    check(night, deals, "cohort_win", expected, through=ripe)
    daily = night.daily[(night.daily.kpi == "cohort_win") & (night.daily.dimension == "total")]
    unripe = daily[daily.date > ripe]
    assert set(unripe.data_status) == {"immature"}
    assert set(unripe.status_reason) == {"not_mature"}
    assert unripe.value.isna().all()
    month = night.period[
        (night.period.kpi == "cohort_win")
        & (night.period.grain == "month")
        & (night.period.dimension == "total")
    ].set_index("period_start")
    assert month.data_status[date(2027, 1, 1)] == "provisional"
    assert month.data_status[date(2027, 2, 1)] == "immature"


def test_a_base_row_converts_once_and_may_follow_what_it_led_to(night, deals, orders):
    by_customer = {
        name: sorted(group.ordered_on) for name, group in orders[orders.customer.notna()].groupby("customer")
    }

    def expected(first, last, rows):
        base = between(rows, "opened_on", max(first, date(2025, 6, 1)), last)
        if not len(base):
            return None
        hit = [
            any(-5 <= (o - opened).days <= 60 and o <= AS_OF for o in by_customer.get(customer, []))
            for customer, opened in zip(base.customer, base.opened_on, strict=True)
        ]
        return float(np.mean(hit))

    check(night, deals, "cohort_order", expected, through=AS_OF - timedelta(days=60))


def test_a_conversion_without_window_is_always_provisional(night):
    rows = night.daily[(night.daily.kpi == "ever_won") & (night.daily.dimension == "total")]
    assert set(rows.data_status) == {"provisional"}


@once_a_frame
def opened_and_closed(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return ordinals(rows.opened_on), ordinals(rows.closed_on)


def open_at(day: date, rows: pd.DataFrame, *, last_day_in: bool = False) -> pd.DataFrame:
    opened, ended = opened_and_closed(rows)
    still = ended >= day.toordinal() if last_day_in else ended > day.toordinal()
    return rows[(opened <= day.toordinal()) & still]


def test_a_stock_is_what_is_open_at_the_end_of_the_day(night, deals):
    check(night, deals, "open_deals", lambda a, b, rows: float(len(open_at(b, rows))))


def test_the_average_of_a_stock_is_over_the_ends_of_its_days(night, deals):
    through = {}

    def total(day, rows):
        key = (day, len(rows), rows.index[0])
        if key not in through:
            through[key] = float(open_at(day, rows, last_day_in=True).amount.sum())
        return through[key]

    def expected(first, last, rows):
        first = max(first, COVERED_FROM)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return sum(total(day, rows) for day in days) / len(days)

    sample = night.period[
        (night.period.kpi == "open_amount")
        & (night.period.grain == "month")
        & (night.period.dimension == "total")
    ]
    ends = dict(periods("month"))
    for row in sample.itertuples():
        value = expected(row.period_start, min(ends[row.period_start], AS_OF), deals)
        assert math.isclose(row.value, value, rel_tol=1e-9, abs_tol=1e-6)


def test_the_opening_level_is_that_of_the_day_before(night, deals):
    check(
        night,
        deals,
        "open_customers",
        lambda a, b, rows: float(open_at(max(a, COVERED_FROM) - timedelta(days=1), rows).customer.nunique()),
    )


def test_a_stock_in_a_ratio_has_a_day_of_its_own_choice(night, deals):
    def closed_in(first, last, rows):
        return len(between(rows, "closed_on", first, last))

    def any_day(first, last, rows):
        start = max(first, COVERED_FROM)
        left = np.array(
            [
                c is not None and c <= max(start, o)
                for o, c in zip(rows.opened_on, rows.closed_on, strict=True)
            ],
            dtype=bool,
        )
        there = rows[(rows.opened_on <= last).to_numpy() & ~left]
        return closed_in(first, last, rows) / len(there) if len(there) else None

    def midpoint(first, last, rows):
        opening = len(open_at(max(first, COVERED_FROM) - timedelta(days=1), rows))
        mean = (opening + len(open_at(last, rows))) / 2
        return closed_in(first, last, rows) / mean if mean else None

    check(night, deals, "closed_of_open", any_day)
    check(night, deals, "open_midpoint", midpoint)


def test_medians_and_percentiles_are_computed_anew_for_each_period(night, deals):
    def quantile(share):
        def expected(first, last, rows):
            values = between(rows, "closed_on", first, last).cycle.to_numpy(float)
            values = values[~np.isnan(values)]
            return float(np.quantile(values, share)) if len(values) else None

        return expected

    check(night, deals, "median_cycle", quantile(0.5))
    check(night, deals, "long_cycle", quantile(0.9))


def first_won(deals: pd.DataFrame) -> dict[str, date]:
    ranked = won(deals)[won(deals).customer.notna() & won(deals).closed_on.notna()]
    return ranked.groupby("customer").closed_on.min().to_dict()


def test_a_filter_that_names_the_period_is_that_periods_own(night, deals):
    first_day = first_won(deals)

    def returning(first, last, rows):
        buyers = between(won(rows), "closed_on", first, last).customer.dropna().unique()
        return float(sum(first_day[name] < first for name in buyers))

    rows = rows_of(night, "returning_buyers")
    assert len(rows) > 100
    check(night, deals, "returning_buyers", returning)

    def in_time(first, last, rows):
        opened = between(rows, "opened_on", first, last)
        return float((ordinals(opened.closed_on) <= last.toordinal()).sum())

    check(night, deals, "closed_in_time", in_time)


def test_customers_with_so_many_rows_in_the_period_are_counted(night, deals):
    def expected(first, last, rows):
        counts = Counter(between(won(rows), "closed_on", first, last).customer.dropna())
        return float(sum(count >= 2 for count in counts.values()))

    check(night, deals, "buyers_2plus", expected)


@pytest.mark.parametrize("kpi", ["retention", "retention_of_sides"])
def test_retention_is_those_of_the_period_before_who_are_there_again(night, deals, kpi):
    months = sorted(dict(periods("month")))
    ends = dict(periods("month"))
    shown = night.period[(night.period.kpi == kpi) & (night.period.dimension == "total")].set_index(
        "period_start"
    )
    for before, month in zip(months, months[1:], strict=False):
        if ends[month] > AS_OF:
            continue
        then = set(between(won(deals), "closed_on", before, ends[before]).customer.dropna())
        now = set(between(won(deals), "closed_on", month, ends[month]).customer.dropna())
        assert math.isclose(shown.value[month], len(then & now) / len(then))


def test_an_amount_over_a_span_is_laid_over_its_business_days_and_adds_up(night):
    rows = night.period[(night.period.kpi == "target") & (night.period.dimension == "total")]
    year = rows[(rows.grain == "fiscal_year")].set_index("period_start").value
    days = (
        night.daily[(night.daily.kpi == "target") & (night.daily.dimension == "total")]
        .set_index("date")
        .value
    )
    in_2026 = days[(days.index >= date(2026, 1, 1)) & (days.index <= date(2026, 12, 31))]
    assert math.isclose(in_2026.sum(), 1_000_000, abs_tol=1e-6)
    assert days[date(2026, 1, 4)] == 0
    assert days[date(2026, 1, 5)] > 0
    assert math.isclose(year[date(2025, 4, 1)], in_2026[in_2026.index < date(2026, 4, 1)].sum(), abs_tol=1e-6)


def test_reach_is_the_one_row_of_its_grain_and_never_added(night):
    days = (
        night.daily[(night.daily.kpi == "reach") & (night.daily.dimension == "total")].set_index("date").value
    )
    assert days[date(2026, 12, 5)] == 50
    assert pd.isna(days[date(2026, 12, 6)])
    months = night.period[(night.period.kpi == "reach") & (night.period.grain == "month")].set_index(
        "period_start"
    )
    assert months.value[date(2026, 12, 1)] == 900
    assert months.value[date(2027, 1, 1)] == 1100


def test_a_counted_level_is_carried_only_so_long(night):
    days = (
        night.daily[(night.daily.kpi == "on_hand") & (night.daily.dimension == "total")]
        .set_index("date")
        .value
    )
    assert days[date(2026, 12, 1)] == 100
    assert days[date(2026, 12, 4)] == 107
    assert days[date(2026, 12, 5)] == 87
    assert days[date(2026, 12, 14)] == 87
    assert days[date(2026, 12, 15)] == 80
    assert pd.isna(days[date(2026, 12, 16)])  # nothing is known of any place
    assert days[date(2027, 1, 20)] == 30
