"""Zones whose clocks do not shift: local time is then a sum, at a fraction of what looking it up costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST = datetime(2038, 1, 1, tzinfo=UTC)  # a zone that shifts every year has done so long before
_STEP = timedelta(days=7)  # no zone has left its offset for less
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class FixedOffset:
    """From `since` to before `until`, in microseconds since 1970-01-01 UTC, the zone's clock is `offset`
    microseconds ahead of UTC."""

    offset: int
    since: int
    until: int


@cache
def fixed_offset(timezone: str) -> FixedOffset | None:
    """None of a zone whose clocks shifted since 2000. Japan's have not since 1951."""
    zone = ZoneInfo(timezone)
    moments = (_FIRST + number * _STEP for number in range((_LAST - _FIRST) // _STEP + 1))
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    only = offsets.pop()
    if offsets or only is None:
        return None
    since, until = ((moment - _EPOCH) // _MICROSECOND for moment in (_FIRST, _LAST))
    return FixedOffset(only // _MICROSECOND, since, until)


@cache
def usual_offset(timezone: str) -> int:
    """Microseconds that the zone's clock was ahead of UTC as 2000 began: its days begin there, but for
    an hour of summer time."""
    ahead = _FIRST.astimezone(ZoneInfo(timezone)).utcoffset()
    return ahead // _MICROSECOND if ahead is not None else 0
