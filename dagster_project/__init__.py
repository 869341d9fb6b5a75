"""Shirube: KPI definitions and goal trees in YAML become daily KPI tables, attainment and a forecast."""

__version__ = "0.1.0"
