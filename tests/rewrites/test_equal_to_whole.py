"""After any sequence of nights the tables that are written in parts equal those that are written whole."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from functools import partial

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
from dagster_project.rewrites import parts, plan
from dagster_project.rewrites.plan import begin, finish

FIRST = date(2026, 4, 1)
DAYS = 6
WRITTEN_IN_PARTS = (
    "ga4_flat",
    "ga4_purchases",
    "ga4_transactions",
    "ga4_sessions",
    "measures_events__event_at",
    "measures_sessions__started_at",
    "things_events__event_at",
    "arrivals_events__event_at",
)
COMPARED = (*WRITTEN_IN_PARTS, "measures_anew")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few events fill a batch, so that every table is written in several, as millions are."""
    monkeypatch.setattr(plan, "all_parts", partial(parts.all_parts, batch_rows=10))
    monkeypatch.setattr(plan, "parts_of", partial(parts.parts_of, batch_rows=10))


def event(
    rng: random.Random, moment: datetime, visitor: int, began: datetime, **given: object
) -> dict[str, object]:
    params = [
        {"key": "ga_session_id", "value": {"int_value": int(began.timestamp())}},
        {"key": "engagement_time_msec", "value": {"int_value": rng.choice([0, 4000, 12_000])}},
    ]
    if rng.random() < 0.4:
        params.append({"key": "source", "value": {"string_value": rng.choice(["google", "newsletter"])}})
    return {
        "event_date": f"{moment + timedelta(hours=9):%Y%m%d}",
        "event_timestamp": int(moment.timestamp() * 1_000_000),
        "event_name": "page_view",
        "user_pseudo_id": f"u{visitor}",
        "geo": {"country": rng.choice(["Japan", "France", "Italy", "Peru", None])},
        "event_params": params,
        **given,
    }


def day_of_events(rng: random.Random, day: date, order: list[int]) -> str:
    """An export's day: sessions of a few visitors, some over midnight, purchases that are sent again on later
    days, rows that are there twice, events that came a day late, and at times events without a moment."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=9)
    events = []
    for _ in range(rng.randrange(1, 7)):
        visitor = rng.randrange(4)
        began = midnight + timedelta(minutes=rng.randrange(-30, 1439))
        for step in range(rng.randrange(1, 4)):
            moment = max(began, midnight) + timedelta(minutes=7 * step)
            events.append(event(rng, moment, visitor, began))
            if rng.random() < 0.3:
                order[0] += rng.randrange(2)
                bought = {"transaction_id": f"T{order[0]}", "purchase_revenue": 100.0 * rng.randrange(1, 5)}
                events.append(event(rng, moment, visitor, began, event_name="purchase", ecommerce=bought))
            if rng.random() < 0.2:
                events.append(events[-1])
    if rng.random() < 0.2:
        events.append(event(rng, midnight - timedelta(hours=20), 0, midnight - timedelta(hours=21)))
    if rng.random() < 0.1:
        events.append({**events[0], "event_timestamp": None})
    return "".join(json.dumps(row) + "\n" for row in events)


def tables(project: Project) -> dict[str, pd.DataFrame]:
    found = {}
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        for name in COMPARED:
            table = connection.execute(f"select * from main.{name}").df()
            found[name] = table.sort_values(list(table.columns), ignore_index=True)
    return found


def rebuilt_whole(project: Project) -> set[str]:
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        return {name for (name,) in connection.execute("select model from night.rebuilt").fetchall()}


def build(prepared: Prepared, as_of: date) -> None:
    project, definitions = prepared.project, prepared.definitions
    with warehouse.opened(project) as connection:
        expose(connection, project.landing, definitions.sources, definitions.calendar, as_of, "run")
        warehouse.write_tables(project, "definitions", rows(definitions))
    states = in_force(project.landing, definitions.sources, definitions.calendar)
    built = begin(project, definitions.calendar.timezone, prepared.manifest, states, as_of, None)
    # with the tests of the tables in parts, which look at the parts too
    results = dbt_engine.build(project, [f"+{name}" for name in COMPARED[3:]])
    assert [(result.name, result.message) for result in results if result.is_broken] == []
    assert built is not None
    finish(project, built)


def written_whole(prepared: Prepared, as_of: date) -> dict[str, pd.DataFrame]:
    path = prepared.project.warehouse
    kept = path.with_name("kept.duckdb")
    path.rename(kept)
    build(prepared, as_of)
    whole = tables(prepared.project)
    path.unlink()
    kept.rename(path)
    return whole


def test_after_a_few_nights(project: Project) -> None:
    compare_nights(project, seed=7, nights=3)


def test_where_a_table_is_gone_all_of_it_is_built_again(project: Project) -> None:
    prepared = prepare(project)
    project.data.mkdir()
    rng, order, rules = random.Random(1), [0], prepared.definitions.calendar
    for at in range(2):
        day = FIRST + timedelta(days=at)
        path = project.data / f"events_{day:%Y%m%d}.ndjson"
        path.write_text(day_of_events(rng, day, order), encoding="utf-8")
        now = datetime(2026, 5, 1, at, tzinfo=UTC)
        land(project.data, project.landing, prepared.definitions.sources, rules, now, settle_seconds=0)
        if at == 1:
            with warehouse.opened(project) as connection:
                connection.execute("drop table main.ga4_flat")
        build(prepared, FIRST + timedelta(days=1))
    in_parts, whole = tables(project), written_whole(prepared, FIRST + timedelta(days=1))
    for name in COMPARED:
        pd.testing.assert_frame_equal(in_parts[name], whole[name], check_exact=True, obj=name)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_after_any_sequence_of_nights(project: Project, seed: int) -> None:
    compare_nights(project, seed, nights=8)


def compare_nights(project: Project, seed: int, nights: int) -> None:
    """Exports: new, late, corrected, held or taken away, and an as-of date that goes forth and back."""
    rng, order = random.Random(seed), [0]
    prepared = prepare(project)
    project.data.mkdir()
    for night in range(nights):
        for _ in range(rng.randrange(1, 4)):
            day = FIRST + timedelta(days=rng.randrange(DAYS))
            path = project.data / f"events_{day:%Y%m%d}.ndjson"
            exported = day_of_events(rng, day, order)
            # cut, and therefore held: what is known of the day changes, and not one event
            path.write_text(exported[: -9 if rng.random() < 0.2 else None], encoding="utf-8")
        if rng.random() < 0.3:
            next(iter(project.data.iterdir())).unlink()
        as_of = FIRST + timedelta(days=rng.randrange(DAYS))
        rules = prepared.definitions.calendar
        now = datetime(2026, 5, 1, night, tzinfo=UTC)
        land(project.data, project.landing, prepared.definitions.sources, rules, now, settle_seconds=0)
        build(prepared, as_of)
        assert rebuilt_whole(project) == ({*WRITTEN_IN_PARTS, "kpi_rows"} if night == 0 else set())
        in_parts = tables(project)
        whole = written_whole(prepared, as_of)
        for name in COMPARED:
            pd.testing.assert_frame_equal(
                in_parts[name], whole[name], check_exact=True, obj=f"{night} {name}"
            )
