"""How far a value is from its target, whichever direction is the better one, and what that is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "within"]
Status = Literal["attained", "on_track", "at_risk", "behind", "missed", "no_target", "no_data"]
Rule = Literal["no_data", "no_target", "at_end", "reached", "exceeded", "due"]

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


@dataclass(frozen=True)
class Verdict:
    """A status, and which of the rules below gave it."""

    status: Status
    rule: Rule


def status_of(
    *,
    to_date: Attainment,
    whole: Attainment,
    is_over: bool,
    accumulates: bool,
    direction: Direction,
    target: float | None,
    success: float = 1.0,
) -> Verdict:
    """The word for it. `to_date`: against what is due; `whole`: against the whole period's target. `success`:
    from which attainment on a target counts as reached, 1 or less (0.7 of a stretch target).

    no_data    there is no actual                                         no_data
    no_target  nothing to compare it with                                 no_target
    at_end     the period is over and known                               attained or missed
    reached    it grows, and has reached the whole target (up, above 0)   attained
    exceeded   it grows, and has exceeded the target (down, 0 or above)   missed
    due        against what is due by now: reached                        on_track
               from 90 % of what success takes on                         at_risk
               below that                                                 behind

    A loss, or a target of 0 to be reached, is open to the end.
    """
    if to_date.reason == "no_data" or whole.reason == "no_data":
        return Verdict("no_data", "no_data")
    if whole.attained is None or to_date.attained is None:
        return Verdict("no_target", "no_target")
    is_reached = _succeeds(whole, success)
    if is_over:
        return Verdict("attained" if is_reached else "missed", "at_end")
    if accumulates and target is not None:
        if direction == "up" and target > 0 and is_reached:
            return Verdict("attained", "reached")
        if direction == "down" and target >= 0 and not is_reached:
            return Verdict("missed", "exceeded")
    if _succeeds(to_date, success):
        return Verdict("on_track", "due")
    near = to_date.value is not None and to_date.value >= AT_RISK_FROM * success
    return Verdict("at_risk" if near else "behind", "due")


def _succeeds(attainment: Attainment, success: float) -> bool:
    if attainment.attained or success >= 1:
        return bool(attainment.attained)
    return attainment.value is not None and attainment.value >= success * (1 - ROUNDING)
