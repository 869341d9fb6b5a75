"""The array types of the forecast, and sums over windows of days by prefix sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TINY = 1e-300  # below every figure, above 0: what is divided by where nothing is known


def prefix(values: Floats) -> Floats:
    """Sums of the first 0, 1, 2, ... elements along the last axis: one longer than `values` there."""
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)


def between(sums: Floats, start: Ints, end: Ints, row: Ints | None = None) -> Floats:
    """Sums over the days start..end-1 of prefix sums (of row `row` of each, where there are several);
    what lies outside counts nothing."""
    last = sums.shape[-1] - 1
    start, end = np.clip(start, 0, last), np.clip(end, 0, last)
    if row is None:
        return np.asarray(sums[end] - sums[start])
    return np.asarray(sums[row, end] - sums[row, start])
