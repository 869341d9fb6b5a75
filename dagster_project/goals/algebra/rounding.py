"""Figures as they are shown: exact inside, rounded only here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

# A count of 60.0000000001, left over from a float in the data, is 60 and not 61.
SLACK = Fraction(1, 10**9)


def whole(value: Fraction) -> int:
    """A count to be reached: 133.33 deals are reached by 134 and not by 133. ceil(x - 1e-9)."""
    return math.ceil(value - SLACK)


def whole_days(cumulative: Sequence[Fraction]) -> list[int]:
    """What each day shows: the difference of two rounded cumulatives, so that shown days sum to the shown
    total."""
    through = [whole(value) for value in cumulative]
    return [now - before for now, before in zip(through, [0, *through], strict=False)]


def figure(value: Fraction) -> str:
    """A figure for a message: 300,000,000 or 1,666.67 or 0.05."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    size = abs(float(value))
    return f"{float(value):,.2f}" if size >= 1 else f"{float(value):.6g}"
