"""When a goal is in danger, told with hysteresis: a probability that trembles about a line opens one alert
and not thirty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

OPENS_BELOW = 0.4
CLOSES_ABOVE = 0.6
NIGHTS = 2  # in a row, below the line, before an alert opens


@dataclass(frozen=True)
class Night:
    """One night's probability of attaining a goal, from days that no longer change; None where there was
    none, and the night neither opens nor closes anything."""

    as_of: date
    probability: float | None


@dataclass(frozen=True)
class Danger:
    """A stretch in which the goal was in danger. `opened_on`: the night that made it certain."""

    opened_on: date
    closed_on: date | None
    lowest: float


def dangers(
    nights: Sequence[Night],
    *,
    opens_below: float = OPENS_BELOW,
    closes_above: float = CLOSES_ABOVE,
    in_a_row: int = NIGHTS,
) -> tuple[Danger, ...]:
    """The stretches, oldest first; the last one is open where it has no closed_on.

    nights: ascending by as_of, one each. A stretch opens on the in_a_row-th night below `opens_below` and
    closes on the first one above `closes_above`. Nights without a probability leave everything as it is.
    Raises ValueError where closes_above is below opens_below.
    """
    if closes_above < opens_below:
        raise ValueError(
            f"closes_above {closes_above} is below opens_below {opens_below}: nothing would stay open"
        )
    found: list[Danger] = []
    opened: date | None = None
    low: list[float] = []
    for night in nights:
        chance = night.probability
        if chance is None:
            continue
        if opened is None:
            low = [*low, chance] if chance < opens_below else []
            if len(low) >= in_a_row:
                opened = night.as_of
        elif chance > closes_above:
            found.append(Danger(opened, night.as_of, min(low)))
            opened, low = None, []
        else:
            low.append(chance)
    if opened is not None:
        found.append(Danger(opened, None, min(low)))
    return tuple(found)
