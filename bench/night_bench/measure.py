"""The measurements, each of processes of its own; what they are of is in docs/benchmarks.md.

Two run at a time (`lanes`), in folders that stay where they are (`folders`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from night_bench.company import write_definitions
from night_bench.folders import keep, lay_out
from night_bench.groups import COMPARED
from night_bench.lanes import Lanes
from night_bench.processes import Ran, module
from night_bench.seed import LAST

Tell = Callable[[str], None]


@dataclass
class Size:
    """Both ways at one number of events, run by run, in turns."""

    events: int = 0
    models: list[Ran] = field(default_factory=list)
    by_hand: list[Ran] = field(default_factory=list)

    def ours(self) -> list[float]:
        return [sum(ran.answer["groups"].get(name, 0.0) for name in COMPARED) for ran in self.models]

    def theirs(self) -> list[float]:
        return [ran.answer["cpu"] for ran in self.by_hand]


@dataclass
class Fixed:
    """Nights without data, and what no night can do without."""

    cold: list[Ran] = field(default_factory=list)
    warm: list[Ran] = field(default_factory=list)
    imports: list[Ran] = field(default_factory=list)


@dataclass
class Late:
    """A full build, a night with late rows after it, and the rebuild that it has to equal."""

    full: list[Ran] = field(default_factory=list)
    late: list[Ran] = field(default_factory=list)
    rebuilt: list[Ran] = field(default_factory=list)


@dataclass
class Found:
    """sizes: by the number of events that was asked for. late_size: of which the night with late rows is."""

    sizes: dict[int, Size]
    late_size: int
    fixed: Fixed = field(default_factory=Fixed)
    late: Late = field(default_factory=Late)


class Bench:
    """All measurements, below `root`. Raises SystemExit where what has to be equal is not.

    A company is made once and then laid out in one of two folders, one a lane.
    """

    def __init__(self, root: Path, found: Found, lanes: Lanes, tell: Tell) -> None:
        self.root, self.found, self._lanes, self._tell = root, found, lanes, tell
        self._one, self._other = root / "one", root / "other"

    def company(self, size: int) -> Path:
        return self.root / f"{size}"

    def run(self, repeats: dict[int, int]) -> None:
        small, *larger = sorted(self.found.sizes)
        empty = max(repeats.values())
        make = [lambda size=size: self._make(size) for size in larger]
        self._lanes.together([lambda: self._make(small), lambda: self._cold(empty)], make)
        for at in range(empty):
            self._lanes.together([lambda at=at: self._warm(empty - 1 - at)], [self._imports])
        nights = [self._full, self._late]
        for size in (*reversed(larger), small):
            beside = [nights.pop(0)] if nights else []
            self._lanes.together(
                [lambda size=size: self._models(size)], [lambda size=size: self._by_hand(size), *beside]
            )
            self._equal(size)
        again = [
            job
            for at in range(1, empty)
            for size in self.found.sizes
            if at < repeats[size]
            for job in (
                lambda size=size: self._models(size, "--compared"),
                lambda size=size: self._by_hand(size),
            )
        ]
        self._lanes.together(again, [*nights, self._rebuilt])

    def _make(self, size: int) -> None:
        self._tell(f"making a company of {size:,} events")
        self.company(size).mkdir(parents=True)
        self.found.sizes[size].events = module("seed", self.company(size), size).answer["events"]

    def _models(self, size: int, *options: str) -> None:
        self._tell(f"the models, {size:,} events")
        lay_out(self.company(size), self._one)
        self.found.sizes[size].models.append(module("build_models", self._one, *options))

    def _by_hand(self, size: int) -> None:
        self._tell(f"by hand, {size:,} events")
        target = self._target(size)
        target.unlink(missing_ok=True)
        self.found.sizes[size].by_hand.append(module("by_hand", self.company(size), target))

    def _target(self, size: int) -> Path:
        return self.root / f"by_hand_{size}.duckdb"

    def _equal(self, size: int) -> None:
        module("equal", self._one, self._target(size))

    def _cold(self, repeats: int) -> None:
        """Nights of the company without any export, each of them a day after the one before."""
        write_definitions(self._one)
        self._tell("nights without data")
        self.found.fixed.cold.append(self._empty(repeats))

    def _warm(self, before_last: int) -> None:
        self.found.fixed.warm.append(self._empty(before_last))

    def _empty(self, before_last: int) -> Ran:
        return module("one_night", self._one, "--as-of", (LAST - timedelta(days=before_last)).isoformat())

    def _imports(self) -> None:
        self.found.fixed.imports.append(module("imports", self._one))

    def _full(self) -> None:
        self._tell("a full build")
        lay_out(self.company(self.found.late_size), self._other)
        self.found.late.full.append(module("one_night", self._other))

    def _late(self) -> None:
        """A night that brings a day, late rows of an earlier one and a changed CRM; what was there before it,
        and it has brought, is kept."""
        keep(self._other, self.root / "before")
        module("seed", self._other, self.found.late_size, "--next")
        shutil.copytree(self._other / "data", self.root / "before" / "data", dirs_exist_ok=True)
        self._tell("a night with late rows")
        self.found.late.late.append(module("one_night", self._other))
        keep(self._other, self.root / "late")

    def _rebuilt(self) -> None:
        lay_out(self.root / "before", self._other)
        self._tell("the rebuild that the night with late rows has to equal")
        self.found.late.rebuilt.append(module("one_night", self._other, "--full-refresh"))
        module("same", self.root / "late", self._other)
