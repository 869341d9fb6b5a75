"""Intervals and p-values, against exact sums of fractions, figures of the literature, and by property."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dagster_project.goals.review.intervals import (
    binomial,
    poisson,
    ratio_over_days,
    student,
    student_p_value,
    student_quantile,
)


def exact_binomial_p(hits: int, trials: int, rate: Fraction) -> float:
    """The method of small p-values, by enumeration in fractions."""
    chances = [math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(trials + 1)]
    return float(sum(chance for chance in chances if chance <= chances[hits]))


rates = st.fractions(min_value=0, max_value=1, max_denominator=50)


@st.composite
def counts(draw: st.DrawFn, most: int = 60) -> tuple[int, int]:
    trials = draw(st.integers(1, most))
    return draw(st.integers(0, trials)), trials


@given(counts(), rates)
def test_the_binomial_p_value_is_the_sum_of_all_that_is_no_more_likely(
    found: tuple[int, int], rate: Fraction
) -> None:
    hits, trials = found
    assert binomial(hits, trials, float(rate)).p_value == pytest.approx(
        exact_binomial_p(hits, trials, rate), rel=1e-9, abs=1e-12
    )


@given(counts(), rates)
def test_a_rate_and_its_mirror_have_the_same_p_value_and_mirrored_intervals(
    found: tuple[int, int], rate: Fraction
) -> None:
    hits, trials = found
    one, other = binomial(hits, trials, float(rate)), binomial(trials - hits, trials, float(1 - rate))
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9, abs=1e-12)
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@given(counts(most=2_000))
def test_the_binomial_interval_holds_its_rate_and_leaves_a_fortieth_outside(
    found: tuple[int, int],
) -> None:
    hits, trials = found
    finding = binomial(hits, trials, 0.5)
    assert 0 <= finding.low <= hits / trials <= finding.high <= 1
    if hits > 0 and trials <= 60:
        low = Fraction(finding.low)
        tail = sum(math.comb(trials, k) * low**k * (1 - low) ** (trials - k) for k in range(hits, trials + 1))
        assert float(tail) == pytest.approx(0.025, rel=1e-9)


@given(st.integers(1, 25), st.fractions(min_value=0, max_value=1, max_denominator=40))
def test_the_binomial_interval_covers_any_true_rate_in_19_of_20_samples_at_least(
    trials: int, rate: Fraction
) -> None:
    covering = Fraction(0)
    for hits in range(trials + 1):
        found = binomial(hits, trials, float(rate))
        if found.low <= float(rate) <= found.high:
            covering += math.comb(trials, hits) * rate**hits * (1 - rate) ** (trials - hits)
    assert covering >= Fraction(95, 100)


@given(st.integers(0, 40), st.floats(0.01, 40))
def test_a_count_is_significant_only_where_the_interval_or_its_tails_say_so(count: int, mean: float) -> None:
    """The interval halves its error between the tails, the p-value does not: they differ, but never far."""
    found = poisson(count, 1, mean)
    if found.p_value < 0.025:
        assert not found.low <= mean <= found.high
    if not found.low <= mean <= found.high:
        assert found.p_value < 0.1


@given(st.integers(0, 5_000), st.floats(0.1, 1_000))
def test_the_poisson_interval_holds_its_count(count: int, exposure: float) -> None:
    finding = poisson(count, exposure, 1.0)
    assert finding.low <= count / exposure <= finding.high


@given(st.integers(0, 60), st.fractions(min_value=Fraction(1, 10), max_value=60, max_denominator=10))
def test_the_poisson_p_value_is_the_sum_of_all_that_is_no_more_likely(count: int, mean: Fraction) -> None:
    chances = [math.exp(k * math.log(mean) - float(mean) - math.lgamma(k + 1)) for k in range(300)]
    wanted = math.fsum(chance for chance in chances if chance <= chances[count] * (1 + 1e-7))
    assert poisson(count, 1, float(mean)).p_value == pytest.approx(wanted, rel=1e-8, abs=1e-12)


@given(st.integers(1, 400), st.floats(0.01, 50))
def test_t_is_two_sided_and_its_quantile_is_where_a_fortieth_is_left(freedom: int, t: float) -> None:
    assert student_p_value(t, freedom) == student_p_value(-t, freedom)
    assert student_p_value(student_quantile(0.975, freedom), freedom) == pytest.approx(0.05, rel=1e-9)


def test_12_of_80_is_no_other_rate_than_a_fifth_but_120_of_800_is() -> None:
    few, many = binomial(12, 80, 0.2), binomial(120, 800, 0.2)
    assert few.p_value == pytest.approx(0.3275, abs=5e-5)
    assert not few.significant
    assert many.p_value < 0.001
    assert many.significant
    assert (few.low, few.high) == pytest.approx((0.0799816, 0.2473641), abs=1e-7)


def test_figures_of_the_tables() -> None:
    # Garwood's table of Poisson limits, and Student's.
    assert (poisson(10, 1, 10).low, poisson(10, 1, 10).high) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert (poisson(0, 1, 1).low, poisson(0, 1, 1).high) == pytest.approx((0, 3.6889), abs=1e-4)
    assert student_quantile(0.975, 1) == pytest.approx(12.7062, abs=1e-4)
    assert student_quantile(0.975, 10) == pytest.approx(2.2281, abs=1e-4)
    assert student_quantile(0.975, 1_000_000) == pytest.approx(1.95996, abs=1e-4)


def test_a_million_trials_are_judged_as_the_normal_law_says() -> None:
    deviation = math.sqrt(0.02 * 0.98 * 1_000_000)
    finding = binomial(20_000 + round(3 * deviation), 1_000_000, 0.02)
    assert finding.p_value == pytest.approx(0.0027, abs=1e-4)
    assert finding.high - finding.low == pytest.approx(2 * 1.96 * deviation / 1_000_000, rel=0.02)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(1, 1e3)), min_size=2, max_size=50))
def test_a_ratio_over_days_is_sum_over_sum_and_inside_its_interval(
    days: list[tuple[float, float]],
) -> None:
    value, error, freedom = ratio_over_days(days)
    assert value == pytest.approx(math.fsum(a for a, _ in days) / math.fsum(b for _, b in days))
    assert freedom == len(days) - 1
    assume(error > 1e-9 * abs(value))
    finding = student(value, error, freedom, value)
    assert finding.low < value < finding.high
    assert finding.p_value == 1


def test_a_ratio_over_equal_days_has_the_error_of_a_mean() -> None:
    # five days of weight one: the mean 3 with deviation sqrt(2.5), so an error of sqrt(2.5 / 5)
    value, error, freedom = ratio_over_days([(x, 1) for x in (1, 2, 3, 4, 5)])
    assert (value, error, freedom) == (3, pytest.approx(math.sqrt(0.5)), 4)


@pytest.mark.parametrize(("hits", "trials", "rate"), [(3, 2, 0.5), (0, 0, 0.5), (1, 2, 1.5), (-1, 2, 0.5)])
def test_what_is_no_rate_of_counts_is_refused(hits: int, trials: int, rate: float) -> None:
    with pytest.raises(ValueError, match="no rate of counts"):
        binomial(hits, trials, rate)
