"""The measurements, each of processes of its own; what they are of is in docs/benchmarks.md."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from night_bench.company import write_definitions
from night_bench.groups import COMPARED
from night_bench.processes import Ran, module
from night_bench.seed import LAST

Tell = Callable[[str], None]


@dataclass
class Size:
    """Both ways at one number of events, run by run, in turns."""

    events: int
    models: list[Ran] = field(default_factory=list)
    by_hand: list[Ran] = field(default_factory=list)

    def ours(self) -> list[float]:
        return [sum(ran.answer["groups"].get(name, 0.0) for name in COMPARED) for ran in self.models]

    def theirs(self) -> list[float]:
        return [ran.answer["cpu"] for ran in self.by_hand]


@dataclass(frozen=True)
class Fixed:
    """Nights without data, and what no night can do without."""

    cold: Ran
    warm: list[Ran]
    imports: list[Ran]


@dataclass(frozen=True)
class Late:
    """A full build, a night with late rows after it, and the rebuild that it has to equal."""

    full: Ran
    late: Ran
    rebuilt: Ran


def make_companies(root: Path, sizes: list[int]) -> dict[int, Size]:
    """A company a size below `root`."""

    def make(size: int) -> Size:
        folder = root / str(size)
        folder.mkdir(parents=True)
        return Size(module("seed", folder, size).answer["events"])

    # the largest two at a time would not fit into memory
    with ThreadPoolExecutor(2 if max(sizes) <= 3_000_000 else 1) as pool:
        return dict(zip(sizes, pool.map(make, sizes), strict=True))


def compare(root: Path, found: dict[int, Size], repeats: dict[int, int], tell: Tell) -> None:
    """Models and SQL by hand in turns. That they are equal is settled by the first run of each, with all
    models and tests; later runs are of the models that are compared.

    Raises SystemExit where they differ.
    """
    for at in range(max(repeats.values())):
        for size, measured in found.items():
            if at >= repeats[size]:
                continue
            folder, target = root / str(size), root / f"by_hand_{size}.duckdb"
            tell(f"{measured.events:,} events, run {at + 1} of {repeats[size]}")
            target.unlink(missing_ok=True)
            measured.models.append(module("build_models", folder, *(["--compared"] if at else [])))
            measured.by_hand.append(module("by_hand", folder, target))
            if at == 0:
                module("equal", folder, target)
            target.unlink()


def fixed(root: Path, repeats: int, tell: Tell) -> Fixed:
    """Nights of the company without any export, each of them a day after the one before."""
    tell("nights without data")
    folder = root / "empty"
    write_definitions(folder)

    def night(before_last: int) -> Ran:
        return module("one_night", folder, "--as-of", (LAST - timedelta(days=before_last)).isoformat())

    cold = night(repeats)
    warm, imports = [], []
    for at in range(repeats):
        imports.append(module("imports", folder))
        warm.append(night(repeats - 1 - at))
    return Fixed(cold, warm, imports)


def late_night(root: Path, size: int, tell: Tell) -> Late:
    """A full build of the company; then a night that brings a day, late rows of an earlier one and a changed
    CRM; and all of it built anew in a copy.

    Raises SystemExit where the night and the rebuild published anything else.
    """
    folder, copy = root / str(size), root / f"{size}_rebuilt"
    for name in ("outputs", "state"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / ".kpi" / "warehouse.duckdb").unlink(missing_ok=True)
    tell("a full build")
    full = module("one_night", folder)
    _copy(folder, copy)
    module("seed", folder, size, "--next")
    shutil.copytree(folder / "data", copy / "data", dirs_exist_ok=True)
    tell("a night with late rows")
    late = module("one_night", folder)
    tell("the rebuild that it has to equal")
    rebuilt = module("one_night", copy, "--full-refresh")
    module("same", folder, copy)
    shutil.rmtree(copy)
    return Late(full, late, rebuilt)


def _copy(source: Path, target: Path) -> None:
    """The company but for its warehouse; landed files, which nobody writes again, as links."""
    skipped = shutil.ignore_patterns("warehouse.duckdb*", "typed")
    shutil.copytree(source, target, symlinks=True, ignore=skipped)
    shutil.copytree(source / "landing" / "typed", target / "landing" / "typed", copy_function=os.link)
