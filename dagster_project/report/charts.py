"""The drawings of the report: forecast fan, bullet and sparkline, all static SVG."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dagster_project.report.format import format_month, format_target, format_value
from dagster_project.report.words import word

INK, GREY, BLUE, BAND = "#1f2937", "#6b7280", "#1d4ed8", "#c7d7f5"
FONT = "Hiragino Sans, Noto Sans JP, Noto Sans CJK JP, Yu Gothic UI, Meiryo, sans-serif"
CHART_WIDTH, CHART_HEIGHT = 860, 300
LABEL_SPACING = 18  # px between labels at the right end


def fan(path: Sequence[dict[str, Any]], unit: str | None, as_of: date, language: str) -> str:
    """The way to the period's end: actual, median and 80 % range, target. Returns SVG.

    path: rows of kgi_forecast_path of one goal, by date; an empty one gives an empty string.
    """
    highest = max((_highest(row) for row in path), default=0.0)
    if not path or highest <= 0:
        return ""
    # Imported here: it brings a JavaScript engine, which only a report needs.
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(_fan_spec(path, unit, as_of, highest, language))
    # Any size on any screen; the fixed one would overflow a phone.
    opening, rest = svg.split(">", 1)
    head = " ".join(
        part for part in opening.split(" ") if not part.startswith(("width=", "height=", "xmlns:"))
    )
    return f"{head}>{rest}"


def _highest(row: dict[str, Any]) -> float:
    values = (row[name] for name in ("actual_cumulative", "p90", "p50", "target_cumulative"))
    return max((value for value in values if value is not None), default=0.0)


def _fan_spec(
    path: Sequence[dict[str, Any]], unit: str | None, as_of: date, highest: float, language: str
) -> dict[str, Any]:
    ticks = _ticks(highest)
    top = max(ticks[-1], highest * 1.02)
    names = {json.dumps(tick): format_value(tick, unit, language) for tick in ticks}
    x = {
        "field": "date",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {
            "values": [f"{row['date'].isoformat()}T00:00:00Z" for row in path if row["date"].day == 1],
            "labelExpr": _lookup(
                {str(m): format_month(date(2000, m, 1), language) for m in range(1, 13)},
                "utcmonth(datum.value) + 1",
            ),
            "title": None,
            "grid": False,
            "labelAlign": "left",
        },
    }
    y_axis = {"values": ticks, "labelExpr": _lookup(names, "datum.value"), "title": None}

    def y(field: str) -> dict[str, Any]:
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [0, top], "nice": False},
            "axis": y_axis,
        }

    data = [
        {"date": f"{row['date'].isoformat()}T00:00:00Z"}
        | {n: row[n] for n in ("actual_cumulative", "p10", "p50", "p90", "target_cumulative")}
        for row in path
    ]
    known = [row for row in data if row["actual_cumulative"] is not None]
    ahead = [row for row in data if row["p50"] is not None]
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": ahead},
            "mark": {"type": "area", "color": BAND, "opacity": 0.75},
            "encoding": {"x": x, "y": y("p90"), "y2": {"field": "p10"}},
        },
        {
            "data": {"values": [row for row in data if row["target_cumulative"] is not None]},
            "mark": {"type": "line", "color": GREY, "strokeDash": [2, 3], "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y("target_cumulative")},
        },
        {
            "data": {"values": ahead},
            "mark": {"type": "line", "color": BLUE, "strokeDash": [6, 4], "strokeWidth": 2},
            "encoding": {"x": x, "y": y("p50")},
        },
        {
            "data": {"values": known},
            "mark": {"type": "line", "color": INK, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y("actual_cumulative")},
        },
    ]
    if known:
        label = f"{word('actual', language)} {format_value(known[-1]['actual_cumulative'], unit, language)}"
        layers.append(
            {
                "data": {"values": known[-1:]},
                "mark": {"type": "point", "filled": True, "color": INK, "size": 45, "opacity": 1},
                "encoding": {"x": x, "y": y("actual_cumulative")},
            }
        )
        layers.append(_text(known[-1], "actual_cumulative", label, INK, x, y, align="left", dx=6, dy=18))
    layers += _end_labels(data[-1], unit, top, language, x, y)
    return {
        "$schema": "vega-lite",  # its address would be the only one in the report
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
        "background": "transparent",
        "config": {
            "font": FONT,
            "aria": False,
            "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "labelColor": GREY, "gridColor": "#e5e7eb", "domain": False},
            "axisX": {"tickColor": "#d1d5db"},
            "axisY": {"ticks": False, "labelPadding": 8},
        },
        "layer": layers,
    }


def _end_labels(
    last: dict[str, Any], unit: str | None, top: float, language: str, x: dict[str, Any], y: Any
) -> list[dict[str, Any]]:
    """Labels at the right end, moved apart where their lines end close to each other."""
    wanted = []
    if last["target_cumulative"] is not None:
        text = f"{word('target', language)} {format_target(last['target_cumulative'], unit, language)}"
        wanted.append(("target_cumulative", text, GREY))
    if last["p50"] is not None:
        text = f"{word('forecast_short', language)} {format_value(last['p50'], unit, language)}"
        wanted.append(("p50", text, BLUE))
        for name in ("p90", "p10"):
            if last[name] is not None:
                wanted.append((name, format_value(last[name], unit, language), "#7c93c4"))
    wanted.sort(key=lambda label: -last[label[0]])
    natural = [CHART_HEIGHT * (1 - last[field] / top) for field, _, _ in wanted]
    placed = list(natural)
    for n in range(1, len(placed)):
        placed[n] = max(placed[n], placed[n - 1] + LABEL_SPACING)
    over = max(0.0, (placed[-1] if placed else 0.0) - CHART_HEIGHT)
    return [
        _text(last, field, text, colour, x, y, align="left", dx=8, dy=at - own - over)
        for (field, text, colour), own, at in zip(wanted, natural, placed, strict=True)
    ]


def _text(
    row: dict[str, Any], field: str, text: str, colour: str, x: dict[str, Any], y: Any, **place: Any
) -> dict[str, Any]:
    mark = {"type": "text", "color": colour, "fontSize": 13, "fontWeight": 600, "baseline": "middle"}
    return {
        "data": {"values": [{"date": row["date"], field: row[field]}]},
        "mark": mark | place | {"text": text},
        "encoding": {"x": x, "y": y(field)},
    }


def _lookup(names: dict[str, str], key: str) -> str:
    return f"{json.dumps(names, ensure_ascii=False)}[{key}]"


def _ticks(highest: float) -> list[float]:
    """Round steps of 1, 2, 2.5 or 5 times a power of ten, five or so up to `highest`."""
    step = 10 ** math.floor(math.log10(highest / 4))
    step *= next((m for m in (1, 2, 2.5, 5) if highest / (step * m) <= 5), 10)
    count = math.ceil(highest / step - 1e-9)
    # A whole number of its own type, so that its text is the key of its label.
    return [int(n * step) if float(n * step).is_integer() else n * step for n in range(count + 1)]


@dataclass(frozen=True)
class Bullet:
    """Widths in per cent of the drawing; `due` is where the target to date is, `ahead` the forecast's end."""

    actual: float
    target: float | None
    due: float | None
    ahead: float | None


def bullet(
    actual: float | None, due: float | None, target: float | None, ahead: float | None
) -> Bullet | None:
    """A bar of what is reached against what is due; None where there is nothing to draw, or a negative."""
    given = [value for value in (actual, due, target, ahead) if value is not None]
    if actual is None or not given or min(given) < 0 or max(given) == 0:
        return None
    widest = max(given) * 1.04

    def share(value: float | None) -> float | None:
        return None if value is None else round(100 * value / widest, 2)

    return Bullet(round(100 * actual / widest, 2), share(target), share(due), share(ahead))


def sparkline(values: Sequence[float | None], width: int = 120, height: int = 28) -> list[str]:
    """Point lists of the unbroken stretches of `values`; a missing value is a gap, not a zero."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    step = (width - 8) / max(1, len(values) - 1)
    stretches: list[list[str]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            stretches.append([])
            continue
        level = 0.5 if high == low else (value - low) / (high - low)
        stretches[-1].append(f"{4 + n * step:.1f},{height - 4 - level * (height - 8):.1f}")
    return [" ".join(stretch) for stretch in stretches if stretch]
