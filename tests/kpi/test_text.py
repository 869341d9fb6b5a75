"""Typed text: exact figures, strict dates."""

from fractions import Fraction

import pytest

from dagster_project.kpi.text import identifier, parse_bool, parse_date, parse_days, parse_quantity


@pytest.mark.parametrize(
    ("text", "value", "form", "relative"),
    [
        ("100_000_000", Fraction(100_000_000), "number", False),
        ("2_360.5", Fraction(4721, 2), "number", False),
        ("20%", Fraction(1, 5), "percent", False),
        ("0.1", Fraction(1, 10), "number", False),
        ("+10%", Fraction(1, 10), "percent", True),
        ("+10pt", Fraction(1, 10), "points", True),
        ("-5", Fraction(-5), "number", False),
        (".5", Fraction(1, 2), "number", False),
    ],
)
def test_quantities_are_exact(text, value, form, relative):
    quantity = parse_quantity(text)
    assert (quantity.value, quantity.form, quantity.relative) == (value, form, relative)


@pytest.mark.parametrize("text", ["", "1,000", "10pt", "ten", "1e3", "1 000", "％"])
def test_a_figure_in_another_form_is_refused(text):
    with pytest.raises(ValueError, match="figure|points"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["2026-4-1", "2026/04/01", "2026-02-30", "20260401"])
def test_a_date_that_is_not_iso_is_refused(text):
    with pytest.raises(ValueError, match=r"date|calendar"):
        parse_date(text)


def test_days_and_truth_are_strict():
    assert (parse_days("4 days"), parse_days("1 day"), parse_days("0")) == (4, 1, 0)
    assert parse_bool("true") is True
    with pytest.raises(ValueError, match="neither"):
        parse_bool("yes")


@pytest.mark.parametrize(
    "name", ["order", "select", "period_start", "Umsatz", "売上", "1st", "a-b", "a b", ""]
)
def test_a_name_that_sql_would_trip_over_is_refused(name):
    with pytest.raises(ValueError, match="name"):
        identifier(name)
