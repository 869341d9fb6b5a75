"""Is a measured value another one than was assumed, or is the difference within what chance does?

Exact for rates of counts (Clopper and Pearson 1934) and for counts (Garwood 1936), with the two-sided p-value
by the method of small p-values: the probability of everything that is no more likely than what was seen.
Averages: Student's t. The incomplete beta and gamma functions are evaluated here, by the continued fractions
and series of the NIST Digital Library of Mathematical Functions (8.17.22, 8.11.4, 8.9.2): three functions
do not pay for a dependency of a hundred times our own size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

CONFIDENCE = 0.95
SIGNIFICANT_BELOW = 1 - CONFIDENCE

Method = Literal["binomial", "poisson", "t"]

_TINY = 1e-300
_EPSILON = 1e-15
_STEPS = 200_000
# Probabilities that are equal on paper differ in their last digits (R's binom.test takes the same factor).
_AS_LIKELY = 1 + 1e-7


@dataclass(frozen=True)
class Finding:
    """A value, its confidence interval, and the two-sided p-value of what was assumed.

    `low` and `high` are in the value's unit; the interval is of CONFIDENCE.
    """

    value: float
    low: float
    high: float
    p_value: float
    method: Method

    @property
    def significant(self) -> bool:
        """Whether the difference from what was assumed is more than chance explains."""
        return self.p_value < SIGNIFICANT_BELOW


def binomial(hits: int, trials: int, assumed: float) -> Finding:
    """`hits` of `trials`, against an assumed rate in 0..1. Raises ValueError where that makes no rate."""
    if not 0 <= hits <= trials or trials == 0 or not 0 <= assumed <= 1:
        raise ValueError(f"{hits} of {trials} against {assumed} is no rate of counts")
    tail = SIGNIFICANT_BELOW / 2
    low = 0.0 if hits == 0 else _bisect(lambda p: _beta(hits, trials - hits + 1, p) - tail, 0.0, 1.0)
    high = (
        1.0 if hits == trials else _bisect(lambda p: tail - _beta(trials - hits, hits + 1, 1 - p), 0.0, 1.0)
    )

    def log_chance(k: int) -> float:
        ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return ways + _times_log(k, assumed) + _times_log(trials - k, 1 - assumed)

    def up_to(k: int) -> float:
        return 1.0 if k >= trials else 0.0 if k < 0 else _beta(trials - k, k + 1, 1 - assumed)

    def from_(k: int) -> float:
        return 1.0 if k <= 0 else 0.0 if k > trials else _beta(k, trials - k + 1, assumed)

    mode = min(math.floor((trials + 1) * assumed), trials)
    p_value = _small_p_values(hits, mode, trials + 1, log_chance, up_to, from_)
    return Finding(hits / trials, low, high, p_value, "binomial")


def poisson(count: int, exposure: float, assumed: float) -> Finding:
    """`count` events over `exposure` (1, or a number of hours, visits, ...), against an assumed rate per unit
    of it. Value and interval are rates too. Raises ValueError where there is none."""
    if count < 0 or exposure <= 0 or assumed < 0:
        raise ValueError(f"{count} over {exposure} against {assumed} is no count")
    tail = SIGNIFICANT_BELOW / 2
    # No interval of the mean ends beyond this: eight deviations of a Poisson variable above its count.
    beyond = count + 10 + 8 * math.sqrt(count + 1)
    low = 0.0 if count == 0 else _bisect(lambda mean: _gamma(count, mean) - tail, 0.0, float(count))
    high = _bisect(lambda mean: tail - (1 - _gamma(count + 1, mean)), 0.0, beyond)
    mean = assumed * exposure

    def log_chance(k: int) -> float:
        return _times_log(k, mean) - mean - math.lgamma(k + 1)

    def up_to(k: int) -> float:
        return 0.0 if k < 0 else max(1 - _gamma(k + 1, mean), 0.0)

    def from_(k: int) -> float:
        return 1.0 if k <= 0 else _gamma(k, mean)

    mode = math.floor(mean)
    last = max(count, mode) + 10 + math.ceil(40 * math.sqrt(max(count, mode) + 1))
    p_value = _small_p_values(count, mode, last, log_chance, up_to, from_)
    return Finding(count / exposure, low / exposure, high / exposure, p_value, "poisson")


def student(value: float, error: float, freedom: int, assumed: float) -> Finding:
    """A mean or ratio with its standard error and degrees of freedom, against an assumed value.

    Raises ValueError where there is no freedom, or no spread to judge by.
    """
    if freedom < 1 or error <= 0:
        raise ValueError("a spread and two observations at least are needed")
    reach = student_quantile(1 - SIGNIFICANT_BELOW / 2, freedom) * error
    return Finding(
        value, value - reach, value + reach, student_p_value((value - assumed) / error, freedom), "t"
    )


def student_p_value(t: float, freedom: int) -> float:
    """The two-sided p-value of Student's t."""
    return _beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def student_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t, for a probability above one half."""
    outside = 2 * (1 - probability)
    beyond = 1.0
    while student_p_value(beyond, freedom) > outside:
        beyond *= 2
    return _bisect(lambda t: outside - student_p_value(t, freedom), 0.0, beyond)


def ratio_over_days(sides: list[tuple[float, float]]) -> tuple[float, float, int]:
    """(value, standard error, degrees of freedom) of a ratio of sums over days, (top, bottom) each.

    The days are the sample, so that what happens together on a day counts once: the linearised variance of
    a ratio estimator (Cochran, Sampling Techniques, 1977, chapter 6). Raises ValueError for less than two
    days with a bottom.
    """
    days = [(top, bottom) for top, bottom in sides if bottom != 0]
    below = math.fsum(bottom for _, bottom in days)
    if len(days) < 2 or below == 0:
        raise ValueError("two days at least are needed")
    value = math.fsum(top for top, _ in days) / below
    off = math.fsum((top - value * bottom) ** 2 for top, bottom in days)
    error = math.sqrt(off * len(days) / (len(days) - 1)) / abs(below)
    return value, error, len(days) - 1


def _small_p_values(
    seen: int,
    mode: int,
    last: int,
    log_chance: Callable[[int], float],
    up_to: Callable[[int], float],
    from_: Callable[[int], float],
) -> float:
    """The tail of what was seen, and from the other side of the mode all that is no more likely."""
    limit = log_chance(seen) + math.log(_AS_LIKELY)
    if seen == mode or limit >= log_chance(mode):
        return 1.0
    if seen < mode:
        # the first k above the mode that is no more likely; the chances fall from there on
        other = _first(lambda k: log_chance(k) <= limit, mode, last)
        return min(up_to(seen) + from_(other), 1.0)
    other = -_first(lambda k: log_chance(-k) <= limit, -mode, 1)
    return min(from_(seen) + (up_to(other) if other >= 0 else 0.0), 1.0)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The least whole number between the two from which `holds` is true; `high` where it never is."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _times_log(count: int, chance: float) -> float:
    """count * log(chance), with 0 * log(0) = 0."""
    if count == 0:
        return 0.0
    return count * math.log(chance) if chance > 0 else -math.inf


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero between the two, to the last digit."""
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )

    def term(step: int) -> tuple[float, float]:
        half, odd = divmod(step, 2)
        if odd:
            return -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1)), 1.0
        return half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half)), 1.0

    return front / (a * _continued(1.0, term))


def _gamma(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x)."""
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        total = part = 1 / a
        at = a
        for _ in range(_STEPS):
            at += 1
            part *= x / at
            total += part
            if part < total * _EPSILON:
                break
        return min(total * front, 1.0)

    def term(step: int) -> tuple[float, float]:
        return -step * (step - a), x + 2 * step + 1 - a

    return 1 - front / _continued(x + 1 - a, term)


def _continued(first: float, term: Callable[[int], tuple[float, float]]) -> float:
    """first + a1 / (b1 + a2 / (b2 + ...)), (a, b) by `term`; the modified method of Lentz."""
    value = first or _TINY
    ahead, behind = value, 0.0
    for step in range(1, _STEPS):
        above, below = term(step)
        behind = below + above * behind
        behind = 1 / (behind or _TINY)
        ahead = below + above / ahead
        ahead = ahead or _TINY
        change = ahead * behind
        value *= change
        if abs(change - 1) < _EPSILON:
            break
    return value
