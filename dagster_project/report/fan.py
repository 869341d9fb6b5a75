"""The forecast fan: the way to the period's end, as a static SVG."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from dagster_project.report.format import format_month, format_target, format_value
from dagster_project.report.words import word

INK, GREY, BLUE, PALE, BAND = "#1f2937", "#6b7280", "#1d4ed8", "#7c93c4", "#c7d7f5"
GRID, TICK = "#e5e7eb", "#d1d5db"
FONT = "Hiragino Sans, Noto Sans JP, Noto Sans CJK JP, Yu Gothic UI, Meiryo, sans-serif"
WIDTH, HEIGHT = 860, 300  # px of the days and values; what stands around them comes on top
ABOVE, BELOW = 11, 23  # px
LABEL_SPACING = 18  # px between labels at the right end
MIDDLE = 0.3  # of a font's size: from the middle of a text down to its base line


def fan(path: Sequence[dict[str, Any]], unit: str | None, as_of: date, language: str) -> str:
    """The way to the period's end: actual, median and 80 % range, target. Returns SVG.

    path: rows of kgi_forecast_path of one goal, by date; an empty one gives an empty string.
    """
    highest = max((_highest(row) for row in path), default=0.0)
    if not path or highest <= 0:
        return ""
    steps = ticks(highest)
    scale = _Scale(path[0]["date"], path[-1]["date"], max(steps[-1], highest * 1.02))
    values = [(HEIGHT - scale.height(step), format_value(step, unit, language)) for step in steps]
    ends = _end_labels(path[-1], unit, scale, language)
    left = 8 + max(_width(text, 12) for _, text in values)
    right = 8 + max((_width(text, 13) for _, text, _ in ends), default=0)
    drawn = [
        *_axes(path, values, scale, language),
        *_lines(path, scale),
        *_actual(path, unit, scale, language),
        *(_label(WIDTH + 8, y, text, colour) for y, text, colour in ends),
    ]
    box = f"0 0 {left + WIDTH + right} {ABOVE + HEIGHT + BELOW}"
    # Without a size of its own: one that is fixed would overflow a phone.
    return (
        f'<svg viewBox="{box}"><g fill="none" font-family="{FONT}" transform="translate({left},{ABOVE})">'
        f"{''.join(drawn)}</g></svg>"
    )


@dataclass(frozen=True)
class _Scale:
    """From days and values to px, right from the first day and down from `top`."""

    first: date
    last: date
    top: float

    def x(self, day: date) -> float:
        return round(WIDTH * (day - self.first).days / max((self.last - self.first).days, 1), 2)

    def height(self, value: float) -> float:
        return round(HEIGHT * value / self.top, 2)

    def point(self, day: date, value: float) -> str:
        return f"{self.x(day):g},{round(HEIGHT - self.height(value), 2):g}"


def _highest(row: dict[str, Any]) -> float:
    values = (row[name] for name in ("actual_cumulative", "p90", "p50", "target_cumulative"))
    return max((value for value in values if value is not None), default=0.0)


def _axes(
    path: Sequence[dict[str, Any]], values: list[tuple[float, str]], scale: _Scale, language: str
) -> Iterator[str]:
    """Lines at round values with their figures, and a tick with its name where a month begins."""
    for y, text in values:
        yield f'<path d="M0,{round(y) + 0.5}h{WIDTH}" stroke="{GRID}"/>'  # on whole pixels
        yield _text(-8, y + 12 * MIDDLE, text, GREY, 'text-anchor="end" font-size="12"')
    for row in path:
        if row["date"].day == 1:
            x = scale.x(row["date"])
            yield f'<path d="M{x:g},{HEIGHT}v5" stroke="{TICK}"/>'
            yield _text(x, HEIGHT + 16, format_month(row["date"], language), GREY, 'font-size="12"')


def _lines(path: Sequence[dict[str, Any]], scale: _Scale) -> Iterator[str]:
    """The 80 % range, and target, median and actual over it; each only where it is known."""
    ahead = [row for row in path if row["p50"] is not None]
    if ahead:
        rim = [scale.point(row["date"], row["p90"]) for row in ahead]
        rim += [scale.point(row["date"], row["p10"]) for row in reversed(ahead)]
        yield f'<polygon points="{" ".join(rim)}" fill="{BAND}" opacity="0.75"/>'
    for name, stroke in (
        ("target_cumulative", f'stroke="{GREY}" stroke-width="1.5" stroke-dasharray="2,3"'),
        ("p50", f'stroke="{BLUE}" stroke-width="2" stroke-dasharray="6,4"'),
        ("actual_cumulative", f'stroke="{INK}" stroke-width="2.5"'),
    ):
        points = [scale.point(row["date"], row[name]) for row in path if row[name] is not None]
        if points:
            yield f'<polyline points="{" ".join(points)}" {stroke}/>'


def _actual(path: Sequence[dict[str, Any]], unit: str | None, scale: _Scale, language: str) -> Iterator[str]:
    """Where the actual stands: a point, with its figure."""
    known = [row for row in path if row["actual_cumulative"] is not None]
    if not known:
        return
    value = known[-1]["actual_cumulative"]
    x, y = scale.x(known[-1]["date"]), HEIGHT - scale.height(value)
    yield f'<circle cx="{x:g}" cy="{y:g}" r="3.8" fill="{INK}"/>'
    yield _label(x + 6, y + 18, f"{word('actual', language)} {format_value(value, unit, language)}", INK)


def _end_labels(
    last: dict[str, Any], unit: str | None, scale: _Scale, language: str
) -> list[tuple[float, str, str]]:
    """(y, text, colour) at the right end, moved apart where their lines end close to each other."""
    wanted = []
    if last["target_cumulative"] is not None:
        text = f"{word('target', language)} {format_target(last['target_cumulative'], unit, language)}"
        wanted.append((last["target_cumulative"], text, GREY))
    if last["p50"] is not None:
        text = f"{word('forecast_short', language)} {format_value(last['p50'], unit, language)}"
        wanted.append((last["p50"], text, BLUE))
        for name in ("p90", "p10"):
            if last[name] is not None:
                wanted.append((last[name], format_value(last[name], unit, language), PALE))
    wanted.sort(key=lambda label: -label[0])
    placed = [HEIGHT - scale.height(value) for value, _, _ in wanted]
    for n in range(1, len(placed)):
        placed[n] = max(placed[n], placed[n - 1] + LABEL_SPACING)
    over = max(0.0, (placed[-1] if placed else 0.0) - HEIGHT)
    return [(y - over, text, colour) for y, (_, text, colour) in zip(placed, wanted, strict=True)]


def _label(x: float, y: float, text: str, colour: str) -> str:
    """A figure that belongs to a line, its middle at `y`."""
    return _text(x, y + 13 * MIDDLE, text, colour, 'font-size="13" font-weight="600"')


def _text(x: float, y: float, text: str, colour: str, style: str) -> str:
    place = f'transform="translate({x:g},{round(y, 2):g})"'
    return f'<text {place} {style} fill="{colour}">{escape(text)}</text>'


def _width(text: str, size: int) -> int:
    """About how many px `text` takes: a Japanese character is a square, a Latin one a good half of it."""
    squares = sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.6 for sign in text)
    return math.ceil(squares * size)


def ticks(highest: float) -> list[float]:
    """Round steps of 1, 2, 2.5 or 5 times a power of ten, five or so up to `highest`."""
    step = 10 ** math.floor(math.log10(highest / 4))
    step *= next((m for m in (1, 2, 2.5, 5) if highest / (step * m) <= 5), 10)
    count = math.ceil(highest / step - 1e-9)
    return [int(n * step) if float(n * step).is_integer() else n * step for n in range(count + 1)]
