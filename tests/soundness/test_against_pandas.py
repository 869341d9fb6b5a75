"""Every published value of the awkward company against pandas, at every grain, split and comparison."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd
import pytest

from tests.soundness.company import AS_OF
from tests.soundness.oracle import Figure, periods, year_before

GRAINS = ("week", "month", "quarter", "half", "fiscal_year")
KPIS = (
    "won_amount",
    "deals_opened",
    "closed",
    "win_rate",
    "aov",
    "cycle",
    "buyers",
    "largest",
    "smallest",
    "not_first",
    "orders_per_deal",
    "line_value",
    "repeat_orders",
    "sales_value",
)


def close(ours: float | None, theirs: float | None) -> bool:
    if ours is None or pd.isna(ours):
        return theirs is None
    return theirs is not None and math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=5e-7)


def differences(rows: pd.DataFrame, column: str, expected) -> list[str]:
    found = []
    for row in rows.itertuples():
        theirs = expected(row)
        if not close(getattr(row, column), theirs):
            place = f"{row.kpi} {row.dimension}={row.segment} {getattr(row, 'grain', 'day')}"
            found.append(
                f"{place} {getattr(row, 'period_start', '')}: {getattr(row, column)} is not {theirs}"
            )
    return found


def comparable(rows: pd.DataFrame) -> pd.DataFrame:
    """All splits but customer, whose small segments are taken together."""
    return rows[rows.dimension != "customer"]


@pytest.mark.parametrize("kpi", KPIS)
def test_days_equal_pandas(night, kpi):
    rows = comparable(night.daily[night.daily.kpi == kpi])
    figure: Figure = night.expected[kpi]
    assert len(rows) > 300
    assert not differences(
        rows, "value", lambda row: figure.value(row.date, row.date, row.dimension, row.segment)
    )


@pytest.mark.parametrize("kpi", KPIS)
@pytest.mark.parametrize("grain", GRAINS)
def test_periods_equal_pandas_to_date(night, kpi, grain):
    ends = dict(periods(grain))
    rows = comparable(night.period[(night.period.kpi == kpi) & (night.period.grain == grain)])
    figure: Figure = night.expected[kpi]
    assert len(rows) >= 2

    def expected(row):
        start = row.period_start
        return figure.value(start, min(ends[start], AS_OF), row.dimension, row.segment)

    assert not differences(rows, "value", expected)


@pytest.mark.parametrize("kpi", KPIS)
def test_the_whole_counts_rows_without_a_date(night, kpi):
    rows = comparable(night.period[(night.period.kpi == kpi) & (night.period.grain == "all")])
    figure: Figure = night.expected[kpi]
    assert set(rows.period_start) == {date(1, 1, 1)}
    assert not differences(
        rows,
        "value",
        lambda row: figure.value(date(1, 1, 1), AS_OF, row.dimension, row.segment, undated=True),
    )


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("column", ["previous_value", "previous_year_value", "previous_value_full"])
def test_comparisons_are_cut_after_equally_many_days_and_empty_where_not_covered(night, grain, column):
    ends = dict(periods(grain))
    starts = sorted(ends)
    rows = comparable(night.period[(night.period.grain == grain) & night.period.kpi.isin(KPIS)])

    def expected(row):
        start = row.period_start
        figure: Figure = night.expected[row.kpi]
        position = starts.index(start)
        if column == "previous_year_value":
            before = year_before(start, grain)
        else:
            before = starts[position - 1] if position else None
        if before is None or before < figure.start:
            return None
        last = ends[before]
        if column != "previous_value_full" and ends[start] > AS_OF:
            last = min(last, before + timedelta(days=(AS_OF - start).days))
        return figure.value(before, last, row.dimension, row.segment)

    assert not differences(rows, column, expected)


@pytest.mark.parametrize(("kpi", "of"), [("won_28d", "won_amount"), ("highest_28d", "highest")])
def test_trailing_windows_equal_pandas_and_are_empty_where_not_whole(night, kpi, of):
    figure: Figure = night.expected[of]

    def expected(row, last):
        first = last - timedelta(days=27)
        return None if first < figure.start else figure.value(first, last, row.dimension, row.segment)

    days = comparable(night.daily[night.daily.kpi == kpi])
    assert len(days) > 1000
    assert not differences(days, "value", lambda row: expected(row, row.date))
    whole = night.period[(night.period.kpi == kpi) & (night.period.grain != "all")]
    assert set(whole.grain) == set(GRAINS)
    assert not differences(comparable(whole), "value", lambda row: expected(row, min(row.period_end, AS_OF)))


@pytest.mark.parametrize("kpi", ["won_amount", "largest", "smallest"])
def test_segments_over_the_limit_together_equal_pandas(night, kpi):
    rows = night.daily[(night.daily.kpi == kpi) & (night.daily.dimension == "customer")]
    side = night.expected[kpi].sides[0]
    told = set(night.segments[night.segments.dimension == "customer"].segment)
    customer = side.rows.customer.fillna("(none)")
    rest = side.rows.assign(customer=customer.where(customer.isin(told), "(other)"))
    together = Figure(night.expected[kpi].start, side.over(rest))
    others = rows[rows.segment == "(other)"]
    assert len(others) > 20
    assert not differences(
        others, "value", lambda row: together.value(row.date, row.date, "customer", "(other)")
    )


def test_every_covered_day_has_a_total_row(night):
    for kpi, figure in night.expected.items():
        days = night.daily[(night.daily.kpi == kpi) & (night.daily.dimension == "total")].date
        assert sorted(days) == [
            figure.start + timedelta(days=n) for n in range((AS_OF - figure.start).days + 1)
        ]
