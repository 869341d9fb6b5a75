"""Days to go, in the bands by which forecasts are judged."""

from __future__ import annotations

# From..through.
HORIZONS = ((1, 7), (8, 30), (31, 92), (93, 10_000))
FEWEST_PERIODS = 5  # of goals and nodes that are over, below which nothing is judged
