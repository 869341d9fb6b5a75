"""Shirube: KPI definitions and goal trees in YAML become daily KPI tables, attainment and a forecast."""

import os

# Before numpy is imported anywhere. The forecast solves many systems of about 100 unknowns, for which
# OpenBLAS's threads take 35 times the CPU of one: they wait for one another. The environment may differ.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
