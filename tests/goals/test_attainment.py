"""Attainment by direction, and the words for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.goals.progress.attainment import attain, status_of

BAND = (0.8, 0.9)
figures = st.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("direction", "target", "actual", "attained", "value"),
    [
        ("up", 0.95, 0.95, True, 1.0),
        ("down", 0.05, 0.04, True, 1.25),
        ("down", 0, 0, True, 1.0),
        ("down", 0, 1, False, 0.0),
        ("within", None, 0.85, True, 1.0),
        ("within", None, 0.95, False, 0.9 / 0.95),
        ("within", None, 0.70, False, 0.875),
        ("down", 0.05, 0.0, True, None),
        ("up", -10_000_000, -8_000_000, True, 1.2),
        ("up", -10_000_000, -12_000_000, False, 0.8),
        ("up", 1_000, 1_400, True, 1.4),
        ("up", 2_000, 1_400, False, 0.7),
        ("down", -100, -120, True, 1.2),
        ("up", 0, -1, False, 0.0),
    ],
)
def test_attainment_follows_the_direction(direction, target, actual, attained, value):
    found = attain(direction, target, actual, BAND)
    assert found.attained is attained
    assert found.value == (None if value is None else pytest.approx(value, rel=1e-12))


def test_a_lower_is_better_value_of_zero_is_attained_beyond_any_figure():
    found = attain("down", 0.05, 0.0)
    assert (found.value, found.attained, found.reason) == (None, True, "beyond")


@pytest.mark.parametrize("direction", ["up", "down", "within"])
def test_no_value_has_no_attainment_and_says_so(direction):
    found = attain(direction, 1.0, None, BAND)
    assert (found.value, found.attained, found.reason) == (None, None, "no_data")


@given(st.sampled_from(["up", "down"]), figures, figures)
def test_attained_and_a_figure_of_at_least_one_are_the_same(direction, target, actual):
    found = attain(direction, target, actual)
    if found.value is None:
        assert found.attained
        assert found.reason == "beyond"
    else:
        assert found.attained == (found.value >= 1 - 1e-8)


@given(figures, figures, figures)
def test_more_is_never_attained_less_where_up_is_better(target, one, other):
    low, high = sorted((one, other))
    assert attain("up", target, low).value <= attain("up", target, high).value


def test_sums_of_floats_reach_the_target_of_the_same_figures():
    assert attain("up", 0.3, 0.1 + 0.1 + 0.1 - 1e-17).attained
    assert attain("down", 0.3, 0.1 + 0.2).attained


def word(direction, target, due, actual, *, over=False, accumulates=True, success=1.0):
    return verdict(direction, target, due, actual, over, accumulates, success).status


def verdict(direction, target, due, actual, over=False, accumulates=True, success=1.0):
    return status_of(
        to_date=attain(direction, due, actual),
        whole=attain(direction, target, actual),
        is_over=over,
        accumulates=accumulates,
        direction=direction,
        target=target,
        success=success,
    )


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("up", 100, 50, 50), "on_track"),
        (("up", 100, 50, 45), "at_risk"),
        (("up", 100, 50, 44), "behind"),
        (("up", 100, 50, 100), "attained"),
        (("down", 10, 5, 11), "missed"),
        (("down", 10, 5, 7), "behind"),
        (("down", 0, 0, 1), "missed"),
        (("up", -100, -50, 0), "on_track"),
        (("up", 100, 50, None), "no_data"),
        (("up", None, None, 5), "no_target"),
    ],
)
def test_a_running_period_has_its_word(arguments, status):
    assert word(*arguments) == status


@pytest.mark.parametrize(("actual", "status"), [(100, "attained"), (99, "missed"), (None, "no_data")])
def test_a_period_that_is_over_is_attained_or_missed(actual, status):
    assert word("up", 100, 100, actual, over=True) == status


def test_a_rate_above_its_target_is_only_on_track_while_the_period_runs():
    assert word("up", 0.2, 0.2, 0.25, accumulates=False) == "on_track"


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("up", 100, 50, 45), "due"),
        (("up", 100, 50, 100), "reached"),
        (("down", 10, 5, 11), "exceeded"),
        (("up", 100, 100, 45, True), "at_end"),
        (("up", 100, 50, None), "no_data"),
        (("up", None, None, 5), "no_target"),
    ],
)
def test_a_status_says_by_which_rule_it_was_given(arguments, rule):
    assert verdict(*arguments).rule == rule


@pytest.mark.parametrize(("actual", "status"), [(1400, "attained"), (1399, "missed")])
def test_a_stretch_target_is_a_success_from_its_share_on(actual, status):
    assert word("up", 2000, 2000, actual, over=True, success=0.7) == status


@pytest.mark.parametrize(("actual", "status"), [(700, "on_track"), (640, "at_risk"), (600, "behind")])
def test_a_running_stretch_target_is_measured_against_its_share_of_what_is_due(actual, status):
    assert word("up", 2000, 1000, actual, success=0.7) == status
