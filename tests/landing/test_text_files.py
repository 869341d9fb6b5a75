"""Encodings, delimited text and its ways to break: right to the cell, or held with place and remedy."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal

import pytest

from dagster_project.kpi.model import Format, Source
from tests.landing.rooms import Room, column, deals

GOOD = 'id,stage,closed_on,amount\nA1,won,2026-10-01,"1,054"\nA2,lost,2026-10-02,0\nA3,won,2026-10-03,588\n'
JAPANESE = '商談ID,フェーズ,完了日,金額\r\n㈱髙①～,受注,2026/10/1,"1,054"\r\nⅡ號﨑,失注,2026/10/2,▲12\r\n'


def csv(encoding: str = "utf-8", **more: object) -> Source:
    return deals(format=Format("csv", encoding, **more))  # type: ignore[arg-type]


def test_every_encoding_gives_the_same_rows(room: Room) -> None:
    seen = []
    for encoding, declared in (
        ("cp932", "cp932"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
    ):  # fmt: skip
        fresh = Room(room.data, room.landing / f"{encoding} as {declared}" / "landing")
        room.write("deals.csv", JAPANESE, encoding)
        assert not fresh.land(csv(declared)).held
        seen.append(fresh.rows(csv(declared)))
    assert seen[0] == [
        ("㈱髙①～", "受注", date(2026, 10, 1), Decimal(1054), 2),
        ("Ⅱ號﨑", "失注", date(2026, 10, 2), Decimal(-12), 3),
    ]
    assert all(rows == seen[0] for rows in seen)


@pytest.mark.parametrize(
    ("content", "declared", "words"),
    [
        (JAPANESE.encode("cp932"), "utf-8", ["byte 0 is not utf-8", "decodes as cp932"]),
        (GOOD.encode() + "é\n".encode("latin-1"), "utf-8", [f"byte {len(GOOD)} is not utf-8", "none of"]),
        (GOOD.encode() + b"\xff\n", "cp932", [f"byte {len(GOOD)} is not cp932"]),
        (GOOD.encode() + b"\x80\xa0\n", "cp932", [f"byte {len(GOOD)} is not cp932"]),
        (GOOD.encode(), "utf-16", ["no byte order mark", "decodes as utf-8"]),
        (JAPANESE.encode("utf-8"), "cp932", ["utf-8"]),
        (JAPANESE.encode("utf-8-sig"), "cp932", ["byte order mark"]),
        (JAPANESE.encode("utf-16"), "utf-8", ["byte order mark of utf-16"]),
        (JAPANESE.encode("utf-16")[:-1], "utf-16", ["is not utf-16"]),
        (GOOD.encode().replace(b"A2", b"A\0"), "utf-8", ["line 3", "NUL"]),
    ],
)
def test_bytes_of_another_encoding_hold_the_file(
    room: Room, content: bytes, declared: str, words: list[str]
) -> None:
    room.write("deals.csv", content)
    held = room.land(csv(declared)).held
    assert [word for word in words if word not in held[0].reason] == []
    assert room.rows(csv(declared)) == []


def test_a_bad_byte_is_named_at_its_place_in_a_long_file(room: Room) -> None:
    head = "id,stage,closed_on,amount\n".encode("cp932")
    row = "髙１,受注,2026-10-01,1\n".encode("cp932")
    for at in (0, 70_000, 99_999):
        content = bytearray(head + row * 100_000)
        place = len(head) + at * len(row)
        content[place] = 0xFF
        room.write("deals.csv", bytes(content))
        assert f"byte {place} is not cp932" in room.land(csv("cp932")).held[0].reason


def test_a_file_cut_at_any_byte_of_its_last_rows_is_held_or_lands_the_same(room: Room) -> None:
    source = csv()
    room.write("deals.csv", GOOD)
    room.land(source)
    whole = room.rows(source)
    assert len(whole) == 3
    for end in range(1, len(GOOD)):
        room.write("deals.csv", GOOD[:end])
        assert room.land(source).held, f"cut after {GOOD[:end]!r} was taken"
    assert room.rows(source) == whole


def test_without_an_earlier_file_only_cuts_between_rows_can_pass(room: Room) -> None:
    source = csv()
    for end in range(1, len(GOOD)):
        fresh = Room(room.data, room.landing.parent / f"alone{end}" / "landing")
        room.write("deals.csv", GOOD[:end])
        report = fresh.land(source)
        if report.landed:
            assert GOOD[:end].endswith("\n")


def test_a_missing_final_line_break_can_be_declared(room: Room) -> None:
    room.write("deals.csv", GOOD[:-1])
    assert "final_newline" in room.land(csv()).held[0].reason
    assert len(room.land(csv(final_newline=False)).landed) == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_gzip_is_held(room: Room, share: float) -> None:
    source = deals(files="deals*.csv.gz")
    packed = gzip.compress(GOOD.encode(), mtime=0)
    room.write("deals.csv.gz", packed)
    assert len(room.land(source).landed) == 1
    room.write("deals.csv.gz", packed[: int(len(packed) * share)])
    assert "gzip" in room.land(source).held[0].reason
    assert len(room.rows(source)) == 3


def test_a_gzip_bomb_is_refused_early(room: Room) -> None:
    room.write("deals.csv.gz", gzip.compress(b"id,stage\n" + b"0,1\n" * (20 << 20), 9))
    assert "bomb" in room.land(deals(files="deals*.csv.gz")).held[0].reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"id,stage,closed_on,amount\n", "no row"),
        (b"\n\n", "no header"),
        (GOOD.replace("id,", "id,id,").encode(), "twice"),
        (GOOD.replace("A2,lost", "A2,lost,extra").encode(), "line 3: 5 cells"),
        (GOOD.replace("A2,lost,", "A2,").encode(), "line 3: 3 cells"),
        (GOOD.replace("A2,", '"A2,').encode(), "quote"),
        (GOOD.replace("A2,", '"A2"x,').encode(), "quoting"),
        (gzip.compress(GOOD.encode(), mtime=0), "gzip"),
        (GOOD.replace(",", ";").encode(), "no header"),
    ],
)
def test_a_file_that_breaks_its_contract_is_held(room: Room, content: bytes, words: str) -> None:
    room.write("deals.csv", content)
    report = room.land(deals())
    assert words in report.held[0].reason
    assert room.rows(deals()) == []


def test_titles_comments_totals_and_blank_rows_are_no_data(room: Room) -> None:
    source = csv(skip_rows=2, comment="#", stop_at="合計")
    lines = GOOD.splitlines()
    text = [
        "売上一覧",
        "2026年10月",
        '# made by GA, "with a quote',
        *lines[:2],
        "",
        ",,,",
        "# note",
        *lines[2:],
    ]
    room.write("deals.csv", "\n".join([*text, "合計,,,1642", "A9,won,2026-10-04,1"]))
    assert not room.land(source).held
    assert room.rows(source, columns="id, _line") == [("A1", 5), ("A2", 9), ("A3", 10)]


def test_cells_may_hold_line_breaks_quotes_and_delimiters(room: Room) -> None:
    room.write(
        "deals.csv",
        'id,stage,closed_on,amount\r\n"A\r\n1","a ""b"", c",2026-10-01,1\r\nA2,x,2026-10-02,2\r\n',
    )
    room.land(deals())
    assert room.rows(deals(), columns="id, stage, _line") == [("A\r\n1", 'a "b", c', 2), ("A2", "x", 4)]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", "\\t"])
def test_any_declared_delimiter_and_any_order_of_columns_give_the_same_rows(
    room: Room, delimiter: str
) -> None:
    written = "\t" if delimiter == "\\t" else delimiter
    room.write("deals.csv", "amount,id,stage,closed_on\n5,A1,won,2026-10-01\n".replace(",", written))
    room.land(csv(delimiter=delimiter))
    assert room.rows(csv(delimiter=delimiter)) == [("A1", "won", date(2026, 10, 1), Decimal(5), 2)]


def test_a_renamed_column_holds_the_file_and_names_the_likely_one(room: Room) -> None:
    source = deals()
    for given, hint in (("amounts", "did you mean 'amounts'"), ("price", "undeclared here: price")):
        room.write("deals.csv", GOOD.replace("amount", given))
        reason = room.land(source).held[0].reason
        assert "column amount: no header 'amount' or '金額'" in reason
        assert hint in reason


def test_a_new_column_is_ignored_and_reported_once(room: Room) -> None:
    wider = GOOD.replace("\n", ",x\n").replace("amount,x", "amount,memo")
    for content in (GOOD, wider, wider.replace("588", "589")):
        room.write("deals.csv", content)
        assert not room.land(deals()).held
    assert [line for line in room.told if "memo" in line] == [
        "deals: deals.csv: columns not declared, ignored: memo"
    ]


def test_an_optional_column_may_be_absent_and_then_is_null(room: Room) -> None:
    source = deals(columns=(*deals().columns, column("memo", "text", required=False)))
    room.write("deals.csv", GOOD)
    room.land(source)
    assert room.rows(source, columns="memo") == [(None,)] * 3


def test_leading_zeros_of_identifiers_stay(room: Room) -> None:
    room.write("deals.csv", GOOD.replace("A1", "007"))
    room.land(deals())
    assert room.rows(deals(), columns="id")[0] == ("007",)
