"""The columns of kgi_forecast and kgi_forecast_path, in order; new ones come at the end."""

from __future__ import annotations

from dagster_project.goals.frames import Columns

KGI_FORECAST: Columns = (
    ("as_of", "DATE"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("scenario", "VARCHAR"),
    ("issue", "BIGINT"),
    ("period_start", "DATE"),
    ("period_end", "DATE"),
    ("actual", "DOUBLE"),
    ("target", "DOUBLE"),
    ("p025", "DOUBLE"),
    ("p10", "DOUBLE"),
    ("p50", "DOUBLE"),
    ("p90", "DOUBLE"),
    ("p975", "DOUBLE"),
    ("probability", "DOUBLE"),
    ("status", "VARCHAR"),
    ("method", "VARCHAR"),
    ("weights", "VARCHAR"),
    ("history_from", "DATE"),
    ("history_days", "BIGINT"),
    ("required_run_rate", "DOUBLE"),
    ("inputs_hash", "VARCHAR"),
    ("definition_hash", "VARCHAR"),
    ("goal_hash", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("computed_run_id", "VARCHAR"),
    ("settled_through", "DATE"),
    ("settled_probability", "DOUBLE"),
    ("tree_p10", "DOUBLE"),
    ("tree_p50", "DOUBLE"),
    ("tree_p90", "DOUBLE"),
    ("tree_difference", "DOUBLE"),
    ("tree_reason", "VARCHAR"),
)

KGI_FORECAST_PATH: Columns = (
    ("as_of", "DATE"),
    ("goal", "VARCHAR"),
    ("node", "VARCHAR"),
    ("issue", "BIGINT"),
    ("date", "DATE"),
    ("actual_cumulative", "DOUBLE"),
    ("p10", "DOUBLE"),
    ("p50", "DOUBLE"),
    ("p90", "DOUBLE"),
    ("target_cumulative", "DOUBLE"),
)
