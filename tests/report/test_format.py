from __future__ import annotations

from datetime import date

import pytest

from dagster_project.report.format import (
    clean,
    format_change,
    format_date,
    format_pace,
    format_probability,
    format_share,
    format_target,
    format_value,
)


@pytest.mark.parametrize(
    ("amount", "unit", "ja", "en"),
    [
        (60_990_000, "JPY", "6,099万円", "¥61M"),
        (120_000_000, "JPY", "1.2億円", "¥120M"),
        (99_999_999, "JPY", "1億円", "¥100M"),
        (12_345, "JPY", "1.2万円", "¥12.3K"),
        (9_876, "JPY", "9,876円", "¥9,876"),
        (0, "JPY", "0円", "¥0"),
        (-80_000_000, "JPY", "-8,000万円", "-¥80M"),
        (2_345_678, "USD", "235万ドル", "$2.35M"),
        (12.5, "USD", "12.5ドル", "$12.5"),
        (0.0931, "percent", "9.3%", "9.3%"),
        (1.0, "percent", "100.0%", "100.0%"),
        (6_480, "count", "6,480件", "6,480"),
        (3.25, "days", "3.2日", "3.2 days"),
        (-0.4, "count", "0件", "0"),
        (4.256, "score", "4.26", "4.26"),
        (12_345, None, "12,345", "12,345"),
    ],
)
def test_a_value_is_shown_in_its_unit(amount: float, unit: str | None, ja: str, en: str) -> None:
    assert format_value(amount, unit, "ja") == ja
    assert format_value(amount, unit, "en") == en


def test_no_value_is_a_dash_with_its_reason() -> None:
    assert format_value(None, "percent", "ja", "zero_denominator") == "–（分母が0）"
    assert format_value(None, "percent", "en", "zero_denominator") == "– (zero denominator)"
    assert format_value(float("nan"), "JPY", "ja") == "–"


def test_target_counts_are_rounded_up_but_not_by_the_error_of_a_float() -> None:
    assert format_target(133.33, "count", "ja") == "134件"
    assert format_target(21 / 0.35, "count", "ja") == "60件"
    assert format_target(0.2, "percent", "ja") == "20.0%"


def test_a_small_pace_is_shown_as_it_is_and_not_as_one_a_day() -> None:
    assert format_pace(3 / 98, "count", "ja") == "0.03件"
    assert format_pace(0.00042, "count", "en") == "0.00042"
    assert format_pace(133.33, "count", "ja") == "134件"
    assert format_pace(1_234_567, "JPY", "ja") == format_target(1_234_567, "JPY", "ja")
    assert format_pace(0.0, "count", "en") == "0"
    assert format_pace(None, "count", "en") == "–"


def test_short_of_the_target_never_reads_as_reached() -> None:
    assert format_share(0.9996) == "99.9%"
    assert format_share(0.92) == "92%"
    assert format_share(1.0) == "100%"
    assert format_share(None) == "–"


def test_a_probability_is_never_certain() -> None:
    assert format_probability(0.0, "ja") == "1%未満"
    assert format_probability(1.0, "en") == ">99%"
    assert format_probability(0.12, "ja") == "12%"


def test_a_change_is_relative_and_of_fractions_in_points() -> None:
    assert format_change(112, 100, "count") == "+12%"
    assert format_change(0.212, 0.2, "percent") == "+1.2pt"
    assert format_change(-50, -100, "JPY") == "+50%"
    assert format_change(5, 0, "count") == "–"


def test_a_date_reads_as_people_write_it() -> None:
    assert format_date(date(2026, 10, 31), "ja") == "2026年10月31日"
    assert format_date(date(2026, 10, 31), "en") == "31 Oct 2026"


def test_control_and_direction_characters_are_dropped_and_lines_joined() -> None:
    assert clean("春の\x1b[31mキャンペーン\u202e\u200b\x07\n二行目") == "春の[31mキャンペーン 二行目"
