"""How far a value is from its target, whichever direction is the better one, and what that is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "within"]
Status = Literal["attained", "on_track", "at_risk", "behind", "missed", "no_target", "no_data"]

# Sums of floats reach a target of the same figures within this share of it.
ROUNDING = 1e-9

AT_RISK_FROM = 0.9  # a running period is at risk from this attainment of what is due, behind below it


@dataclass(frozen=True)
class Attainment:
    """`value`: a fraction, 1 is just attained; None where `reason` says why. `attained`: None: not known."""

    value: float | None
    attained: bool | None
    reason: str | None = None


def attain(
    direction: Direction,
    target: float | None,
    actual: float | None,
    within: tuple[float, float] | None = None,
) -> Attainment:
    """The attainment of a target.

    up: actual / target. down: target / actual; an actual of 0 or less under a positive target is attained
    without a figure, reason `beyond`. within (low, high): 1 inside, actual / low below, high / actual above.
    A target of 0: 1 if attained, else 0. A negative target (a loss): 1 + improvement / |target|.
    """
    if actual is None:
        return Attainment(None, None, "no_data")
    if direction == "within" and within is not None:
        return _within(within, actual)
    if target is None:
        return Attainment(None, None, "no_target")
    slack = ROUNDING * abs(target)
    attained = actual >= target - slack if direction != "down" else actual <= target + slack
    if target == 0:
        return Attainment(1.0 if attained else 0.0, attained)
    if target < 0:
        better = actual - target if direction != "down" else target - actual
        return Attainment(1 + better / abs(target), attained)
    if direction != "down":
        return Attainment(actual / target, attained)
    if actual <= 0:
        return Attainment(None, True, "beyond")
    return Attainment(target / actual, attained)


def _within(bounds: tuple[float, float], actual: float) -> Attainment:
    low, high = bounds
    slack = ROUNDING * max(abs(low), abs(high))
    if low - slack <= actual <= high + slack:
        return Attainment(1.0, True)
    if actual > high:
        return Attainment(high / actual if high > 0 else 0.0, False)
    return Attainment(max(actual / low, 0.0) if low > 0 else 0.0, False)


def status_of(
    *,
    to_date: Attainment,
    whole: Attainment,
    is_over: bool,
    accumulates: bool,
    direction: Direction,
    target: float | None,
    success: float = 1,
) -> Status:
    """The word for it. `to_date`: against what is due; `whole`: against the whole period's target.
    `success`: from which attainment on it is reached; 0.7 of a stretch target (OKR), else 1.

    no_data: there is no actual · no_target: nothing to compare it with
    period over: attained or missed
    running, a value that accumulates: attained once it reaches the whole target (up, above 0), missed once
    it exceeds it (down, 0 or above); a loss, or a target of 0 to be reached, is open to the end
    running otherwise, against what is due: on_track if reached, at_risk from 90 % of it, behind below
    """
    if to_date.reason == "no_data" or whole.reason == "no_data":
        return "no_data"
    if whole.attained is None or to_date.attained is None:
        return "no_target"
    if is_over:
        return "attained" if _reached(whole, success) else "missed"
    if accumulates and target is not None:
        if direction == "up" and target > 0 and _reached(whole, success):
            return "attained"
        if direction == "down" and target >= 0 and not _reached(whole, success):
            return "missed"
    if _reached(to_date, success):
        return "on_track"
    near = to_date.value is not None and to_date.value >= AT_RISK_FROM * success
    return "at_risk" if near else "behind"


def _reached(found: Attainment, success: float) -> bool:
    if success != 1 and found.value is not None:
        return found.value >= success - ROUNDING
    return bool(found.attained)
