"""Two things at a time, each on one core of its own, so that a bench of minutes takes half of them.

What runs beside a measured thing disturbs its CPU seconds little as long as neither takes the other's core:
DuckDB is given one thread (see `processes`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

Job = Callable[[], None]


class Lanes:
    """is_alone: one thing at a time, for what does not fit into memory twice."""

    def __init__(self, *, is_alone: bool) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._cores = cores[:2]
        self._is_alone = is_alone or len(cores) == 1

    def together(self, *lanes: Sequence[Job]) -> None:
        """Run the jobs of each of two lanes in their order; raises what the first that failed has raised."""
        if self._is_alone:
            for jobs in lanes:
                _all(jobs)
            return
        with ThreadPoolExecutor(len(lanes)) as pool:
            for future in [pool.submit(self._on_core, at, jobs) for at, jobs in enumerate(lanes)]:
                future.result()

    def _on_core(self, at: int, jobs: Sequence[Job]) -> None:
        if self._cores:
            os.sched_setaffinity(0, {self._cores[at]})  # of this thread, and of the processes that it starts
        _all(jobs)


def _all(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job()
