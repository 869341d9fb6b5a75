"""The forecast of every goal's end, kept in an append-only log; what earlier nights were worth; alerts."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs import built
from dagster_project.defs.failures import told_apart
from dagster_project.defs.goals import goals_tonight, read_goal_rows
from dagster_project.defs.night import Night
from dagster_project.warehouse import opened

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("kgi_forecast", "kgi_forecast_path", "forecast_accuracy", "alerts")


def forecast_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="forecast",
        specs=[
            dg.AssetSpec(
                name,
                group_name="forecast",
                kinds={"python"},
                deps=["kpi_daily", "goal_targets", "kgi_attainment"],
            )
            for name in TABLES
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"night"},
    )
    def forecast(context: dg.AssetExecutionContext) -> Any:
        """Where each goal will end, how surely; the same inputs add nothing to the log."""
        night: Night = context.resources.night
        with told_apart(), opened(night.prepared.project, read_only=True):
            added = _forecast(night)
        for name in TABLES:
            yield dg.MaterializeResult(asset_key=name, metadata={"new_rows": added[name]})

    return forecast


def _forecast(night: Night) -> dict[str, int]:
    """Adds to the log and builds the tables; returns how many rows of each are new."""
    from dagster_project.defs.open_deals import read_books
    from dagster_project.forecast import log
    from dagster_project.forecast.accuracy import build_accuracy
    from dagster_project.forecast.alerts import build_alerts
    from dagster_project.forecast.plugins import load_forecasters
    from dagster_project.forecast.renames import under_todays_names
    from dagster_project.forecast.tables import build_forecast

    prepared, project = night.prepared, night.prepared.project
    definitions, goals, state = prepared.definitions, goals_tonight(night), project.state
    batches = project.state_batches
    daily = read_goal_rows(night, "kpi_daily")
    attainment = built.read(project, "kgi_attainment").to_pandas()

    def of_today(rows: "pd.DataFrame") -> "pd.DataFrame":
        return under_todays_names(rows, goals, definitions)

    known = log.read_forecasts(state, batches, night.said_by)
    new = build_forecast(
        goals,
        definitions,
        daily,
        built.read(project, "goal_targets").to_pandas(),
        attainment,
        of_today(known),
        night.as_of,
        night.run_id,
        load_forecasters(project.root, definitions.settings.forecasters, night.warnings.append),
        read_books(night),
    )
    night.warnings += new.warnings
    if night.known_at is None:  # a night of the past is only looked at again: what it said is kept already
        log.append(state, new, night.run_id)
    said = of_today(log.with_new(known, new.kgi_forecast, log.FORECAST_KEY))
    built.write(project, "kgi_forecast", said)
    # every night's path stays in state/; published is the one that a chart of this night shows
    paths = log.with_new(log.read_paths(state, night.as_of, batches), new.kgi_forecast_path, log.PATH_KEY)
    built.write(project, "kgi_forecast_path", log.paths_of(said, of_today(paths)))
    accuracy = build_accuracy(goals, daily, said, night.as_of, night.run_id)
    built.write(project, "forecast_accuracy", accuracy)
    alerted = log.read_alerts(state, batches, night.said_by)
    alerts = build_alerts(
        goals,
        definitions,
        _recent_totals(night),
        said,
        attainment,
        of_today(alerted),
        night.as_of,
        night.run_id,
    )
    if night.known_at is None:
        log.append_alerts(state, alerts, night.run_id)
    built.write(project, "alerts", of_today(log.with_new(alerted, alerts, log.ALERT_KEY)))
    counted = (new.kgi_forecast, new.kgi_forecast_path, accuracy, alerts)
    return {name: len(rows) for name, rows in zip(TABLES, counted, strict=True)}


def _recent_totals(night: Night) -> "pd.DataFrame":
    """kpi_daily in total, the days that a control chart looks at."""
    from dagster_project.forecast.alerts import HISTORY

    with opened(night.prepared.project, read_only=True) as connection:
        return connection.execute(
            f"""
            select date, kpi, dimension, segment, value, data_status from main.kpi_daily
            where dimension = 'total' and date > $as_of::date - {HISTORY} and date <= $as_of::date
            """,
            {"as_of": night.as_of},
        ).df()
