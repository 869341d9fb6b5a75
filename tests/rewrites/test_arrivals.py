"""Arrivals that are written in parts equal those that are written whole, whatever they hang on changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.load import load_definitions
from dagster_project.sandbox.render import render
from tests.rewrites.company import write_definitions

PLACE = "events__event_at"
ARRIVALS, THINGS = f"arrivals_{PLACE}", f"things_{PLACE}"
THIS_PART = "(true /* this part */)"
FIRST = date(2026, 4, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(6)]

SEGMENTS = ["fr", "it", "jp"]
# (segment, thing, whether it counts as a buyer, as a visitor)
THING = st.tuples(
    st.sampled_from(SEGMENTS), st.sampled_from("abc"), st.sampled_from([1, None]), st.sampled_from([1, None])
).filter(lambda row: row[2] or row[3])
THINGS_OF_A_DAY = st.lists(THING, max_size=4, unique_by=lambda row: row[:2])
DAY = st.sampled_from([*DAYS, None])
# What differs from the night before: the things of a day, whether a day is known, whether a segment is over.
CHANGE = st.one_of(
    st.tuples(st.just("things"), DAY, THINGS_OF_A_DAY),
    st.tuples(st.just("known"), st.sampled_from(DAYS), st.booleans()),
    st.tuples(st.just("over"), st.sampled_from(SEGMENTS), st.booleans()),
)
NIGHT = st.lists(CHANGE, min_size=1, max_size=2)

ONE_EACH_DAY = {day: [(segment, "a", 1, 1)] for day, segment in zip(DAYS, ("fr", "jp", "fr"), strict=False)}


@dataclass
class World:
    things: dict[date | None, list[tuple]] = field(default_factory=dict)
    known: dict[date, bool] = field(default_factory=lambda: dict.fromkeys(DAYS, True))
    over: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(SEGMENTS, False))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("web")
    write_definitions(root)
    text = compile_project(load_definitions(root))[f"kpi/{ARRIVALS}.sql"]
    assert "parts=arrival_parts('events', 'event_at', ['country'])" in text
    return render(ARRIVALS, text).sql


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        marks = "buyers integer, visitors integer"
        opened.execute(f"create table {THINGS} (date date, country__segment text, thing text, {marks})")
        opened.execute(f"create table {THINGS}__rewritten (date date)")
        opened.execute("create table entity_days (entity text, time text, date date, is_known boolean)")
        opened.execute("create table dimension_segments (dimension text, segment text, is_over boolean)")
        yield opened


def fill(connection, table, rows):
    connection.execute(f"delete from {table}")
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table} values ({marks})", [list(row) for row in rows])


def begin_night(connection, world, night):
    """`world` and its tables as tonight's are; days whose things changed were written again."""
    for what, key, value in night:
        getattr(world, what)[key] = value
    days = {key for what, key, _ in night if what == "things"}
    fill(connection, THINGS, [(day, *row) for day, of_day in world.things.items() for row in of_day])
    fill(connection, f"{THINGS}__rewritten", [(day,) for day in days])
    fill(connection, "entity_days", [("events", "event_at", *each) for each in world.known.items()])
    fill(connection, "dimension_segments", [("country", *each) for each in world.over.items()])


def parts(connection):
    listed = render("parts", "{{ arrival_parts('events', 'event_at', ['country']) }}").sql
    return connection.execute(f"select lower, upper from {listed}").fetchall()


def within(ranges):
    bounds = [
        " and ".join(
            [
                *([f"date >= {lower}"] if lower else []),
                *([f"date < {upper}" if lower else f"(date is null or date < {upper})"] if upper else []),
            ]
        )
        or "true"
        for lower, upper in ranges
    ]
    return "(" + " or ".join(f"({each})" for each in bounds) + ")"


def rows_of(connection, table):
    return sorted(connection.execute(f"from {table}").fetchall(), key=repr)


@settings(max_examples=20, deadline=None)
@given(
    first=st.dictionaries(DAY, THINGS_OF_A_DAY, min_size=3), nights=st.lists(NIGHT, min_size=1, max_size=4)
)
@example(first=ONE_EACH_DAY, nights=[[("known", DAYS[1], known)] for known in (False, True)])
@example(
    first=ONE_EACH_DAY, nights=[[("over", name, is_over)] for is_over in (True, False) for name in SEGMENTS]
)
@example(first=ONE_EACH_DAY, nights=[[("over", "fr", True)], [("over", "fr", False), ("over", "it", True)]])
@example(
    first=ONE_EACH_DAY | {None: [("fr", "a", 1, 1)]},
    nights=[[("things", DAYS[1], [])], [("things", DAYS[1], [("fr", "a", 1, 1)])], [("things", None, [])]],
)
def test_arrivals_in_parts_are_those_of_a_whole_build(model, connection, first, nights):
    world = World(things=dict(first))
    begin_night(connection, world, [])
    connection.execute(f"create or replace table {ARRIVALS} as {model}")
    for night in nights:
        begin_night(connection, world, night)
        condition = within(parts(connection))
        connection.execute(f"delete from {ARRIVALS} where {condition}")
        connection.execute(f"insert into {ARRIVALS} by name ({model.replace(THIS_PART, condition)})")
        connection.execute(f"create or replace table whole as {model}")
        assert rows_of(connection, ARRIVALS) == rows_of(connection, "whole"), night


@pytest.mark.parametrize(
    ("night", "since"),
    [
        ([("things", DAYS[4], [("it", "a", 1, 1)])], "date '2026-04-05'"),
        ([("known", DAYS[2], False), ("things", DAYS[4], [])], "date '2026-04-03'"),
        # nobody came on that day
        ([("known", DAYS[5], False), ("over", "it", True)], None),
    ],
)
def test_no_day_is_written_before_the_first_that_changed(model, connection, night, since):
    world = World(things=dict(ONE_EACH_DAY))
    begin_night(connection, world, [])
    connection.execute(f"create or replace table {ARRIVALS} as {model}")
    begin_night(connection, world, night)
    changed = [(since, None)] if since else []
    assert set(parts(connection)) == {(None, "date '0001-01-01'"), *changed}
