"""A project made ready to run: definitions checked, dbt models compiled, the manifest at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.dbt_project import write_dbt_project
from dagster_project.defs import dbt_engine
from dagster_project.goals.load import load_goals
from dagster_project.goals.model import Goal
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project


@dataclass(frozen=True)
class Prepared:
    """What every step is given. `manifest`: dbt's manifest.json; `definitions_hash`: of every YAML file."""

    project: Project
    definitions: Definitions
    goals: tuple[Goal, ...]
    manifest: Mapping[str, Any]
    definitions_hash: str


def prepare(project: Project) -> Prepared:
    """Load, compile and parse; writes below project.generated and project.work.

    Raises DefinitionError with every issue, NothingPublished where dbt can't read the compiled models.
    """
    definitions = load_definitions(project.root)
    BusinessCalendar(definitions.calendar)  # an unknown country is wrong usage, not a night that failed
    goals = load_goals(project.root, definitions)
    write_dbt_project(project, definitions)
    dbt_engine.set_environment(project, definitions)
    return Prepared(project, definitions, goals, dbt_engine.ensure_manifest(project), _hash(project))


def _hash(project: Project) -> str:
    digest = hashlib.sha256()
    for path in sorted(project.definitions.rglob("*.yml")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project.definitions).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
