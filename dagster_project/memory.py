"""How much memory DuckDB takes before it writes what does not fit to disk, beside the warehouse.

Without a limit it takes up to four fifths of the machine's. The rest of the process (Python, Dagster, dbt)
takes about 300 MB more. Not everything can be written to disk: 138 KPIs do not fit into 400 MB.
"""

from __future__ import annotations

import os

# dbt/profiles.yml reads them too.
LIMIT = os.environ.get("KPI_MEMORY_LIMIT") or "1GB"
# Each thread needs about 100 MB to get on with at all: with 16, three million events do not fit into 400 MB.
THREADS = os.environ.get("KPI_THREADS") or str(min(os.cpu_count() or 1, 4))
# So few rows are little work for a thread: others would wait, at the cost of the work. dbt builds two models
# at a time anyway.
FEW_ROWS = 500_000


def threads_for(rows: int) -> str:
    """How many threads DuckDB runs to build models that read about so many landed rows."""
    return "1" if rows <= FEW_ROWS else THREADS
