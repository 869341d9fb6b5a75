"""Shirube: KPI definitions and goal trees in YAML become daily KPI tables, attainment and a forecast."""

import os

# Before numpy is imported anywhere. The forecast solves many systems of about 100 unknowns, for which
# OpenBLAS's threads take 35 times the CPU of one: they wait for one another. The environment may differ.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before pyarrow is. Its own allocator keeps what was given back to it: 60 MB while a night is published.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

__version__ = "0.1.0"
