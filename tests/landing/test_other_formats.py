"""Workbooks, NDJSON and Parquet land as the same rows that the CSV of the same table gives."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.kpi.model import Format, Source
from tests.landing.rooms import Room, column, deals

ROWS = [("007", "won", date(2026, 10, 1), Decimal("1054.25")), ("A2", None, None, Decimal(-12))]


def book(path: Path, rows: list[list[Any]], title: str = "Sheet1") -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    workbook.save(path)


def as_(kind: str, **more: Any) -> Source:
    suffix = {"xlsx": "xlsx", "ndjson": "ndjson*", "parquet": "parquet"}[kind]
    return deals(files=f"deals.{suffix}", format=Format(kind, **more))  # type: ignore[arg-type]


def landed(room: Room, source: Source) -> list[tuple[Any, ...]]:
    report = room.land(source)
    assert not report.held, report.held[0].reason
    return room.rows(source, columns="id, stage, closed_on, amount")


def test_a_workbook_lands_with_typed_cells_titles_and_totals(room: Room) -> None:
    rows = [["売上一覧"], [], ["id", "stage", "closed_on", "amount"]]
    rows += [
        ["007", "won", datetime(2026, 10, 1), 1054.25],
        ["A2", None, None, "▲12"],
        ["合計", None, None, 1042],
    ]
    book(room.data / "deals.xlsx", rows, "明細")
    source = as_("xlsx", sheet="明細", skip_rows=2, stop_at="合計")
    assert landed(room, source) == ROWS
    assert room.rows(source, columns="_line") == [(4,), (5,)]


def test_a_workbook_without_the_sheet_or_cut_is_held(room: Room) -> None:
    book(room.data / "deals.xlsx", [["id"], ["1"]], "Deals")
    assert "did you mean 'Deals'" in room.land(as_("xlsx", sheet="deals")).held[0].reason
    whole = (room.data / "deals.xlsx").read_bytes()
    for share in (0.1, 0.5, 0.99):
        room.write("deals.xlsx", whole[: int(len(whole) * share)])
        assert "workbook" in room.land(as_("xlsx")).held[-1].reason


def test_excel_serials_and_percentages_of_typed_cells_are_read(room: Room) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["id", "closed_on", "rate", "amount"])
    sheet.append(["A1", 46113, 1.5, 0.1 + 0.2])
    sheet["C2"].number_format = "0.0%"
    workbook.save(room.data / "deals.xlsx")
    columns = (
        column("id"),
        column("closed_on", "date"),
        column("rate", "percent"),
        column("amount", "money"),
    )
    source = deals(files="deals.xlsx", format=Format("xlsx"), columns=columns)
    room.land(source)
    assert room.rows(source, columns="id, closed_on, rate, amount") == [
        ("A1", date(2026, 4, 1), 1.5, Decimal("0.3"))
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_ndjson_lands_with_exact_numbers(room: Room, packed: bool) -> None:
    lines = [
        '{"id": "007", "stage": "won", "closed_on": "2026-10-01", "amount": 1054.25, "tags": ["x"]}',
        '{"id": "A2", "stage": null, "amount": "▲12"}',
    ]
    content = ("\n".join(lines)).encode()
    room.write("deals.ndjson" + ".gz" * packed, gzip.compress(content) if packed else content)
    assert landed(room, as_("ndjson")) == ROWS
    assert any("tags" in line for line in room.told)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "A3", "stage": "won", "closed_on": "2026-1', "line 2"),
        ('{"id": "A3"}}', "line 2"),
        ("[1, 2]", "line 2: holds a list"),
        ('{"id": "A3", "id": "A4"}', "written twice"),
        ('{"id": "A3", "amount": NaN}', "NaN"),
    ],
)
def test_a_line_that_is_no_record_holds_the_file(room: Room, line: str, words: str) -> None:
    good = json.dumps({"id": "A1", "stage": "won", "closed_on": "2026-10-01", "amount": 1})
    room.write("deals.ndjson", f"{good}\n{line}")
    assert words in room.land(as_("ndjson")).held[0].reason


def test_members_of_nested_records_are_addressed_by_dots_and_else_refused(room: Room) -> None:
    room.write("deals.ndjson", '{"id": "A1", "owner": {"name": "x", "team": {"id": 7}}}\n')
    whole = deals(files="*.ndjson", format=Format("ndjson"), columns=(column("id"), column("owner")))
    assert "nested" in room.land(whole).held[0].reason
    addressed = deals(
        files="*.ndjson",
        format=Format("ndjson"),
        columns=(column("id"), column("team", "integer", "owner.team.id")),
    )
    room.land(addressed)
    assert room.rows(addressed, columns="id, team") == [("A1", 7)]


def test_parquet_lands_whatever_its_physical_types(room: Room) -> None:
    table = pa.table(
        {
            "id": pa.array(["007", "A2"]).dictionary_encode(),
            "stage": ["won", None],
            "closed_on": pa.array([datetime(2026, 10, 1), None], pa.timestamp("ms")),
            "amount": pa.array([1054.25, -12.0]),
        }
    )
    pq.write_table(table, room.data / "deals.parquet")
    assert landed(room, as_("parquet")) == ROWS
    whole = (room.data / "deals.parquet").read_bytes()
    room.write("deals.parquet", whole[:-20])
    assert "Parquet" in room.land(as_("parquet")).held[0].reason


def test_a_workbook_whose_total_row_never_comes_is_marked(room: Room) -> None:
    rows = [["id", "stage", "closed_on", "amount"], ["1", "won", datetime(2026, 10, 1), 5]]
    book(room.data / "deals.xlsx", [*rows, ["合計", None, None, 5]], "Deals")
    assert room.land(as_("xlsx", stop_at="合計")).landed[0].quarantined == 0
    book(room.data / "deals.xlsx", rows, "Deals")
    assert room.land(as_("xlsx", stop_at="合計")).landed[0].quarantined == 1
