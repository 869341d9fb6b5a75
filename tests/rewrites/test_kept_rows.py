"""After any sequence of nights kpi_daily and kpi_period, most rows of which are kept from earlier nights, are
what is computed from nothing, for every type of KPI of a company made to be awkward."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import pandas as pd
import pytest

from dagster_project import warehouse
from dagster_project.defs import dbt_engine
from dagster_project.defs.prepared import Prepared, prepare
from dagster_project.kpi.metadata import rows
from dagster_project.landing.expose import expose, in_force
from dagster_project.landing.land import land
from dagster_project.project import Project
from dagster_project.rewrites.plan import begin, finish
from dagster_project.sandbox.landed import built
from tests.soundness.company import AS_OF, DEFINITIONS, make_exports

KEYS = {
    "kpi_daily": ["date", "kpi", "dimension", "segment"],
    "kpi_period": ["grain", "period_start", "kpi", "dimension", "segment"],
}
Change = Callable[[random.Random, Path], None]


# A KPI of each type, for the night that everybody runs.
FEW = frozenset(
    [
        "won_amount",
        "deals_opened",
        "closed",
        "win_rate",
        "buyers",
        "highest",
        "line_value",
        "won_yoy",
        "won_28d",
        "win_rate_12m",
        "cohort_win",
        "open_deals",
        "median_cycle",
        "buyers_again",
        "target",
        "on_hand",
    ]
)


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    is_slow = request.node.get_closest_marker("slow") is not None
    for name, text in DEFINITIONS.items():
        path = tmp_path / "kpi_definitions" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if is_slow else only_few(text), encoding="utf-8")
    make_exports(tmp_path / "data")
    with patch.dict(os.environ):
        yield Project(root=tmp_path, data=tmp_path / "data", outputs=tmp_path / "outputs")


def only_few(text: str) -> str:
    """Definitions, a KPI a line, with those of FEW alone."""
    lines = text.splitlines(keepends=True)
    kpi = "  - {name: "
    return "".join(
        line for line in lines if not line.startswith(kpi) or line[len(kpi) :].split(",")[0] in FEW
    )


def cells(column: str, values: list[object]) -> Change:
    """A few cells of a column of deals.csv take other values."""

    def change(rng: random.Random, data: Path) -> None:
        deals = pd.read_csv(data / "deals.csv", dtype=str)
        for at in rng.sample(range(len(deals)), 3):
            deals.loc[at, column] = rng.choice(values)
        deals.to_csv(data / "deals.csv", index=False)

    return change


def lost_deals(rng: random.Random, data: Path) -> None:
    deals = pd.read_csv(data / "deals.csv", dtype=str)
    deals.drop(index=rng.sample(range(len(deals)), 5)).to_csv(data / "deals.csv", index=False)


def other_rosters(rng: random.Random, data: Path) -> None:
    """Someone comes or goes, and changes the team."""
    names = rng.sample(["Aoki", "Baba", "Chiba", "Doi", "Endo", "Fuji"], 4)
    teams = [rng.choice(["East", "West", "North"]) for _ in names]
    pd.DataFrame({"owner": names, "team": teams}).to_csv(data / "reps.csv", index=False)


def other_lines(rng: random.Random, data: Path) -> None:
    lines = pd.read_csv(data / "lines.csv", dtype=str)
    for at in rng.sample(range(len(lines)), 3):
        lines.loc[at, "quantity"] = str(rng.randrange(9))
    lines.drop(index=rng.sample(range(len(lines)), 2)).to_csv(data / "lines.csv", index=False)


def other_counts(rng: random.Random, data: Path) -> None:
    with (data / "counts.csv").open("a", encoding="utf-8") as file:
        file.write(f"south,2027-01-{rng.randrange(1, 29):02},{rng.randrange(90)}\n")


def other_targets(rng: random.Random, data: Path) -> None:
    path = data / "targets.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1000000", f"10{rng.randrange(9)}0000"), "utf-8")


CHANGES: list[Change] = [
    cells("amount", ["1.25", "-900", "123456.78", None]),
    cells("stage", ["won", "lost", "open"]),
    cells("customer", ["C01", "C07", "C21", "C22", "C23", None]),
    cells("closed_on", ["2026-04-01", "2027-01-31", "2027-02-09", "2025-12-31", None]),
    cells("owner", ["Aoki", "Doi", "Endo", None]),
    lost_deals,
    other_rosters,
    other_lines,
    other_counts,
    other_targets,
]


def test_after_another_night(project: Project) -> None:
    def change(rng: random.Random, data: Path) -> None:
        for one in (cells("amount", ["7", "8"]), other_rosters, other_lines):
            one(rng, data)

    compare_nights(project, [(change, 1)], seed=0)


@pytest.mark.slow
def test_after_any_sequence_of_nights(project: Project) -> None:
    seed = 1
    rng = random.Random(seed)
    changes = rng.sample(CHANGES, len(CHANGES))
    compare_nights(project, [(change, rng.choice([1, 1, 0, -1, 30])) for change in changes], seed)


def compare_nights(project: Project, nights: list[tuple[Change, int]], seed: int) -> None:
    """nights: what changes before each in the exports, and by how many days its as-of date moves."""
    rng, as_of = random.Random(seed), AS_OF
    prepared = prepare(project)
    build(prepared, as_of, 0)
    for number, (change, moved) in enumerate(nights, start=1):
        change(rng, project.data)
        as_of = min(as_of + timedelta(days=moved), AS_OF + timedelta(days=40))
        build(prepared, as_of, number)
        kept, computed = kept_periods(project)
        assert kept > 0
        if moved == 0:
            assert kept > computed, "a night on which little changes computes little"
        with built(project, prepared.definitions, as_of) as from_nothing:
            for table, keys in KEYS.items():
                with duckdb.connect(str(project.warehouse), read_only=True) as connection:
                    found = table_of(connection, table, keys)
                expected = table_of(from_nothing, table, keys)
                pd.testing.assert_frame_equal(found, expected, check_exact=True, obj=f"{number} {table}")


def build(prepared: Prepared, as_of: date, night: int) -> None:
    """Land, and build every model as a night does."""
    project, definitions = prepared.project, prepared.definitions
    now = datetime(2027, 5, 1, night, tzinfo=UTC)
    land(project.data, project.landing, definitions.sources, definitions.calendar, now, settle_seconds=0)
    with warehouse.opened(project) as connection:
        expose(connection, project.landing, definitions.sources, definitions.calendar, as_of, "run")
        warehouse.write_tables(project, "definitions", rows(definitions))
    states = in_force(project.landing, definitions.sources, definitions.calendar)
    begun = begin(project, definitions.calendar.timezone, prepared.manifest, states, as_of, None)
    results = dbt_engine.build(project)
    assert [(result.name, result.message) for result in results if result.is_broken] == []
    assert begun is not None
    finish(project, begun)


def kept_periods(project: Project) -> tuple[int, int]:
    """Periods of KPIs whose rows were kept, and those that were computed."""
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        counted = "select count(*) filter (is_kept), count(*) filter (not is_kept) from main.kpi_made_from"
        found = connection.execute(counted).fetchone()
    assert found is not None
    return found[0], found[1]


def table_of(connection: duckdb.DuckDBPyConnection, table: str, keys: list[str]) -> pd.DataFrame:
    query = f"select * exclude (computed_run_id) from main.{table} order by {', '.join(keys)}"
    return connection.execute(query).df()
