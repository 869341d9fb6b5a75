"""The company that `make bench` runs: it checks, it has 60 KPIs, and its events follow from the seed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
from night_bench.company import KPIS, write_definitions
from night_bench.events import History, Writer, write_whole

from dagster_project.goals.load import load_goals
from dagster_project.kpi.load import load_definitions
from dagster_project.landing.ga4 import COLUMNS

WEEK = History(3_000, date(2026, 3, 1), date(2026, 3, 7))
NEVER_LATE = date(2026, 4, 1)


def test_the_company_has_exactly_the_kpis_that_are_promised(tmp_path: Path) -> None:
    write_definitions(tmp_path)
    definitions = load_definitions(tmp_path)
    assert len(definitions.kpis) == KPIS == 60
    assert len(load_goals(tmp_path, definitions)) == 1


def test_a_day_made_alone_is_the_day_of_the_whole_history(tmp_path: Path) -> None:
    files = write_whole(WEEK, tmp_path, NEVER_LATE)
    assert len(files) == 7
    assert abs(sum(file.events for file in files) - WEEK.events) < 0.1 * WEEK.events
    (tmp_path / "alone").mkdir()
    day = date(2026, 3, 4)
    with Writer(WEEK, tmp_path / "alone") as writer:
        (alone,) = writer.days(day, day, landed=True, late_from=NEVER_LATE)
    rows = [
        duckdb.sql(f"select * from read_parquet('{path}') order by _line").fetchall()
        for path in (alone.path, tmp_path / alone.path.name)
    ]
    assert rows[0]
    assert rows[0] == rows[1]


def test_the_events_are_those_that_landing_leaves(tmp_path: Path) -> None:
    (first, *_) = write_whole(WEEK, tmp_path, NEVER_LATE)
    described = duckdb.sql(f"describe select * from read_parquet('{first.path}')").fetchall()
    types = {name: kind.lower().replace('"', "") for name, kind, *_ in described}
    assert {name: types.get(name) for name in COLUMNS} == {
        name: kind.replace('"', "") for name, kind in COLUMNS.items()
    }
    assert {"_line", "_file", "version"} <= types.keys()


def test_late_events_come_with_the_corrected_file(tmp_path: Path) -> None:
    for name in ("early", "late"):
        (tmp_path / name).mkdir()
    early = write_whole(WEEK, tmp_path / "early", WEEK.last)
    late = write_whole(WEEK, tmp_path / "late", NEVER_LATE)
    assert [a.events for a in early[:-1]] == [b.events for b in late[:-1]]
    assert early[-1].events < late[-1].events
