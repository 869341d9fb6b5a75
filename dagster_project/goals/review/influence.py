"""Which KPIs moved with the KGI over the history, and which did not: candidates to be dropped.

Measured is whether a change of the KPI from one month to the next went with a change of the KGI in the same
month or up to three months later: Spearman's rank correlation of the changes, the strongest of the four
lags, its p-value multiplied by four (Bonferroni). Changes, since two things that both grow correlate
without one bearing on the other; ranks, since one extraordinary month must not decide.

What it can't see: an influence that takes longer, one that is not monotone, one that is weaker than
`would_show`, and everything about a KPI that was never moved. It shows going together, not cause.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dagster_project.calendar.fiscal import add_months
from dagster_project.goals.model import Goal
from dagster_project.goals.review.intervals import SIGNIFICANT_BELOW, student_p_value, student_quantile
from dagster_project.goals.review.past import PastOf, slice_of

LAGS = (0, 1, 2, 3)
LEAST_MONTHS = 12  # pairs of changes; fewer show only what is obvious
MIDDLING = 0.5  # a history in which this correlation would not show clears nobody: 25 months or so

Seen = Literal["moves_with", "none_seen", "constant", "short_history"]


@dataclass(frozen=True)
class Influence:
    """How a node went together with the KGI. `correlation`: the strongest, at `lag` months; None where there
    is none. `would_show`: the weakest correlation that so many months could have shown."""

    node: str
    seen: Seen
    months: int
    correlation: float | None
    lag: int | None
    p_value: float | None
    would_show: float | None

    @property
    def is_candidate(self) -> bool:
        """Whether the history gives no reason to watch it for this goal."""
        return self.seen == "none_seen"


def influences(goal: Goal, past: PastOf) -> tuple[Influence, ...]:
    """The influence of every measured node but the KGI, by the complete months of the whole history."""
    root = slice_of(goal.kgi)
    assert root is not None
    kgi = _changes({month.start: month.value for month in past.get((root, "month"), ())})
    found = []
    for node in goal.nodes[1:]:
        key = slice_of(node)
        if key is not None and key != root:
            months = {month.start: month.value for month in past.get((key, "month"), ())}
            found.append(influence(node.name, _changes(months), kgi))
    return tuple(found)


def influence(node: str, changes: Mapping[date, float], kgi: Mapping[date, float]) -> Influence:
    """The influence told from two series of monthly changes, by the month's first day."""
    pairs = {lag: _pairs(changes, kgi, lag) for lag in LAGS}
    least = min(len(found) for found in pairs.values())
    if least < LEAST_MONTHS:
        return Influence(node, "short_history", least, None, None, None, None)
    strengths = {lag: spearman(found) for lag, found in pairs.items()}
    known = {lag: strength for lag, strength in strengths.items() if strength is not None}
    if not known:
        return Influence(node, "constant", least, None, None, None, None)
    lag = max(known, key=lambda at: (abs(known[at]), -at))
    strength, months = known[lag], len(pairs[lag])
    p_value = min(_p_value(strength, months) * len(LAGS), 1.0)
    limit = student_quantile(1 - SIGNIFICANT_BELOW / len(LAGS) / 2, months - 2)
    would_show = limit / math.sqrt(months - 2 + limit**2)
    seen: Seen = "moves_with"
    if p_value >= SIGNIFICANT_BELOW:
        seen = "none_seen" if would_show <= MIDDLING else "short_history"
    return Influence(node, seen, months, strength, lag, p_value, would_show)


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The rank correlation, equal values sharing their mean rank; None where one side never varies."""
    left, right = _ranks([a for a, _ in pairs]), _ranks([b for _, b in pairs])
    middle = (len(pairs) + 1) / 2
    spread = [math.fsum((rank - middle) ** 2 for rank in side) for side in (left, right)]
    if not all(spread):
        return None
    together = math.fsum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True))
    return together / math.sqrt(spread[0] * spread[1])


def _p_value(correlation: float, count: int) -> float:
    """Two-sided, by the usual approximation with Student's t."""
    if abs(correlation) >= 1:
        return 0.0
    return student_p_value(correlation * math.sqrt((count - 2) / (1 - correlation**2)), count - 2)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(order, start=1)))}
    last = {value: at for at, value in enumerate(order, start=1)}
    return [(first[value] + last[value]) / 2 for value in values]


def _changes(months: Mapping[date, float]) -> dict[date, float]:
    """From each month to the next, by the later one; a month that is not known breaks the chain."""
    return {
        start: value - months[before]
        for start, value in months.items()
        if (before := add_months(start, -1)) in months
    }


def _pairs(changes: Mapping[date, float], kgi: Mapping[date, float], lag: int) -> list[tuple[float, float]]:
    return [
        (change, kgi[later]) for start, change in changes.items() if (later := add_months(start, lag)) in kgi
    ]
