"""The drawing of a gap: from the plan to the actual, a bar a driver, the worst first."""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.report.format import format_value
from dagster_project.report.tree_layout import shorten
from dagster_project.report.why import RESIDUAL, Gap
from dagster_project.report.why_sentences import signed
from dagster_project.report.words import word

WIDTH, ROW, LABEL, VALUE = (
    860,
    30,
    240,
    120,
)  # px: of the drawing, a row, the labels, the figures at the right
LONGEST_LABEL = 30


@dataclass(frozen=True)
class Bar:
    """A row. x, width: of its bar, in px; `reached`: where the running total stands after it.

    kind: level (the plan, the actual), worse, better.
    """

    label: str
    value: str
    kind: str
    y: int
    x: float
    width: float
    reached: float


@dataclass(frozen=True)
class Waterfall:
    """The bars from top to bottom; `zero` is where 0 is drawn, None where it is out of sight."""

    bars: tuple[Bar, ...]
    zero: float | None
    width: int
    height: int


def waterfall(gap: Gap, language: str, less_is_better: bool = False) -> Waterfall | None:
    """The gap as a drawing; None where no tree explains it.

    The scale starts at 0 only where that leaves the bars long enough to be told apart; plan and actual are
    drawn as marks, not as bars, for a bar that is cut off lies about its length.
    """
    if not gap.is_explained:
        return None
    shown = [
        driver
        for driver in gap.drivers
        if driver.driver != RESIDUAL
        or signed(driver.contribution, gap.unit, language) != signed(0.0, gap.unit, language)
    ]
    shown.sort(key=lambda driver: (driver.driver == RESIDUAL, driver.contribution))
    at, stops = gap.before, [gap.before]
    for driver in shown:
        at += driver.contribution
        stops.append(at)
    low, high = min(*stops, gap.after), max(*stops, gap.after)
    if 0 <= low < 0.4 * high:
        low = 0.0
    room = (high - low) * 0.03 or 1.0
    low, high = (low if low == 0 else low - room), high + room

    def place(value: float) -> float:
        return round(LABEL + (WIDTH - LABEL - VALUE) * (value - low) / (high - low), 1)

    bars = [_level(word(gap.versus, language), gap.before, gap, place(gap.before), 0, language)]
    for row, driver in enumerate(shown, start=1):
        start, end = place(stops[row - 1]), place(stops[row])
        bars.append(
            Bar(
                label=shorten(driver.label, LONGEST_LABEL),
                value=signed(driver.contribution, gap.unit, language),
                kind="worse" if (driver.contribution > 0) == less_is_better else "better",
                y=row * ROW,
                x=min(start, end),
                width=max(round(abs(end - start), 1), 1.0),
                reached=end,
            )
        )
    last = len(shown) + 1
    bars.append(_level(word("actual", language), gap.after, gap, place(gap.after), last, language))
    zero = place(0.0) if low <= 0 <= high else None
    return Waterfall(tuple(bars), zero, WIDTH, (last + 1) * ROW)


def _level(label: str, value: float, gap: Gap, at: float, row: int, language: str) -> Bar:
    return Bar(label, format_value(value, gap.unit, language), "level", row * ROW, at - 2, 4.0, at)
