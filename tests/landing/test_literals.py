"""Cells as people write them: what they mean, and what is refused rather than guessed."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.landing.cells import parser_for
from dagster_project.landing.numerals import BadCell
from tests.landing.rooms import column


def parse(text: str, type: str, **more: Any) -> Any:  # noqa: A002
    return parser_for(column("x", type, **more), "Asia/Tokyo")(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234", "1234"), ("1,234", "1234"), ("1,234円", "1234"), ("￥1,234", "1234"), ("¥1,234", "1234"),
        ("１２３４", "1234"), ("１，２３４", "1234"), ("１，２３４円", "1234"), ("▲1,234", "-1234"),
        ("△1,234", "-1234"), ("(1,234)", "-1234"), ("（1,234）", "-1234"), ("-1,234", "-1234"),
        ("－1,234", "-1234"), ("−1,234", "-1234"), ("+1,234", "1234"), ("￥-1,234", "-1234"),
        ("▲￥1,234", "-1234"), ("▲ 1,234", "-1234"), (" 1,234 ", "1234"), ("0", "0"), ("0.001", "0.001"),
        ("1234.5", "1234.5"), ("1234.50000", "1234.5"), (".5", "0.5"), ("1,234,567", "1234567"),
        ("$1,234.56", "1234.56"), ("1,234 JPY", "1234"), ("12千円", "12000"), ("1.5万円", "15000"),
        ("3百万円", "3000000"), ("12,345千円", "12345000"), ("007", "7"),
    ],
)  # fmt: skip
def test_an_amount_is_exactly_what_is_written(text: str, amount: str) -> None:
    assert parse(text, "money") == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "abc", "1,23", "1,2345", "12,34,567", "1.2.3", "--1", "(-1)", "▲-1", "1-", "NaN", "nan", "Infinity",
        "-inf", "∞", "1e309", "1E+05", "①", "10²", "½", "٣", "0x10", "1_000", "1 234", "1,234円円", "12.5%",
        "0.00001", "1000000000000000", "=1+1", "#DIV/0!", "-", "円",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        parse(text, "money")


def test_a_unit_multiplies_and_must_not_contradict_the_cell() -> None:
    thousand = Decimal(1000)
    assert parse("1,234", "money", unit=thousand) == 1_234_000
    assert parse("1,234千円", "money", unit=thousand) == 1_234_000
    with pytest.raises(BadCell, match="unit"):
        parse("1,234万円", "money", unit=thousand)


def test_another_currency_than_the_declared_one_is_refused() -> None:
    assert parse("$5", "money", currency="USD") == 5
    with pytest.raises(BadCell, match="JPY"):
        parse("￥5", "money", currency="USD")


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("12.5%", 0.125),
        ("１２．５％", 0.125),
        ("12.5 %", 0.125),
        ("▲3%", -0.03),
        ("150%", 1.5),
        ("0.25", 0.25),
    ],
)
def test_a_percentage_is_stored_as_a_fraction(text: str, fraction: float) -> None:
    assert parse(text, "percent") == fraction


def test_a_bare_percentage_above_one_needs_a_declared_unit() -> None:
    with pytest.raises(BadCell, match="unit"):
        parse("12.5", "percent")
    assert parse("12.5", "percent", unit=Decimal("0.01")) == 0.125


@pytest.mark.parametrize("text", ["1e309", "-1e309", "NaN", "Infinity", "1e99999", "9" * 400])
def test_a_number_is_finite(text: str) -> None:
    with pytest.raises(BadCell):
        parse(text, "number")


def test_whole_numbers_stay_whole() -> None:
    assert parse("17850.0", "integer") == 17850
    assert parse("1,234", "integer") == 1234
    assert parse("9223372036854775807", "integer") == 2**63 - 1
    for text in ("1.5", "1.2E+11", "9223372036854775808"):
        with pytest.raises(BadCell):
            parse(text, "integer")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026/4/1", "2026-04-01"), ("2026-04-01", "2026-04-01"), ("2026.4.1", "2026-04-01"),
        ("2026年4月1日", "2026-04-01"), ("２０２６年４月１日", "2026-04-01"), ("20260401", "2026-04-01"),
        ("令和8年4月1日", "2026-04-01"), ("R8.4.1", "2026-04-01"), ("r8/4/1", "2026-04-01"),
        ("R08.04.01", "2026-04-01"), ("令和元年5月1日", "2019-05-01"), ("R1.5.1", "2019-05-01"),
        ("平成31年4月30日", "2019-04-30"), ("H31.4.30", "2019-04-30"), ("平成元年1月8日", "1989-01-08"),
        ("昭和64年1月7日", "1989-01-07"), ("S64.1.7", "1989-01-07"), ("㋿8年4月1日", "2026-04-01"),
        ("2024/2/29", "2024-02-29"), ("令和6年2月29日", "2024-02-29"), ("2026/4/1(水)", "2026-04-01"),
        ("2026-04-01T00:00:00", "2026-04-01"), ("2026/04/01 0:00", "2026-04-01"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_every_usual_form(text: str, day: str) -> None:
    assert parse(text, "date") == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "4/1/26", "26/4/1", "04/05/2026", "3/1/2017", "2026/2/29", "令和7年2月29日", "2026/13/1", "2026-4",
        "平成31年5月1日", "令和元年4月30日", "昭和64年1月8日", "令和0年1月1日", "46113", "2026/4-1", "明日",
        "2026/4/1(木)", "2026-04-01 13:00", "2026-04-01T00:00:00Z", "20261301", "202604", "0000-00-00",
    ],
)  # fmt: skip
def test_what_is_no_date_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        parse(text, "date")


def test_an_american_date_is_read_where_it_is_declared() -> None:
    assert parse("3/1/2017", "date", formats=("%m/%d/%Y",)) == date(2017, 3, 1)
    assert parse("R8.4.1", "date", formats=("%m/%d/%Y", "japanese_era")) == date(2026, 4, 1)
    with pytest.raises(BadCell, match="declared formats"):
        parse("2017-03-01", "date", formats=("%m/%d/%Y",))


@pytest.mark.parametrize(
    ("text", "zone", "local"),
    [
        ("2026-03-31T15:30:00Z", None, "2026-04-01 00:30"), ("2026-03-31 15:30", "UTC", "2026-04-01 00:30"),
        ("2026-03-31T15:30:00+00:00", None, "2026-04-01 00:30"), ("2026/4/1 0:30", None, "2026-04-01 00:30"),
        ("2026-04-01T00:30:00+0900", "UTC", "2026-04-01 00:30"),
        ("20260401003000", None, "2026-04-01 00:30"),
        ("2026年4月1日 0時30分", None, "2026-04-01 00:30"),
        ("2026-03-31 15:30:00 UTC", None, "2026-04-01 00:30"),
        ("2026/04/01", None, "2026-04-01 00:00"), ("2026-03-31T10:30:00-05:00", None, "2026-04-01 00:30"),
        ("2026-03-31 15:30:00.123456789Z", None, "2026-04-01 00:30:00.123456"),
        ("2026-03-08 03:30", "America/New_York", "2026-03-08 16:30"),
    ],
)  # fmt: skip
def test_a_timestamp_is_local_time_of_the_calendar(text: str, zone: str | None, local: str) -> None:
    assert parse(text, "timestamp", timezone=zone) == datetime.fromisoformat(local)


@pytest.mark.parametrize(
    "text", ["2026-04-01 25:00", "2026-04-01 12:60", "4/1/26 10:00", "10:00", "1775000000"]
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        parse(text, "timestamp")


def test_text_is_kept_to_the_character() -> None:
    assert parse("007", "text") == "007"
    assert parse("㈱髙①～ Ａ", "text") == "㈱髙①～ Ａ"
    assert parse("ガ", "text") == "ガ"  # a Mac's か + dakuten
    assert parse("", "text") is None
    assert parse("N/A", "text", null_values=("-", "N/A")) is None


def test_a_value_map_keeps_nulls_or_sets_aside_what_it_lacks() -> None:
    stages = (("受注", "won"), ("失注", "lost"))
    assert parse(" 受注", "text", values=stages) == "won"
    assert parse("商談中", "text", values=stages) == "商談中"
    assert parse("商談中", "text", values=stages, otherwise="null") is None
    with pytest.raises(BadCell, match=r"'受注済' is not in the value map \(did you mean '受注'"):
        parse("受注済", "text", values=stages, otherwise="quarantine")


def test_a_refusal_never_repeats_a_personal_value() -> None:
    for type_ in ("money", "date", "timestamp", "integer", "boolean", "percent"):
        with pytest.raises(BadCell) as refused:
            parse("taro.yamada@example.jp 090-1234-5678", type_, pii=True)
        assert "taro" not in str(refused.value)
        assert "5678" not in str(refused.value)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_every_way_to_write_an_amount_gives_the_amount(amount: Decimal) -> None:
    plain = f"{abs(amount):,.4f}"
    wide = plain.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789,."})
    for body in (plain, wide, f"￥{plain}", f"{wide}円"):
        assert parse(body, "money") == abs(amount)
        for negative in (f"▲{body}", f"△{body}", f"-{body}", f"({body})"):
            assert parse(negative, "money") == -abs(amount)


@given(st.dates(min_value=date(1926, 12, 25), max_value=date(2118, 12, 31)))
def test_every_day_reads_the_same_in_western_and_japanese_years(day: date) -> None:
    starts = (
        ("R", "令和", date(2019, 5, 1)),
        ("H", "平成", date(1989, 1, 8)),
        ("S", "昭和", date(1926, 12, 25)),
    )
    letter, name, start = next(era for era in starts if era[2] <= day)
    nth = day.year - start.year + 1
    written = [f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日"]
    if nth < 100:
        written += [f"{name}{nth}年{day.month}月{day.day}日", f"{letter}{nth}.{day.month}.{day.day}"]
    assert {parse(text, "date") for text in written} == {day}


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)))
def test_an_instant_is_the_same_local_time_whatever_offset_it_is_written_in(moment: datetime) -> None:
    utc = moment - timedelta(hours=9)
    assert parse(f"{utc.isoformat()}Z", "timestamp") == moment
    assert parse(f"{moment.isoformat()}+09:00", "timestamp", timezone="UTC") == moment
    assert parse(moment.isoformat(sep=" "), "timestamp") == moment


@given(st.text(max_size=30))
def test_no_text_whatever_breaks_a_parser(text: str) -> None:
    for type_ in ("text", "integer", "number", "money", "percent", "date", "timestamp", "boolean"):
        with contextlib.suppress(BadCell):
            parse(text, type_)
