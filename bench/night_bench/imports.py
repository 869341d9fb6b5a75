"""What a night can't do without: importing Dagster, dagster-dbt and dbt, and one parse of the dbt project.

    python -m night_bench.imports FOLDER

Prints JSON: CPU seconds of each, in a fresh process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

laps: dict[str, float] = {}
_last = time.process_time()


def lap(name: str) -> None:
    global _last
    laps[name] = time.process_time() - _last
    _last = time.process_time()


def main(root: str) -> int:
    lap("start")
    import dagster  # noqa: F401

    lap("import dagster")
    import dagster_dbt  # noqa: F401

    lap("import dagster_dbt")
    from dbt.cli.main import dbtRunner

    lap("import dbt")
    from dagster_project.defs.dbt_engine import set_environment
    from dagster_project.kpi.load import load_definitions
    from dagster_project.project import find_project

    project = find_project(root)
    set_environment(project, load_definitions(project.root))
    lap("ours")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DBT_TARGET_PATH"] = folder
        where = ["--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)]
        result = dbtRunner().invoke(["parse", *where, "--quiet", "--log-level", "none"])
    if not result.success:
        raise SystemExit(f"dbt could not parse: {result.exception}")
    lap("dbt parse")
    del laps["start"], laps["ours"]
    print(json.dumps({"laps": laps, "cpu": sum(laps.values())}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
