"""The factory: what each line makes in a shift, and accidents of the whole company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dagster_project.sample.days import START, days_of, is_business_day
from dagster_project.sample.draws import Draws, Weighted, between_anchors

PART_RUNS = 15
PART_INCIDENTS = 16

# line: item, seconds a unit takes at best, shifts
LINES = {
    "第1ライン": ("椅子", 330, ("日勤", "夜勤")),
    "第2ライン": ("机", 540, ("日勤",)),
    "第3ライン": ("収納", 420, ("日勤",)),
}
_SPEED = ((date(2024, 4, 1).toordinal(), 0.88), (date(2026, 10, 31).toordinal(), 0.93))
BAD_PARTS = (date(2026, 9, 1), date(2026, 9, 18))  # screws of a new supplier: desks on line 2
_PLACES = Weighted({"製造": 78, "営業": 12, "サポート": 10})
_ACCIDENTS_A_DAY = 0.02


@dataclass(frozen=True)
class Run:
    """A shift of a line; times in minutes. `demanded`: the units that were ordered for it."""

    day: date
    shift: str
    line: str
    item: str
    planned: int
    stops: int
    running: int
    ideal_seconds: int
    demanded: int
    units: int
    defects: int


@dataclass(frozen=True)
class Incident:
    """An accident. `casualties`: people hurt; `lost_days`: days they could not work, in all."""

    id: str
    day: date
    department: str
    kind: str
    casualties: int
    lost_days: int


def runs(start: date, end: date) -> list[Run]:
    """Every shift from `start` to `end`."""
    found = []
    for day in days_of(start, end):
        if not is_business_day(day):
            continue
        draws = Draws(PART_RUNS, day.toordinal())
        for line, (item, seconds, shifts) in LINES.items():
            for shift in shifts:
                planned = 480 if shift == "日勤" else 420
                stops = 30 + 5 * draws.between(0, 3)
                broke_down, lost = draws.chance(0.06), draws.between(8, 42)
                running = planned - stops - lost - (draws.between(30, 120) if broke_down else 0)
                pace = between_anchors(_SPEED, day.toordinal()) + draws.between(-4, 4) / 100
                units = int(running * 60 * pace / seconds)
                bad = line == "第2ライン" and BAD_PARTS[0] <= day <= BAD_PARTS[1]
                defects = sum(draws.chance(0.075 if bad else 0.011) for _ in range(units))
                demanded = units * draws.between(92, 106) // 100
                found.append(
                    Run(day, shift, line, item, planned, stops, running, seconds, demanded, units, defects)
                )
    return found


def incidents(end: date) -> list[Incident]:
    """Every recorded accident since the spring of 2024; most cost no working day."""
    found: list[Incident] = []
    for day in days_of(START, end):
        draws = Draws(PART_INCIDENTS, day.toordinal())
        happened, place = draws.chance(_ACCIDENTS_A_DAY), draws.weighted(_PLACES)
        grave, hurt, lost = draws.uniform(), draws.chance(0.6), draws.between(2, 19)
        if happened and is_business_day(day):
            number = f"S{len(found) + 1:03d}"
            if grave < 0.14:
                found.append(Incident(number, day, place, "休業災害", 1, lost))
            elif hurt:
                found.append(Incident(number, day, place, "不休災害", 1, 0))
            else:
                found.append(Incident(number, day, place, "物損", 0, 0))
    return found
