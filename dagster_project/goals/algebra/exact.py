"""Figures of the tables, which are doubles, as the fractions they stand for."""

from __future__ import annotations

import math
from fractions import Fraction


def exact(value: float) -> Fraction:
    """The simplest fraction that is written as this double: 0.1 is 1/10, 9 / 40 * 40 is 9.

    The equations of a tree are checked and taken apart in fractions; a rate that was stored as a double
    would else leave a rest of 1e-17 where nothing is left. Raises ValueError for NaN and infinities.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no figure")
    if value < 0:
        return -exact(-value)
    if value == math.floor(value):
        return Fraction(int(value))
    size = Fraction(value)
    above = (size + Fraction(math.nextafter(value, math.inf))) / 2
    below = (size + Fraction(math.nextafter(value, 0.0))) / 2
    found = _simplest(below, above)
    return found if float(found) == value else size


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator from `low` to `high`, both above 0."""
    whole = [low.numerator // low.denominator]
    while whole[-1] != low and whole[-1] + 1 > high:
        low, high = 1 / (high - whole[-1]), 1 / (low - whole[-1])
        whole.append(low.numerator // low.denominator)
    found = Fraction(whole[-1] if whole[-1] == low else whole[-1] + 1)
    for part in reversed(whole[:-1]):
        found = part + 1 / found
    return found
