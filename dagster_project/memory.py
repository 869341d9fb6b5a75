"""How much memory DuckDB takes before it writes what does not fit to disk, beside the warehouse.

Without a limit it takes up to four fifths of the machine's: it keeps what it read from the warehouse. The
rest of the process (Python, Dagster, dbt) takes about 500 MB more. Not everything can be written to disk.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys

# dbt/profiles.yml reads them too.
THREADS = os.environ.get("KPI_THREADS") or str(min(os.cpu_count() or 1, 2))
# Each thread needs about 150 MB to get on with at all: on 4, the 138 KPIs of the sample company don't fit
# into 400 MB, on 2 they do into 250.
LIMIT = os.environ.get("KPI_MEMORY_LIMIT") or f"{150 * max(2, int(THREADS))}MB"
# So few rows are little work for a thread: others would wait, at the cost of the work. dbt builds two models
# at a time anyway.
FEW_ROWS = 500_000


def threads_for(rows: int) -> str:
    """How many threads DuckDB runs to build models that read about so many landed rows."""
    return "1" if rows <= FEW_ROWS else THREADS


def give_back() -> None:
    """Return what nothing refers to any more to the system, from where it lies between what is kept."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
