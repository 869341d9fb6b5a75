"""A dbt project of the hand-written models over a GA4 export."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest

from dagster_project import warehouse
from dagster_project.defs import dbt_engine
from dagster_project.kpi.model import CalendarRules, Definitions, Format, ProjectSettings, Source
from dagster_project.landing.expose import expose
from dagster_project.landing.land import land
from dagster_project.project import HAND_WRITTEN_DBT, Project

RULES = CalendarRules()
SOURCE = Source(
    name="website",
    files="*.ndjson",
    format=Format("ndjson"),
    load="by_day",
    columns=(),
    preset="ga4_events",
)
STAGED = (
    "select *, 'website' as _source, true as keeps_page_location, true as keeps_page_title, "
    "true as keeps_page_referrer from {{ source('landing', 'website') }}"
)
LANDED = "sources:\n  - {name: landing, schema: landing, tables: [{name: website}]}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A dbt project of the hand-written models but for kpi (they need measures), over the GA4 export."""
    root = tmp_path_factory.mktemp("ga4")
    found = Project(root=root, data=root / "data", outputs=root / "outputs")
    found.data.mkdir()
    shutil.copytree(HAND_WRITTEN_DBT, found.dbt, ignore=shutil.ignore_patterns("generated", "kpi", "target"))
    staging = found.generated / "staging"
    staging.mkdir(parents=True)
    (staging / "stg_ga4__events.sql").write_text(STAGED, encoding="utf-8")
    (staging / "_landing.yml").write_text(LANDED, encoding="utf-8")
    with patch.dict(os.environ):
        dbt_engine.set_environment(found, Definitions(ProjectSettings(), RULES, (SOURCE,), (), ()))
        yield found


@pytest.fixture(scope="module")
def night(project: Project) -> Callable[[], None]:
    """Lands what is in the data folder and builds every model."""

    def run() -> None:
        now = datetime(2026, 11, 1, tzinfo=UTC)
        land(project.data, project.landing, [SOURCE], RULES, now, settle_seconds=0)
        with warehouse.opened(project) as connection:
            expose(connection, project.landing, [SOURCE], RULES, date(2026, 10, 31), "run")
        dbt_engine.ensure_manifest(project)
        assert [result for result in dbt_engine.build(project) if result.is_broken] == []

    return run
