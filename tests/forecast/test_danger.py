"""One alert for one danger."""

from datetime import date, timedelta

import pytest

from dagster_project.forecast.danger import Danger, Night, dangers

START = date(2026, 6, 1)


def nights(*chances):
    return [Night(START + timedelta(days=i), chance) for i, chance in enumerate(chances)]


def day(number):
    return START + timedelta(days=number)


def test_one_night_below_the_line_opens_nothing_and_two_in_a_row_do():
    assert dangers(nights(0.7, 0.3, 0.7)) == ()
    assert dangers(nights(0.7, 0.3, 0.35)) == (Danger(day(2), None, 0.3),)
    assert dangers(nights(0.3, 0.5, 0.3, 0.5)) == ()


def test_thirty_nights_that_tremble_about_the_line_are_one_alert_and_one_end():
    trembling = [0.35, 0.38, *([0.41, 0.39, 0.55, 0.37] * 7)]
    assert dangers(nights(*trembling, 0.65)) == (Danger(day(2 - 1), day(30), 0.35),)


def test_it_closes_above_the_higher_line_only_and_may_open_again():
    found = dangers(nights(0.2, 0.2, 0.59, 0.6, 0.61, 0.2, 0.2))
    assert found == (Danger(day(1), day(4), 0.2), Danger(day(6), None, 0.2))


def test_nights_without_a_probability_are_silent():
    assert dangers(nights(0.3, None, 0.3)) == (Danger(day(2), None, 0.3),)
    assert dangers(nights(0.3, 0.3, None)) == (Danger(day(1), None, 0.3),)


def test_lines_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match="nothing would stay open"):
        dangers(nights(0.5), opens_below=0.6, closes_above=0.4)
