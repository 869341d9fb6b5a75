"""Exports that are saved by hand: GA4 in the browser, kintone, any CRM. Their texts are written here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from dagster_project.kpi.model import Format, Source
from tests.landing.rooms import Room, column
from tests.mappings.samples import definitions_of, project_of
from tests.mappings.written import EXPLORATION, KINTONE, TOTALS

AS_OF = date(2026, 10, 31)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "data").mkdir()
    return Room(tmp_path / "data", tmp_path / "landing")


@pytest.fixture
def room_of(tmp_path: Path) -> Callable[[str], tuple[Room, dict[str, Source]]]:
    """The sources of a shipped mapping, and a room to land in."""

    def make(mapping: str) -> tuple[Room, dict[str, Source]]:
        root = project_of(tmp_path / mapping, mapping, currency="JPY")
        data = root / "data"
        data.mkdir()
        sources = definitions_of(root).sources
        return Room(data, root / ".kpi" / "landing"), {source.name: source for source in sources}

    return make


@pytest.mark.parametrize("total", TOTALS.values(), ids=TOTALS)
def test_an_exploration_of_ga4_lands_without_its_comments_and_its_total(room_of, total):
    room, sources = room_of("ga4_ui_ja")
    room.write("ga4_ui/探索_20261104.csv", EXPLORATION.format(total=total))
    report = room.land(sources["ga4_ui"])
    assert [entry.reason for entry in report.held] == []
    assert [(entry.rows, entry.quarantined) for entry in report.landed] == [(4, 0)]
    rows = room.rows(sources["ga4_ui"], AS_OF, "report_on, channel, sessions, key_events, revenue, _line")
    assert rows[1] == (date(2026, 10, 1), "Direct", 60, 1.5, Decimal("12000.0000"), 10)
    assert sum(row[2] for row in rows) == 338


def test_a_second_row_without_a_day_is_no_total_and_holds_the_file(room_of):
    room, sources = room_of("ga4_ui_ja")
    text = EXPLORATION.format(total=TOTALS["as wide as the header"]) + ",Email,5,4,9,0,0\n"
    room.write("ga4_ui/探索_20261104.csv", text)
    held = room.land(sources["ga4_ui"]).held
    assert len(held) == 1
    assert "line 13, column report_on: is empty, but is part of the key" in held[0].reason


def test_an_exploration_in_another_language_is_held_by_the_name_of_the_missing_column(room_of):
    room, sources = room_of("ga4_ui_ja")
    room.write("ga4_ui/探索_20261104.csv", EXPLORATION.format(total="").replace("日付", "Date"))
    assert "no header '日付'" in room.land(sources["ga4_ui"]).held[0].reason


def test_a_later_exploration_replaces_the_same_days_and_channels(room_of):
    room, sources = room_of("ga4_ui_ja")
    room.write("ga4_ui/探索_20261104.csv", EXPLORATION.format(total=""))
    corrected = EXPLORATION.format(total="").replace("20261001,Direct,60,", "20261001,Direct,64,")
    room.write("ga4_ui/探索_20261106.csv", corrected)
    room.land(sources["ga4_ui"])
    room.expose([sources["ga4_ui"]], AS_OF)
    newest = "select sessions from landing.ga4_ui where channel = 'Direct' order by version desc limit 1"
    assert room.query(newest) == [(64,)]


def test_a_kintone_app_lands_with_cells_of_several_lines_and_windows_characters(room_of):
    room, sources = room_of("kintone")
    deals = sources["kintone_deals"]
    room.write("kintone/案件管理_20261101T021500+0900.csv", KINTONE, "cp932")
    report = room.land(deals)
    assert [entry.reason for entry in report.held] == []
    assert [(entry.rows, entry.quarantined) for entry in report.landed] == [(3, 0)]
    columns = "deal_id, account, owner, product, amount, stage, stage_name, decided_on, created_at, _line"
    assert room.rows(deals, AS_OF, columns) == [
        ("101", "㈱髙橋工業", "佐藤 一郎", "導入支援①", Decimal("1200000.0000"), "won", "受注",
         date(2026, 10, 20), datetime(2026, 9, 15, 9, 30), 2),
        ("102", "みなと商事", "佐藤 一郎", "保守", Decimal("300000.0000"), "lost", "失注",
         date(2026, 10, 22), datetime(2026, 10, 1, 23, 59), 5),
        ("103", "みなと商事", "田中 三郎", "保守", None, "open", "商談中",
         None, datetime(2026, 10, 5, 0, 0), 6),
    ]  # fmt: skip


def test_a_kintone_status_that_nobody_declared_is_not_taken_for_anything(room_of):
    room, sources = room_of("kintone")
    room.write("kintone/案件管理_20261101.csv", KINTONE.replace(",商談中,", ",保留,"), "cp932")
    held = room.land(sources["kintone_deals"]).held
    assert "column stage: '保留' is not in the value map" in held[0].reason


def test_a_real_crm_export_lands_by_the_generic_mapping(room_of, real_data):
    room, sources = room_of("generic_crm")
    raw = (real_data("maven_crm") / "sales_pipeline.csv").read_bytes()
    room.write("crm/deals_20180101.csv", raw)
    report = room.land(sources["crm_deals"])
    assert [(entry.rows, entry.quarantined) for entry in report.landed] == [(8800, 0)]
    room.expose([sources["crm_deals"]], date(2017, 12, 31))
    stages = room.query("select stage, count(*) from landing.crm_deals group by stage order by stage")
    assert stages == [("lost", 2473), ("open", 2089), ("won", 4238)]


def test_the_total_row_of_a_workbook_is_skipped_too(room):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["日付", "費用"], [None, 30], [date(2026, 10, 1), 10], [date(2026, 10, 2), 20]):
        sheet.append(row)
    book.save(room.data / "book.xlsx")
    columns = (column("report_on", "date", "日付"), column("cost", "integer", "費用"))
    source = Source(
        "book", "book.xlsx", Format("xlsx", total_without="日付"), "full", columns, ("report_on",)
    )
    assert [entry.reason for entry in room.land(source).held] == []
    assert room.rows(source, AS_OF, "cost, _line") == [(10, 3), (20, 4)]


def test_two_days_of_ga4_land_by_the_preset_of_the_mapping(room_of, real_data):
    room, sources = room_of("ga4_bigquery")
    lines = (real_data("ga4_small") / "nested_events.ndjson").read_bytes().splitlines(keepends=True)
    days = sorted((json.loads(line)["event_date"], line) for line in lines)
    for day, line in days:
        room.write(f"ga4/events_{day}.ndjson", line)
    report = room.land(sources["ga4_events"])
    assert [(entry.rows, entry.quarantined) for entry in report.landed] == [(1, 0), (1, 0)]
    room.expose(sources.values(), date(2026, 10, 31))
    assert room.query("select event_date from landing.ga4_events order by 1") == [(day,) for day, _ in days]
