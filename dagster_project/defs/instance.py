"""Dagster's home of a project: runs and events of all nights, in .kpi/dagster."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from dagster_project.project import Project

# Capturing what steps print would start four processes a step; they print nothing, and log to .kpi/logs.
DAGSTER_YAML = """\
# Written by Shirube at every start; edits are lost.
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
event_log_storage:
  module: dagster_project.defs.event_log
  class: EventLog
  config:
    home:
      env: DAGSTER_HOME
"""
# Of what a run intends to make, before it begins.
EVENTS_AT_ONCE = 500


def dagster_home(project: Project) -> Path:
    """The folder, with its dagster.yaml, made the one that this process and its children use."""
    home = (project.work / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.is_file() or settings.read_text(encoding="utf-8") != DAGSTER_YAML:
        settings.write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ["DAGSTER_EVENT_BATCH_SIZE"] = str(EVENTS_AT_ONCE)
    return home


def prune_runs(project: Project, before: datetime, *, dry_run: bool = False) -> int:
    """Forget runs of before that moment, with their events; returns how many they are."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(dagster_home(project))) as instance:
        old = instance.get_runs(filters=dg.RunsFilter(created_before=before))
        for run in old if not dry_run else ():
            instance.delete_run(run.run_id)
    return len(old)


if __name__ == "__main__":
    # For `dagster dev`, which wants the folder in its environment before it starts.
    from dagster_project.project import find_project

    print(dagster_home(find_project(None)))
