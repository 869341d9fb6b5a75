"""Numbers as people write them: 1,234円 · ￥1,234 · １，２３４ · ▲1,234 · △1,234 · (1,234) · -1,234 · 12.5%.

Nothing is guessed: a grouping that is none (`1,23`), a currency other than the declared one, `①`, `1e309` or
`NaN` raise `BadCell`.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from dagster_project.kpi.model import SourceColumn


class BadCell(ValueError):
    """A cell that is not what its column declares. The text names no value: it may be somebody's."""


# Full-width forms only. NFKC would also turn ① into 1 and 10² into 102.
_NARROW = {0xFF10 + digit: ord("0") + digit for digit in range(10)} | {
    ord(wide): ord(narrow)
    for wide, narrow in zip("，．－＋（）％￥＄／：　−‐‑–", ",.-+()%¥$/: ----", strict=True)
}
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+")
_EXPONENT = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]{1,4}")
_SYMBOLS = {
    "円": "JPY", "圓": "JPY", "¥": "JPY", "JPY": "JPY", "US$": "USD", "$": "USD", "USD": "USD",
    "€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP",
}  # fmt: skip
_LONGEST_FIRST = sorted(_SYMBOLS, key=len, reverse=True)
_SHARED_SIGNS = {"$": {"USD", "AUD", "CAD", "SGD", "HKD", "TWD", "NZD"}, "¥": {"JPY", "CNY"}}
_SCALES = {"千": 1_000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "億": 100_000_000}
_SCALED = re.compile(r"(百万|千万|千|万|億)(?=円?$)")
_MONEY_PLACES = Decimal("0.0001")
_MONEY_LIMIT = Decimal(10) ** 14
_BIGINT = 2**63


def narrow(text: str) -> str:
    """Full-width digits and signs as ASCII, surrounding blanks gone; every other character untouched."""
    return text.translate(_NARROW).strip()


def _signed(text: str) -> tuple[int, str]:
    sign, rest = 1, text
    if rest.startswith("(") and rest.endswith(")"):
        sign, rest = -1, rest[1:-1].strip()
        if rest[:1] in ("-", "+", "▲", "△"):
            raise BadCell("has two signs")
    elif rest[:1] in ("▲", "△", "-"):
        sign, rest = -1, rest[1:].strip()
    elif rest[:1] == "+":
        rest = rest[1:].strip()
    return sign, rest


def _without_currency(text: str, column: SourceColumn) -> str:
    for symbol in _LONGEST_FIRST:
        if text.startswith(symbol):
            rest = text[len(symbol) :].strip()
        elif text.endswith(symbol):
            rest = text[: -len(symbol)].strip()
        else:
            continue
        meant = _SHARED_SIGNS.get(symbol, {_SYMBOLS[symbol]})
        if column.currency and column.currency not in meant:
            raise BadCell(f"is written in {_SYMBOLS[symbol]}, but the column declares {column.currency}")
        return rest
    return text


def exact(text: str, column: SourceColumn, *, exponent: bool = False) -> Decimal:
    """The number that `text` writes, times the column's unit, without rounding.

    Raises BadCell where it writes none.
    """
    if text.isascii() and text.isdigit():
        return Decimal(text) * column.unit
    sign, rest = _signed(narrow(text))
    scale = column.unit
    found = _SCALED.search(rest)
    if found:
        stated = Decimal(_SCALES[found.group(1)])
        if column.unit not in (Decimal(1), stated):
            raise BadCell(f"states the unit {found.group(1)}, but the column declares unit {column.unit}")
        scale, rest = stated, rest[: found.start()] + rest[found.end() :]
    rest = _without_currency(rest, column)
    if sign == 1:
        sign, rest = _signed(rest)  # ￥-1,234 and ￥▲1,234
    if not _NUMBER.fullmatch(rest) and not (exponent and _EXPONENT.fullmatch(rest)):
        raise BadCell(f"is not a number ({shape(text)})")
    try:
        return sign * Decimal(rest.replace(",", "")) * scale
    except InvalidOperation as error:
        raise BadCell("is not a number") from error


def integer(text: str, column: SourceColumn) -> int:
    """A whole number within 64 bits; `17850.0` is one, `1.5` and `1E+05` are not."""
    value = exact(text, column)
    if value != value.to_integral_value():
        raise BadCell("is not a whole number")
    if not -_BIGINT <= value < _BIGINT:
        raise BadCell("is beyond 64 bits; declare the column as text if it is an identifier")
    return int(value)


def number(text: str, column: SourceColumn) -> float:
    """A finite double."""
    value = float(exact(text, column, exponent=True))
    if not math.isfinite(value):
        raise BadCell("is beyond the range of a number")
    return value


def money(text: str, column: SourceColumn) -> Decimal:
    """An amount with at most four decimals and 14 digits before them, exactly as written."""
    value = exact(text, column)
    if abs(value) >= _MONEY_LIMIT:
        raise BadCell("is beyond the 14 digits of an amount")
    if value != value.quantize(_MONEY_PLACES):
        raise BadCell("has more than four decimals")
    return value.quantize(_MONEY_PLACES)


def percent(text: str, column: SourceColumn) -> float:
    """A fraction: `12.5%` is 0.125. Without a sign the column's unit applies (0.01 for percent points);
    a bare number above 1 without a declared unit could be either, and is refused."""
    written = narrow(text)
    signed = written.endswith("%")
    if signed:
        written = written[:-1].strip()
    elif written.startswith("(") and written.endswith("%)"):
        written, signed = written[:-2].strip() + ")", True
    if signed:
        value = exact(written, SourceColumn(column.name, column.headers, "percent")) / 100
    else:
        value = exact(written, column)
        if column.unit == 1 and abs(value) > 1:
            raise BadCell("has no % sign and is above 1; declare `unit: 0.01` if it is in percent points")
    return float(value)


def shape(text: str) -> str:
    """What a value looks like without the value: digits as 9, letters as a or あ, signs kept."""
    drawn = "".join(
        "9"
        if char.isdigit()
        else "a"
        if char.isascii() and char.isalpha()
        else "あ"
        if char.isalpha()
        else char
        for char in text[:24]
        if char.isprintable()
    )
    return f"looks like {drawn}{'…' if len(text) > 24 else ''}"
