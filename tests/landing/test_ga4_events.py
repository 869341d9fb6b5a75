"""GA4's nested export lands whole, whichever way its exporter writes numbers and nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.kpi.model import Format, Source, Version
from dagster_project.landing import ga4
from tests.landing.rooms import Room

EVENTS = Source(
    "ga4", "events_*.ndjson*", Format("ndjson"), "by_day", (), preset="ga4_events", provisional_days=4,
    version=Version("filename", "events_%Y%m%d"),
)  # fmt: skip


def event(day: str = "20261001", **more: Any) -> str:
    return json.dumps({"event_date": day, "event_timestamp": 1, "event_name": "page_view", **more}) + "\n"


def test_the_two_real_rows_land(room: Room, real: Callable[[str], Path]) -> None:
    raw = (real("ga4_small") / "nested_events.ndjson").read_bytes()
    room.write("nested_events.ndjson", raw)
    source = Source(**{**EVENTS.__dict__, "files": "nested*.ndjson"})
    room.land(source)
    room.expose([source], date(2023, 1, 20))
    described = dict(row[:2] for row in room.query("describe landing.ga4"))
    assert list(described) == [*ga4.COLUMNS, "_file", "_line", "version"]
    with duckdb.connect() as connection:
        for name, kind in ga4.COLUMNS.items():
            wanted = connection.execute(f"describe select null::{kind} as x").fetchall()[0][1]
            assert described[name] == wanted, name
    found = room.query(
        "select event_timestamp, device.web_info.browser, geo.city, ecommerce, items, _line, list_filter("
        "event_params, lambda p: p.key = 'ga_session_id')[1].value.int_value from landing.ga4 order by _line"
    )
    assert found == [
        (1611798022695757, "Chrome", "(not set)", None, [], 1, 3599645542),
        (1673858401132002, None, "", None, [], 2, 1673858394),
    ]
    assert room.query("select count(*) from night.source_days where is_known and source = 'ga4'") == [(2,)]


def test_strings_and_numbers_and_every_kind_of_nothing_read_the_same(room: Room) -> None:
    def engaged(value: dict[str, Any]) -> dict[str, Any]:
        return {"event_params": [{"key": "session_engaged", "value": value}]}

    full = {"string_value": None, "int_value": 1, "float_value": None, "double_value": None}
    room.write(
        "events_20261001.ndjson",
        event(event_timestamp="1611798022695757", ecommerce={}, items=[], **engaged({"int_value": "1"}))
        + event(event_timestamp=1611798022695757, ecommerce=None, items=None, **engaged(full))
        + event(event_timestamp=1611798022695757, **engaged({"int_value": 1}))
        + event(
            event_timestamp="1611798022695757", device={"web_info": None}, **engaged({"string_value": "1"})
        ),
    )
    room.land(EVENTS)
    rows = room.rows(EVENTS, columns="* exclude (_file, _line, version)")
    assert rows[0] == rows[1] == rows[2]
    assert rows[3][6][0]["value"]["string_value"] == "1"


VALUE = (
    "{'string_value': null::varchar, 'int_value': 7::bigint, 'float_value': null::double, "
    "'double_value': 1.5::double}"
)
DEVICE = (
    "'category': 'mobile', 'operating_system': 'iOS', 'language': 'ja', 'web_info': {'browser': 'Safari'}"
)
SHUFFLED = "'web_info': {'more': 'h', 'browser': 'Safari'}, 'language': 'ja', 'operating_system': 'iOS'"
PARQUET = {
    "as declared": f"[{{'key': 'a', 'value': {VALUE}}}] as event_params, {{{DEVICE}}} as device",
    "in another order, with more members and fewer": (
        "[{'value': {'double_value': 1.5::double, 'more': 1, 'int_value': 7::bigint}, 'key': 'a'}] "
        f"as event_params, {{{SHUFFLED}, 'more': [1], 'category': 'mobile'}} as device"
    ),
    "numbers as text": (
        "[{'key': 'a', 'value': {'int_value': '7', 'double_value': '1.5'}}] as event_params, "
        f"{{{DEVICE}}} as device"
    ),
    "a member that differs in its case alone": (
        f"[{{'key': 'a', 'value': {VALUE}}}] as event_params, {{{DEVICE}}} as device, "
        "{'Country': 'Peru', 'city': null::varchar} as geo"
    ),
}


@pytest.mark.parametrize("form", PARQUET)
def test_nested_parquet_lands_as_ndjson_does_whatever_its_types(tmp_path: Path, form: str) -> None:
    value = {"int_value": 7, "double_value": 1.5}
    device = {
        "category": "mobile",
        "operating_system": "iOS",
        "language": "ja",
        "web_info": {"browser": "Safari"},
    }
    plain, nested = tmp_path / "plain.ndjson", tmp_path / "nested.parquet"
    plain.write_text(event(event_params=[{"key": "a", "value": value}], device=device), encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select '20261001' as event_date, 1 as event_timestamp, 'page_view' as event_name, "
            f"{PARQUET[form]}) to '{nested}' (format parquet)"
        )
        with ga4.EventReader(tmp_path) as events:
            for raw in (plain, nested):
                found = events.land(raw, "export", None, raw.with_suffix(".typed"))
                assert (found["rows"], found["days"]) == (1, ["20261001"])
        one, other = (connection.read_parquet(str(raw.with_suffix(".typed"))) for raw in (plain, nested))
        assert (one.types, one.fetchall()) == (other.types, other.fetchall())


def test_the_daily_file_wins_over_the_intraday_one_whenever_it_comes(room: Room) -> None:
    room.write("events_20261001.ndjson", event(user_id="daily"))
    room.land(EVENTS)
    room.write("events_intraday_20261001.ndjson", event(user_id="early") * 3)
    room.write(
        "events_intraday_20261002.ndjson.gz", gzip.compress(event("20261002", user_id="only").encode())
    )
    room.land(EVENTS)
    assert sorted(room.rows(EVENTS, columns="user_id")) == [("daily",), ("only",)]


def test_a_late_export_of_a_day_replaces_it_and_recent_days_are_provisional(room: Room) -> None:
    for day in range(1, 8):
        room.write(f"events_2026100{day}.ndjson", event(f"2026100{day}"))
    room.land(EVENTS)
    room.write("events_20261004.ndjson", event("20261004") * 2)
    room.land(EVENTS)
    assert len(room.rows(EVENTS, date(2026, 10, 7))) == 8
    assert len(room.rows(EVENTS, date(2026, 10, 3))) == 3
    room.expose([EVENTS], date(2026, 10, 7))
    assert room.query("select status, count(*) from night.source_days group by 1 order by 1") == [
        ("final", 3), ("provisional", 4),
    ]  # fmt: skip


def test_events_of_another_day_than_the_file_are_set_aside_or_hold_it(room: Room) -> None:
    room.write("events_20261001.ndjson", event() * 30 + event("20261002"))
    assert room.land(EVENTS).landed[0].quarantined == 1
    found = room.expose([EVENTS], date(2026, 10, 3)).quarantine.to_pylist()
    assert [(row["line"], row["column_name"]) for row in found] == [(31, "event_date")]
    room.write("events_20261003.ndjson", event() * 2)
    assert "quarantine_limit" in room.land(EVENTS).held[0].reason


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", (event() + event()[:40]).encode(), b'{"a": 1}\n', b"not json\n",
        event(event_timestamp="canary").encode(),
        gzip.compress(event().encode(), mtime=0), event().encode() + b"\xff\n",
    ],
)  # fmt: skip
def test_a_bad_file_is_held_and_its_message_quotes_no_data(room: Room, content: bytes) -> None:
    room.write("events_20261001.ndjson", content)
    held = room.land(EVENTS).held
    assert len(held) == 1
    assert "canary" not in held[0].reason
    assert room.rows(EVENTS) == []


def test_reading_reaches_nothing_but_its_folders(tmp_path: Path) -> None:
    with ga4.EventReader(tmp_path) as events:
        connection = events.connection
        for statement in (
            "select * from read_text('/etc/passwd')",
            "install httpfs",
            "load httpfs",
            "attach '/tmp/other.duckdb'",
            "select * from read_csv('https://example.com/a.csv')",
            "set enable_external_access = true",
            "copy (select 1) to '/tmp/out.csv'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
