"""What nights cost: a company of 60 KPIs over two years of Google Analytics events and a CRM.

    python bench/nights.py [--events N ...] [--repeats N] [--work DIR]

The generated models against SQL by hand, which have to come to the same before anything is told; the fixed
cost of a night; a night with late rows against a full build, which have to publish the same; peak memory. A
report: exit 1 only where what has to be equal is not. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from night_bench import report
from night_bench.lanes import Lanes
from night_bench.measure import Bench, Found, Size

SIZES = (1_000_000, 3_000_000)


def main() -> int:
    parser = argparse.ArgumentParser(description="What nights of 60 KPIs cost, against what is wanted.")
    parser.add_argument("--events", type=int, nargs="+", default=SIZES[1:], help="besides a million")
    parser.add_argument("--repeats", type=int, help="runs of each size; default: two of a million, else one")
    parser.add_argument(
        "--work", type=Path, help="where the companies are written; default: a folder for now"
    )
    given = parser.parse_args()
    sizes = sorted({SIZES[0], *given.events})
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        return run(Path(folder), sizes, given.repeats)


def run(root: Path, sizes: list[int], given: int | None) -> int:
    def tell(line: str) -> None:
        print(f"... {line}", file=sys.stderr, flush=True)

    # of the usual sizes the smaller one, so that all of it takes two minutes
    size = sizes[-1] if sizes[-1] > SIZES[-1] else sizes[0]
    found = Found({each: Size() for each in sizes}, late_size=size)
    repeats = {each: given or (2 if each == SIZES[0] else 1) for each in sizes}
    Bench(root, found, Lanes(is_alone=sizes[-1] > SIZES[-1]), tell).run(repeats)
    per_event = report.print_models(found.sizes)
    over_imports = report.print_fixed(found.fixed)
    late_events = found.sizes[size].events
    share = report.print_late(found.late, found.fixed, late_events)
    peak = max(ran.peak for ran in (*found.late.full, *found.late.late)) / 1e9
    report.print_bounds(
        [
            ("cost per event: models / by hand", per_event, ".2f", "<= 1.15", "<= 1.0"),
            ("fixed cost of a night / imports and one parse", over_imports, ".2f", "<= 1.5", "<= 1.0"),
            (
                f"night with late rows / full build, at {late_events:,} events",
                share,
                ".1%",
                "<= 5%",
                "<= 2.5%",
            ),
            (f"peak memory of a night at {late_events:,} events, GB", peak, ".2f", "<= 1", "<= 0.75"),
        ]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
