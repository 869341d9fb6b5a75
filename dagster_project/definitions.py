"""The code location of `dagster dev`: the project that KPI_PROJECT_DIR names, else that of this folder."""

from dagster_project.defs.nightly import build_definitions
from dagster_project.defs.prepared import prepare
from dagster_project.project import find_project

defs = build_definitions(prepare(find_project(None)))
