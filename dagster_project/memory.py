"""How much memory DuckDB takes before it writes what does not fit to disk, beside the warehouse.

Without a limit it takes up to four fifths of the machine's: it keeps what it read from the warehouse. The
rest of the process (Python, Dagster, dbt) takes about 500 MB more. Not everything can be written to disk.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import sys

from dagster_project.errors import UsageError

_SIZE = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


def threads_of(given: str | None) -> str:
    """KPI_THREADS; without it as many as there are processors, at most 2. Raises UsageError."""
    if not given:
        return str(min(os.cpu_count() or 1, 2))
    if not given.isdecimal() or int(given) < 1:
        raise UsageError(f"KPI_THREADS is '{given}': write how many threads, such as 2")
    return given


def limit_of(given: str | None, threads: str) -> str:
    """KPI_MEMORY_LIMIT; without it what so many threads need. Raises UsageError.

    Each needs about 150 MB to get on with at all: on 4, the 138 KPIs of the sample company don't fit into
    400 MB, on 2 they do into 250.
    """
    if not given:
        return f"{150 * max(2, int(threads))}MB"
    if not _SIZE.fullmatch(given):
        raise UsageError(f"KPI_MEMORY_LIMIT is '{given}': write a size with its unit, such as 1GB or 500MB")
    return given


# dbt/profiles.yml reads them too.
THREADS = threads_of(os.environ.get("KPI_THREADS"))
LIMIT = limit_of(os.environ.get("KPI_MEMORY_LIMIT"), THREADS)
# So few rows are little work for a thread: others would wait, at the cost of the work. dbt builds two models
# at a time anyway.
FEW_ROWS = 500_000


def threads_for(rows: int | None) -> str:
    """How many threads DuckDB runs to build models that read about so many landed rows, None: not known."""
    return THREADS if are_many(rows) else "1"


def are_many(rows: int | None) -> bool:
    return rows is None or rows > FEW_ROWS


def give_back() -> None:
    """Return what nothing refers to any more to the system."""
    gc.collect()
    trim()


def trim() -> None:
    """Return what was freed, but lies between what is kept, to the system: what DuckDB frees after one model
    would stay beside what it takes for the next."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
