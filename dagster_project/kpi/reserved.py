"""Names that the project needs itself: an entity or KPI of such a name would take the place of a table."""

from __future__ import annotations

# Models written by hand in dbt/models/; a test holds this list against the folder.
HAND_WRITTEN_MODELS = frozenset(
    [
        "dim_date",
        "dimension_segments",
        "entity_days",
        "ga4_dates",
        "ga4_events",
        "ga4_flat",
        "ga4_purchases",
        "ga4_session_parts",
        "ga4_sessions",
        "ga4_transactions",
        "kpi_catalog",
        "kpi_coverage",
        "kpi_daily",
        "kpi_days",
        "kpi_made_from",
        "kpi_period",
        "kpi_periods",
        "kpi_rows",
        "kpi_segments",
        "kpi_slices",
        "kpi_values",
        "leaf_spans",
        "leaf_values",
        "measure_carried",
        "measure_cuts",
        "measure_daily",
        "measure_periods",
        "period_reads",
        "period_roles",
        "periods",
        "segment_numbers",
        "segment_places",
        "span_days",
        "spans",
    ]
)
# Published tables that no model makes; a test holds this list against the contract.
_MADE_BY_THE_NIGHT = frozenset(
    [
        "alerts",
        "assumption_review",
        "forecast_accuracy",
        "gap_drivers",
        "goal_actions",
        "goal_funnel",
        "goal_reviews",
        "goal_targets",
        "goal_tree",
        "kgi_attainment",
        "kgi_forecast",
        "kgi_forecast_path",
        "pipeline_runs",
        "publication",
        "quarantine",
        "restatements",
        "source_freshness",
        "tree_checks",
    ]
)
_GENERATED_MODELS = frozenset(["dimension_members", "kpi_formulas", "segment_rows"])
_PREFIXES = ("stg_", "measures_", "things_", "arrivals_", "anew_", "levels_", "stocks_", "unknown_", "kpi_")
# A KPI is a column of the measure models beside these, or `measures_<name>` is the union of all.
_KPI_NAMES = frozenset(
    ["additive", "anew", "date", "dimension", "is_other", "segment", "segment_number", "thing", "total"]
)


def taken_as_entity(name: str) -> str:
    """Why no entity may be called so, '' where it may."""
    if name in HAND_WRITTEN_MODELS | _MADE_BY_THE_NIGHT | _GENERATED_MODELS:
        return f"'{name}' is a table of the project itself"
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
    return f"tables that begin with '{prefix}' are made by the compiler" if prefix else ""


def taken_as_kpi(name: str) -> str:
    """Why no KPI may be called so, '' where it may."""
    if "__" in name:
        return "'__' is kept for the measures of a KPI"
    return f"'{name}' is a word of the tables of measures" if name in _KPI_NAMES else ""
