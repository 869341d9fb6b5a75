"""Wrong numbers without an error: one test an invariant."""

from __future__ import annotations

from datetime import date

import pandas as pd


def total(night, kpi, grain="all"):
    rows = night.period[(night.period.kpi == kpi) & (night.period.grain == grain)]
    return rows[rows.dimension == "total"]


def test_a_lookup_multiplies_no_rows_and_loses_none(night):
    exported = pd.read_csv(night.root / "data" / "deals.csv")
    before = exported[pd.to_datetime(exported.opened_on).dt.date <= date(2027, 2, 10)]
    assert total(night, "deals_opened").value.item() == len(before)


def test_segments_add_up_to_the_total_where_the_row_says_so(night):
    for table, key in ((night.daily, ["date"]), (night.period, ["grain", "period_start"])):
        additive = table[table.sums_over_segments]
        totals = additive[additive.dimension == "total"].set_index([*key, "kpi"]).value
        split = additive[additive.dimension != "total"]
        sums = split.groupby([*key, "kpi", "dimension"]).value.sum().reset_index("dimension")
        joined = sums.assign(value_total=totals)
        assert len(joined) > 1000
        assert (joined.value - joined.value_total).abs().max() < 1e-6


def test_what_must_not_be_summed_says_so(night):
    flags = night.daily.groupby("kpi")[["sums_over_days", "sums_over_segments"]].first()
    additive = {"won_amount", "deals_opened", "closed", "not_first", "line_value", "repeat_orders"}
    additive |= {"sales_value", "target", "open_or_lost"}
    assert set(flags.index[flags.sums_over_days]) == additive
    assert set(flags.index[flags.sums_over_segments]) == additive


def test_zero_over_zero_is_no_value_with_a_reason(night):
    empty = night.daily[(night.daily.kpi == "win_rate") & (night.daily.denominator == 0)]
    assert len(empty) > 10
    assert empty.value.isna().all()
    assert set(empty.status_reason) == {"zero_denominator"}


def test_a_roster_member_without_rows_has_zeros(night):
    doi = night.period[(night.period.kpi == "won_amount") & (night.period.segment == "Doi")]
    assert set(doi.grain) == {"week", "month", "quarter", "half", "fiscal_year", "all"}
    assert set(doi.value) == {0.0}


def test_rows_without_a_segment_are_none_and_never_lost(night):
    rows = night.period[(night.period.kpi == "won_amount") & (night.period.grain == "all")]
    assert set(rows[rows.dimension == "customer_type"].segment) == {"new", "repeat", "(none)"}


def test_segments_over_the_limit_are_taken_together(night):
    rows = night.period[(night.period.kpi == "buyers") & (night.period.grain == "all")]
    customers = rows[rows.dimension == "customer"]
    assert "(other)" in set(customers.segment)
    assert len(set(customers.segment) - {"(other)", "(none)"}) == 12
    # Distinct over the taken-together segments: each customer of the rest counts once, not once a day.
    assert customers.value.sum() == total(night, "buyers").value.item()


def test_no_key_repeats_and_no_key_is_empty(night):
    for table, key in (
        (night.daily, ["date", "kpi", "dimension", "segment"]),
        (night.period, ["grain", "period_start", "kpi", "dimension", "segment"]),
    ):
        assert not table.duplicated(key).any()
        assert table[key].notna().all().all()


def test_a_period_that_runs_or_began_before_the_data_is_not_complete(night):
    months = total(night, "won_amount", "month").set_index("period_start")
    assert not months.loc[date(2027, 2, 1)].is_complete
    assert months.loc[date(2027, 2, 1)].elapsed_days == 10
    assert months.loc[date(2027, 1, 1)].is_complete
    years = total(night, "won_amount", "fiscal_year").set_index("period_start")
    assert not years.loc[date(2023, 4, 1)].is_complete
    assert years.loc[date(2023, 4, 1)].status_reason == "covered_from 2024-02-01"


def test_every_segment_has_a_name(night):
    used = {*zip(night.daily.dimension, night.daily.segment, strict=True)}
    named = {*zip(night.segments.dimension, night.segments.segment, strict=True)}
    assert used <= named
