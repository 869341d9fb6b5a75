"""One parser a declared column: from the text of a cell to its value, NULL, or a reason for quarantine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import SourceColumn
from dagster_project.landing import numerals
from dagster_project.landing.moments import day_of, moment_reader
from dagster_project.landing.numerals import BadCell

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(18, 4),
    "percent": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
_TRUE = {"true", "t", "yes", "y", "1", "on", "はい", "有", "○", "〇", "◯"}
_FALSE = {"false", "f", "no", "n", "0", "off", "いいえ", "無", "×", "✕"}
_COMBINING = re.compile("[\u0300-\u036f\u3099\u309a]")
_PERSONAL = re.compile(r"@|[0-9]{4}")

Parser = Callable[[str], Any]


def composed(text: str) -> str:
    """NFC where a Mac left combining marks; other text is kept to the character."""
    return unicodedata.normalize("NFC", text) if _COMBINING.search(text) else text


def _boolean(text: str) -> bool:
    word = numerals.narrow(text).casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadCell(f"is neither true nor false ({numerals.shape(text)})")


def _typed(column: SourceColumn, zone: str) -> Parser:
    if column.type == "text":
        return composed
    if column.type == "boolean":
        return _boolean
    if column.type == "date":
        return lambda text: day_of(text, column)
    if column.type == "timestamp":
        return moment_reader(column, zone)
    numeric: Callable[[str, SourceColumn], Any] = getattr(numerals, column.type)
    return lambda text: numeric(text, column)


def parser_for(column: SourceColumn, zone: str) -> Parser:
    """A parser of `column`; `zone` is the calendar's time zone.

    The parser returns the value or None (empty, a declared null value, or a map's `null`), and raises BadCell
    with a reason that holds nothing personal. Every distinct text of a column is parsed once.
    """
    typed = _typed(column, zone)
    nulls = {text.strip() for text in column.null_values}
    mapped = {unicodedata.normalize("NFC", given).strip(): stored for given, stored in column.values}
    stored_values = set(mapped.values())

    def parse(text: str) -> Any:
        bare = text.strip()
        if not bare or bare in nulls:
            return None
        if mapped:
            key = unicodedata.normalize("NFC", bare)
            if key in mapped:
                return typed(mapped[key])
            if column.otherwise == "null" and bare not in stored_values:
                return None
            if column.otherwise == "quarantine" and bare not in stored_values:
                raise BadCell(_unmapped(bare, column, mapped))
        return typed(text)

    return parse


def _unmapped(text: str, column: SourceColumn, mapped: dict[str, str]) -> str:
    if column.pii or len(text) > 30 or _PERSONAL.search(text):
        return "is not in the value map"
    hint = suggest(text, mapped)
    return f"{text!r} is not in the value map" + (f" ({hint})" if hint else "")


def written_form(value: Any, column: SourceColumn, number_format: str = "") -> str | None:
    """The text of a typed cell (xlsx, JSON, Parquet), in the form that this column's parser reads exactly.

    A number in a date column of a spreadsheet is an Excel serial (`number_format` is then not empty).
    Raises BadCell for a nested value.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        clock = value.time()
        if column.type == "text" and clock == time():
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)):
        if number_format and column.type in ("date", "timestamp"):
            return _serial(float(value))
        # 15 digits are what a spreadsheet shows; behind them a double holds noise, not cents.
        exact = (
            Decimal(f"{value:.15g}" if column.type == "money" else repr(value))
            if isinstance(value, float)
            else Decimal(value)
        )
        if not exact.is_finite():
            return repr(value)
        if column.type == "percent" and "%" in number_format:
            return f"{exact * 100:f}%"
        if column.type == "number" or abs(exact.adjusted()) > 30:
            return str(exact)
        plain = f"{exact:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, bytes):
        raise BadCell("holds bytes")
    raise BadCell("holds a nested value")


def _serial(value: float) -> str:
    from openpyxl.utils.datetime import from_excel

    if not 1 <= value < 2_958_466:
        raise BadCell("is no Excel date")
    moment = from_excel(value)
    if isinstance(moment, datetime):
        return moment.isoformat(sep=" ", timespec="seconds")
    raise BadCell("is no Excel date")
