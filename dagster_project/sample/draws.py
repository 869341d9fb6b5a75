"""Draws that are equal on every machine: uniforms from the bits of PCG64, and plain arithmetic over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

SEED = 184

T = TypeVar("T")


class Weighted:
    """Values with weights, ready to be drawn from: Weighted({"a": 3, "b": 1})."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.values = tuple(weights)
        self.bounds = tuple(accumulate(weights.values()))


class Draws:
    """One stream of draws, named by what it is for (`part`, and the ordinal of a day)."""

    def __init__(self, part: int, ordinal: int = 0) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([SEED, part, ordinal]))
        self._ready: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._ready:
            # raw bits rather than Generator methods: only the bits are promised not to change with numpy
            self._ready = ((self._bits.random_raw(512) >> np.uint64(11)) * 2.0**-53).tolist()
        return self._ready.pop()

    def chance(self, share: float) -> bool:
        return self.uniform() < share

    def between(self, low: int, high: int) -> int:
        """A whole number in low .. high, both ends in."""
        return low + int(self.uniform() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self.uniform() * len(values))]

    def weighted(self, choices: Weighted) -> str:
        at = self.uniform() * choices.bounds[-1]
        for value, bound in zip(choices.values, choices.bounds, strict=True):
            if at < bound:
                return value
        return choices.values[-1]

    def poisson(self, mean: float) -> int:
        """A count with this mean, by inversion: one uniform a draw, whatever comes out."""
        at, count = self.uniform(), 0
        term = total = math.exp(-mean)
        while at >= total and count < 1000:
            count += 1
            term *= mean / count
            total += term
        return count


def between_anchors(anchors: Sequence[tuple[int, float]], ordinal: int) -> float:
    """The value at `ordinal` on the line through the anchors (day ordinal, value); flat outside them."""
    if ordinal <= anchors[0][0]:
        return anchors[0][1]
    for (left, low), (right, high) in zip(anchors, anchors[1:], strict=False):
        if ordinal <= right:
            return low + (high - low) * (ordinal - left) / (right - left)
    return anchors[-1][1]
