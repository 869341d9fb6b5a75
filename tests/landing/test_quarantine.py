"""Bad rows are set aside with file, line, column and reason; too many of them hold the file."""

from __future__ import annotations

import json
from datetime import date

from dagster_project.kpi.model import Format
from tests.landing.rooms import Room, column, deals

HEADER = "id,stage,closed_on,amount\n"


def rows(count: int, **bad: str) -> str:
    lines = [f"A{n},won,2026-10-01,{n}" for n in range(count)]
    for name, line in bad.items():
        lines[int(name[1:])] = line
    return HEADER + "\n".join(lines) + "\n"


def test_a_bad_cell_sets_its_row_aside_with_its_place(room: Room) -> None:
    room.write("deals.csv", rows(100, _10='"A\n10",won,2026-10-01,1x', _20="A20,won,4/1/26,NaN"))
    report = room.land(deals())
    assert (report.landed[0].rows, report.landed[0].quarantined) == (98, 2)
    exposed = room.expose([deals()], date(2026, 11, 1))
    found = exposed.quarantine.to_pylist()
    assert [(row["file"], row["line"], row["column_name"]) for row in found] == [
        ("deals.csv", 12, "amount"),
        ("deals.csv", 23, "amount"),
        ("deals.csv", 23, "closed_on"),
    ]
    assert "ambiguous" in found[2]["reason"]
    assert room.query("select count(*) from landing.deals") == [(98,)]


def test_more_bad_rows_than_the_limit_hold_the_file_and_a_higher_limit_frees_it(room: Room) -> None:
    room.write("deals.csv", rows(100, **{f"_{n}": f"A{n},won,2026-10-01,x" for n in range(6)}))
    assert "line 2, column amount" in room.land(deals()).held[0].reason
    exposed = room.expose([deals()], date(2026, 11, 1))
    assert exposed.source_freshness.to_pylist()[0]["status"] == "held"
    assert len(exposed.quarantine) == 7  # the file and its six rows
    assert len(room.land(deals(quarantine_limit=0.1)).landed) == 1


def test_rows_that_repeat_a_key_are_kept_once_or_set_aside(room: Room) -> None:
    room.write(
        "deals.csv",
        rows(100, _10="A1,won,2026-10-01,1", _20="A2,won,2026-10-01,999", _30=",won,2026-10-01,3"),
    )
    entry = room.land(deals()).landed[0]
    assert (entry.rows, entry.repeated, entry.quarantined) == (97, 1, 2)
    found = room.expose([deals()], date(2026, 11, 1)).quarantine.to_pylist()
    assert [(row["line"], row["column_name"]) for row in found] == [(22, "id"), (32, "id")]
    assert "line 4" in found[0]["reason"]


def test_equal_rows_of_an_event_log_are_all_kept(room: Room) -> None:
    source = deals(key=(), load="append")
    room.write("deals.csv", HEADER + "A1,won,2026-10-01,1\n" * 3)
    room.land(source)
    assert len(room.rows(source)) == 3


def test_personal_values_reach_no_quarantine_ledger_or_message(room: Room) -> None:
    columns = (*deals().columns, column("mail", "text", pii=True), column("born", "date", pii=True))
    source = deals(columns=columns)
    body = "\n".join(f"A{n},won,2026-10-01,1,canary{n}@example.jp,1980-01-01" for n in range(50))
    body += "\nB1,won,canary-1@example.jp,1,x,1980-01-01\nB2,won,2026-10-01,1,x,19777777\n"
    room.write("deals.csv", HEADER.replace("\n", ",mail,born\n") + body)
    report = room.land(source)
    exposed = room.expose([source], date(2026, 11, 1))
    told = json.dumps(
        [
            str(exposed.quarantine.to_pylist()),
            str(exposed.source_freshness.to_pylist()),
            room.told,
            str(report),
        ]
    )
    told += (room.landing / "ledger.jsonl").read_text("utf-8")
    assert len(exposed.quarantine) == 2
    assert "canary" not in told
    assert "19777777" not in told
    assert "1980-01-01" not in told


def test_spreadsheet_errors_are_set_aside(room: Room) -> None:
    room.write("deals.csv", rows(50, _5="A5,won,2026-10-01,#REF!"))
    assert room.land(deals(format=Format("csv"))).landed[0].quarantined == 1


def test_a_total_row_that_was_declared_and_never_comes_is_a_mark_and_no_hold(room: Room) -> None:
    source = deals(format=Format("csv", stop_at="合計"))
    room.write("deals.csv", rows(3) + "合計,,,3\n")
    assert room.land(source).landed[0].quarantined == 0
    assert room.expose([source], date(2026, 11, 1)).quarantine.num_rows == 0
    room.write("deals.csv", rows(3) + "総計,,2026-10-01,3\n")
    entry = room.land(source).landed[0]
    assert entry.quarantined == 1
    found = room.expose([source], date(2026, 11, 1)).quarantine.to_pylist()
    assert [(row["line"], row["reason"]) for row in found] == [
        (0, "no row begins with stop_at '合計': the file may be cut, or its total renamed")
    ]
