"""A thing counts once in every span of days, whatever days it comes on: by sets, for any rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.load import load_definitions
from dagster_project.sandbox.render import render
from tests.soundness.small_world import write

COUNT = "label: n, type: simple, entity: hits, agg: count_distinct, unit: count, direction: up"
COLUMNS = "{hit: text, who: text, what: text, channel: text, hit_at: timestamp, kind: text}"
# One KPI is called like a column of dimension_segments.
DEFINITIONS = {
    "sources/web": f"""\
        sources:
          - {{source: web, files: web.csv, load: full, key: [hit], columns: {COLUMNS}}}
        """,
    "entities": """\
        entities:
          - {entity: hits, from: web, key: hit, times: {hit_at: {}}, dimensions: {channel: {}}}
        """,
    "kpis/all": f"""\
        department: x
        kpis:
          - {{name: visitors, expr: who, {COUNT}}}
          - {{name: place, expr: who, filter: kind = 'buy', {COUNT}}}
          - {{name: articles, expr: what, filter: kind = 'buy', {COUNT}}}
        """,
}
FIRST, AS_OF = date(2026, 4, 1), date(2026, 4, 10)
DAYS = [FIRST + timedelta(days=n) for n in range((AS_OF - FIRST).days + 1)]
WHOLE = date(1, 1, 1)
MERGED = {"mail"}  # a channel over the limit

# Few of each, so that things come again, and under one name as who and as what.
HIT = st.tuples(
    st.sampled_from(["1", "2", "3", None]),
    st.sampled_from(["1", "2", None]),
    st.sampled_from(["ad", "mail", "seo", None]),
    st.none() | st.sampled_from([*DAYS, AS_OF + timedelta(days=1)]),
    st.sampled_from(["buy", "view", None]),
)
STRETCH = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)
SPAN = st.tuples(st.sampled_from(["day", "month"]), STRETCH)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("hits")
    write(root, DEFINITIONS)
    names = ("things_hits__hit_at", "anew_hits__hit_at")
    files = compile_project(load_definitions(root))
    return {name: files[f"kpi/{name}.sql"] for name in names}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema night")
        opened.execute("create table night.run as select $day as as_of", {"day": AS_OF})
        opened.execute(
            "create table dimension_segments as select * from (values ('channel', 'ad', 1, false), "
            "('channel', 'seo', 2, false), ('channel', 'mail', 3, true)) "
            "as given (dimension, segment, place, is_over)"
        )
        opened.execute("create table hits (who text, what text, channel text, hit_at timestamp, kind text)")
        opened.execute("create table entity_days (entity text, time text, date date, is_known boolean)")
        cut = "covered_from date, data_through date, shape text"
        opened.execute(f"create table measure_cuts (measure text, {cut})")
        span = (
            f"span_number integer, {cut}, grain text, period_start date, span text, from_date date, "
            "through_date date"
        )
        opened.execute(f"create table spans ({span})")
        opened.execute(f"create table span_days ({span}, date date)")
        yield opened


def fill(connection, table, rows):
    connection.execute(f"delete from {table}")
    if rows:
        connection.executemany(
            f"insert into {table} values ({', '.join('?' for _ in rows[0])})", [list(row) for row in rows]
        )


def spans_of(cuts, stretches):
    """(covered_from, data_through, shape) → its spans: grain, period_start, span, from_date, through_date."""
    found = {}
    for covered_from, data_through, shape in {cut for _, cut in cuts}:
        own = [("all", WHOLE, "current", covered_from, data_through)]
        for number, (grain, (first, last)) in enumerate(stretches):
            own.append((grain, WHOLE + timedelta(days=number), "previous-0months", first, last))
        found[covered_from, data_through, shape] = own
    return found


def days_in(cut, span):
    """From the first day that is covered, as in span_days."""
    return [day for day in DAYS if max(cut[0], span[3]) <= day <= span[4]]


def by_sets(hits, known, cuts, spans):
    """Key of measures_anew → how many things there are, straight from the rows."""
    counts = {
        "visitors": lambda who, what, kind: who,
        "place": lambda who, what, kind: who if kind == "buy" else None,
        "articles": lambda who, what, kind: what if kind == "buy" else None,
    }
    found: dict[tuple, set[str]] = {}
    for measure, cut in cuts:
        for span, (who, what, channel, day, kind) in product(spans[cut], hits):
            thing = counts[measure](who, what, kind)
            whole = day is None and span[0] == "all" and cut[2] == "own"
            if thing is None or not (whole or (day in known and day in days_in(cut, span))):
                continue
            segment = "(other)" if channel in MERGED else channel or "(none)"
            for slice_ in (("total", "total"), ("channel", segment)):
                found.setdefault((measure, *cut, *span[:3], *slice_), set()).add(thing)
    return {key: len(things) for key, things in found.items()}


@settings(max_examples=60, deadline=None)
@given(
    hits=st.lists(HIT, min_size=1, max_size=25),
    unknown=st.sets(st.sampled_from(DAYS), max_size=4),
    cuts=st.sets(
        st.tuples(
            st.sampled_from(["visitors", "place", "articles"]),
            st.tuples(
                st.sampled_from(DAYS[:3]),
                st.sampled_from(DAYS[-3:]),
                st.sampled_from(["own", "last_3_days"]),
            ),
        ),
        min_size=1,
        max_size=5,
    ),
    stretches=st.lists(SPAN, max_size=5),
)
# Seen in the span before it is covered, and again where it is.
@example(
    hits=[("1", None, None, DAYS[0], None), ("1", None, None, DAYS[3], None)],
    unknown=set(),
    cuts={("visitors", (DAYS[1], DAYS[-1], "own"))},
    stretches=[("month", [DAYS[0], DAYS[4]])],
)
def test_things_of_a_span_are_those_that_are_in_it(models, connection, hits, unknown, cuts, stretches):
    spans = spans_of(cuts, stretches)
    fill(connection, "hits", hits)
    fill(connection, "entity_days", [("hits", "hit_at", day, day not in unknown) for day in DAYS])
    fill(connection, "measure_cuts", [(measure, *cut) for measure, cut in cuts])
    every = [(cut, span) for cut, its_spans in spans.items() for span in its_spans]
    fill(connection, "spans", [(number, *cut, *span) for number, (cut, span) in enumerate(every)])
    listed = [
        (number, *cut, *span, day) for number, (cut, span) in enumerate(every) for day in days_in(cut, span)
    ]
    fill(connection, "span_days", listed)
    for name, text in models.items():
        connection.execute(f"create or replace table {name} as {render(name, text).sql}")
    *_, last = models
    got = {row[:-1]: row[-1] for row in connection.execute(f"from {last}").fetchall()}
    assert got == by_sets(hits, set(DAYS) - unknown, cuts, spans)


def test_measures_that_count_the_same_things_share_a_scan(models):
    assert models["things_hits__hit_at"].count("{{ ref('hits') }}") == 2
