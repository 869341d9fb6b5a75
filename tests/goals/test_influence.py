"""Which KPIs moved with the KGI, told from monthly changes."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.calendar.fiscal import add_months
from dagster_project.goals.review.influence import influence, spearman

MONTHS = [add_months(date(2024, 4, 1), n) for n in range(36)]


def changes(values: list[float], first: int = 0) -> dict[date, float]:
    return dict(zip(MONTHS[first:], values, strict=False))


@pytest.fixture
def noise() -> list[float]:
    draw = random.Random(7)
    return [draw.gauss(0, 1) for _ in range(30)]


def test_a_kpi_that_the_kgi_follows_two_months_later_is_seen_at_that_lag(noise: list[float]) -> None:
    found = influence("leads", changes(noise), changes([3 * value for value in noise], first=2))
    assert found.seen == "moves_with"
    assert (found.lag, found.correlation) == (2, pytest.approx(1))
    assert not found.is_candidate


def test_a_kpi_that_moves_by_itself_is_a_candidate_with_what_would_have_shown(noise: list[float]) -> None:
    other = random.Random(11).sample(noise, len(noise))
    found = influence("brochures", changes(other), changes(noise))
    assert found.seen == "none_seen"
    assert found.is_candidate
    assert found.correlation is not None
    assert found.would_show is not None
    assert abs(found.correlation) < found.would_show


def test_the_limit_of_what_shows_is_the_least_correlation_that_is_significant(noise: list[float]) -> None:
    found = influence("x", changes(noise), changes(noise[::-1]))
    assert found.p_value is not None
    # t of 27 or so degrees at a fortieth of a quarter: 2.7, so 0.45 or so
    assert found.would_show == pytest.approx(0.45, abs=0.02)
    assert (abs(found.correlation or 0) >= found.would_show) == (found.p_value < 0.05)


def test_a_history_in_which_a_middling_influence_would_not_show_makes_no_candidate(
    noise: list[float],
) -> None:
    other = random.Random(11).sample(noise, len(noise))
    found = influence("x", changes(other[:20]), changes(noise))
    assert (found.seen, found.is_candidate) == ("short_history", False)
    assert found.would_show is not None
    assert found.would_show > 0.5
    assert influence("x", changes(noise[:20]), changes(noise)).seen == "moves_with"


def test_a_short_history_and_a_constant_one_are_no_candidates(noise: list[float]) -> None:
    assert influence("x", changes(noise[:10]), changes(noise)).seen == "short_history"
    assert influence("x", changes([0.0] * 30), changes(noise)).seen == "constant"


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30))
def test_the_rank_correlation_is_pandas(pairs: list[tuple[float, float]]) -> None:
    import pandas as pd

    left, right = pd.Series([a for a, _ in pairs]), pd.Series([b for _, b in pairs])
    wanted = left.rank().corr(right.rank()) if left.nunique() > 1 and right.nunique() > 1 else None
    assert spearman(pairs) == (None if wanted is None else pytest.approx(wanted, abs=1e-12))
