"""What the shares of `segments:` miss of the segments that there are: only data can tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.model import Goal
from dagster_project.kpi.issues import suggest


@dataclass(frozen=True)
class Found:
    """Segments of a goal's dimension. `known`: all that have a name in the tables, declared ones too.
    `valued`: those that have a value of the KGI within the goal's period."""

    known: Collection[str]
    valued: Collection[str]


def segments_left_out(goals: tuple[Goal, ...], found: Mapping[str, Found]) -> Iterator[str]:
    """Shares of segments that are not there, and segments without a share; found: by goal.

    Rows without a segment, and those of segments too many to be told apart, can have no share.
    """
    for goal in goals:
        segments, there = goal.segments, found.get(goal.name)
        if segments is None or there is None or not there.known:
            continue
        of = f"goal '{goal.name}': segments: {segments.dimension}"
        shares = dict(segments.shares)
        for segment, share in shares.items():
            if segment not in there.known:
                hint = suggest(segment, set(there.known) - set(shares))
                has = f"{of} has no '{segment}', which {show(share * 100)} % of the target is for"
                yield f"{has} ({hint})" if hint else has
        missing = sorted(set(there.valued) - set(shares) - {"(none)", "(other)"})
        if missing:
            names = ", ".join(f"'{segment}'" for segment in missing)
            yield f"{of} has {names} in the goal's period without a share: write 0 where no target is meant"
