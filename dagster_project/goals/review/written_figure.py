"""A measured value as it is written in a goal, to three significant digits: what is known of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

DIGITS = 3


def written_figure(value: float, unit: str) -> str:
    """15%, 1_040_000, 0.0123."""
    shown = _rounded(value * 100 if unit == "percent" else value)
    whole, point, rest = f"{shown:f}".partition(".")
    rest = rest.rstrip("0")
    grouped = f"{int(whole):_}" if abs(int(whole)) >= 1 else whole
    return grouped + (f".{rest}" if point and rest else "") + ("%" if unit == "percent" else "")


def as_written(text: str) -> Fraction:
    """The fraction that `written_figure` wrote."""
    value = Fraction(text.rstrip("%").replace("_", ""))
    return value / 100 if text.endswith("%") else value


def _rounded(value: float) -> Decimal:
    exact = Decimal(repr(value))
    if exact == 0:
        return Decimal(0)
    return round(exact, DIGITS - 1 - exact.adjusted())
