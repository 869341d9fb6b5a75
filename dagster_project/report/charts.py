"""The small drawings of the report's tables: bullet and sparkline, all static SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
