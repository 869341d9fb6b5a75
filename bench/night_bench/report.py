"""The figures as a person reads them: what was measured, against what is wanted."""

from __future__ import annotations

from night_bench.groups import COMPARED
from night_bench.measure import Fixed, Late, Size
from night_bench.processes import Ran

MB = 2**20


def line(small: float, large: float, events: tuple[int, int]) -> tuple[float, float]:
    """(CPU s per million events, CPU s at none) of a line through two sizes."""
    slope = (large - small) / (events[1] - events[0]) * 1e6
    return slope, small - slope * events[0] / 1e6


def _table(head: str, rows: dict[str, list[float]], events: tuple[int, int]) -> None:
    print(f"\n{head:30}{events[0]:>13,}{events[1]:>13,}{'per million':>13}{'at none':>10}")
    for name, (small, large) in rows.items():
        slope, none = line(small, large, events)
        print(f"  {name:28}{small:13.2f}{large:13.2f}{slope:13.2f}{none:10.2f}")


def print_models(found: dict[int, Size]) -> float:
    """Cost by size and group; returns the cost per event over that of the SQL by hand."""
    small, large = found[min(found)], found[max(found)]
    events = (small.events, large.events)
    # later runs build of the other groups only what the compared ones need
    first = [size.models[0].answer["groups"] for size in (small, large)]
    least = [_least(size.models, "groups") for size in (small, large)]
    groups = [
        all_of | {name: best[name] for name in COMPARED} for all_of, best in zip(first, least, strict=True)
    ]
    names = sorted(groups[1], key=lambda name: (name not in COMPARED, -groups[1][name]))
    _table("CPU s of the models", {n: [each.get(n, 0.0) for each in groups] for n in names}, events)
    hand = _least(small.by_hand, "laps"), _least(large.by_hand, "laps")
    _table("CPU s by hand", {name: [each[name] for each in hand] for name in hand[1]}, events)
    both = {
        "models (" + ", ".join(COMPARED) + ")": [min(small.ours()), min(large.ours())],
        "by hand": [min(small.theirs()), min(large.theirs())],
    }
    _table("Both, the least of the runs", {name[:28]: costs for name, costs in both.items()}, events)
    for size in found.values():
        ours, theirs = size.ours(), size.theirs()
        print(
            f"  spread at {size.events:,}: models {min(ours):.2f} .. {max(ours):.2f}, "
            f"by hand {min(theirs):.2f} .. {max(theirs):.2f}; peak memory: "
            f"models {_peak(size.models)} MB, by hand {_peak(size.by_hand)} MB"
        )
    slopes = [line(costs[0], costs[1], events)[0] for costs in both.values()]
    return slopes[0] / slopes[1]


def _least(runs: list[Ran], what: str) -> dict[str, float]:
    """The least of each lap over the runs that had it."""
    return {
        name: min(ran.answer[what][name] for ran in runs if name in ran.answer[what])
        for name in runs[0].answer[what]
    }


def _peak(runs: list[Ran]) -> int:
    return int(max(ran.answer["peak"] for ran in runs) / MB)


def print_fixed(found: Fixed) -> float:
    """Where the fixed cost goes; returns it over that of the imports and one parse."""
    warm, imports = min(ran.cpu for ran in found.warm), min(ran.answer["cpu"] for ran in found.imports)
    print(
        f"\nA night without data: {warm:.2f} CPU s (up to {max(ran.cpu for ran in found.warm):.2f}; ", end=""
    )
    print(f"the first one, which parses: {found.cold[0].cpu:.2f})")
    for name, seconds in sorted(_least(found.warm, "laps").items(), key=lambda each: -each[1]):
        print(f"  {name:28}{seconds:8.2f}")
    print(f"Imports and one parse: {imports:.2f} CPU s")
    for name, seconds in _least(found.imports, "laps").items():
        print(f"  {name:28}{seconds:8.2f}")
    return warm / imports


def print_late(found: Late, fixed: Fixed, events: int) -> float:
    """Where a night with late rows goes; returns its cost over the full build's, both without the fixed."""
    without = min(ran.cpu for ran in fixed.warm)
    full = min(ran.cpu for ran in (*found.full, *found.rebuilt)) - without
    late = found.late[0].cpu - without
    print(
        f"\nAt {events:,} events, without the fixed cost: full build {full:.2f} CPU s, late night {late:.2f}"
    )
    print(f"  {'':28}{'full':>8}{'late':>8}{'no data':>9}")
    empty = _least(fixed.warm, "laps")
    for name, seconds in found.late[0].answer["laps"].items():
        whole = found.full[0].answer["laps"].get(name, 0.0)
        print(f"  {name:28}{whole:8.2f}{seconds:8.2f}{empty.get(name, 0.0):9.2f}")
    return late / full


def print_bounds(figures: list[tuple[str, float, str, str, str]]) -> None:
    """(what, figure, its format, at least, aim) a row."""
    print(f"\n{'':66}{'measured':>10}{'at least':>10}{'aim':>10}")
    for what, figure, form, least, aim in figures:
        print(f"{what:66}{format(figure, form):>10}{least:>10}{aim:>10}")
