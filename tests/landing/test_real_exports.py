"""The real exports land to the same figures in every encoding and layout they come in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.kpi.model import Format, Source, Version
from tests.landing.rooms import Room, column, deals

STAGES = (
    ("受注", "won"), ("失注", "lost"), ("商談中", "engaging"), ("見込み", "prospecting"), ("Won", "won"),
    ("Lost", "lost"), ("Engaging", "engaging"), ("Prospecting", "prospecting"),
)  # fmt: skip


def pipeline(encoding: str, **dates: Any) -> Source:
    return deals(
        format=Format("csv", encoding),
        columns=(
            column("id", "text", "opportunity_id", "商談ID"),
            column("stage", "text", "deal_stage", "フェーズ", values=STAGES, otherwise="quarantine"),
            column("engaged_on", "date", "engage_date", "商談開始日", **dates),
            column("closed_on", "date", "close_date", "完了日", **dates),
            column("amount", "money", "close_value", "金額"),
        ),
    )


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("maven_crm/sales_pipeline.csv", pipeline("utf-8")),
        ("maven_crm_us/sales_pipeline.csv", pipeline("utf-8", formats=("%m/%d/%Y",))),
        ("maven_crm_jp/商談一覧.csv", pipeline("cp932")),
        ("maven_crm_jp/商談一覧_utf8bom.csv", pipeline("utf-8")),
    ],
)
def test_the_crm_export_lands_to_the_same_rows(
    room: Room, real: Callable[[str], Path], file: str, source: Source
) -> None:
    shutil.copyfile(real(file), room.data / "deals.csv")
    report = room.land(source)
    assert (report.landed[0].rows, report.landed[0].quarantined) == (8800, 0)
    room.expose([source], date(2017, 12, 31))
    found = room.query(
        "select stage, count(*), sum(amount), bit_xor(hash(id, stage, engaged_on, closed_on, amount, _line)) "
        "from landing.deals group by 1 order by 1"
    )
    assert [row[:3] for row in found] == [
        ("engaging", 1589, None), ("lost", 2473, Decimal(0)), ("prospecting", 500, None),
        ("won", 4238, Decimal(10005534)),
    ]  # fmt: skip
    reference = Room(room.data, room.landing / "reference" / "landing")
    shutil.copyfile(real("maven_crm/sales_pipeline.csv"), room.data / "deals.csv")
    reference.land(pipeline("utf-8"))
    reference.expose([pipeline("utf-8")], date(2017, 12, 31))
    assert found == reference.query(
        "select stage, count(*), sum(amount), bit_xor(hash(id, stage, engaged_on, closed_on, amount, _line)) "
        "from landing.deals group by 1 order by 1"
    )


def test_one_file_a_day_of_order_lines_lands_whole(room: Room, real: Callable[[str], Path]) -> None:
    for path in sorted((real("online_retail") / "by-day").glob("2010-12-0*.csv")):
        shutil.copyfile(path, room.data / path.name)
    source = deals(
        name="lines", files="*.csv", load="by_day", key=(), version=Version("filename", "%Y-%m-%d"),
        columns=(
            column("invoice", "text", "InvoiceNo"), column("at", "timestamp", "InvoiceDate"),
            column("quantity", "integer", "Quantity"), column("price", "money", "UnitPrice"),
        ),
    )  # fmt: skip
    report = room.land(source)
    assert (len(report.landed), report.held) == (8, [])
    written = sum(entry.rows for entry in report.landed)
    room.expose([source], date(2010, 12, 9))
    assert room.query("select count(*) from landing.lines") == [(written,)]
    assert room.query("select count(*) from night.source_days where status = 'missing'") == [(1,)]
