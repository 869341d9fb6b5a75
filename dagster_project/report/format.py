"""Values as people read them. Tables hold full precision and fractions; only here anything is rounded."""

from __future__ import annotations

import math
import unicodedata
from datetime import date

from dagster_project.report.words import word

NOTHING = "–"
CURRENCY_SIGNS = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
CURRENCY_JA = {"JPY": "円", "USD": "ドル", "EUR": "ユーロ", "GBP": "ポンド"}
DURATIONS = {"days": ("日", " days"), "hours": ("時間", " h"), "minutes": ("分", " min")}
PLAIN = {"score", "rate"}


def format_value(value: float | None, unit: str | None, language: str, reason: str | None = None) -> str:
    """A value in its unit: 6,099万円, 9.3%, 112件; NULL is – with its reason.

    >>> format_value(60_990_000, "JPY", "ja"), format_value(0.0931, "percent", "en")
    ('6,099万円', '9.3%')
    """
    if value is None or not math.isfinite(value):
        return (
            f"{NOTHING}（{word(reason, language)}）"
            if reason and language == "ja"
            else (f"{NOTHING} ({word(reason, language)})" if reason else NOTHING)
        )
    if unit == "percent":
        return f"{value * 100:,.1f}%"
    if unit == "count":
        return f"{_trim(value, 0)}件" if language == "ja" else _trim(value, 0)
    if unit in DURATIONS:
        return _trim(value, 1) + DURATIONS[unit][0 if language == "ja" else 1]
    if unit is None or unit in PLAIN:
        return _trim(value, 2)
    return _money_ja(value, unit) if language == "ja" else _money_en(value, unit)


def format_fine(value: float | None, unit: str | None, language: str) -> str:
    """As format_value, but of few things two decimals: 3.83 offers that equations make, against 4.

    >>> format_fine(3.8333, "count", "ja"), format_fine(383.33, "count", "ja")
    ('3.83件', '383件')
    """
    if unit == "count" and value is not None and abs(value) < 100:
        return f"{_trim(value, 2)}件" if language == "ja" else _trim(value, 2)
    return format_value(value, unit, language)


def format_target(value: float | None, unit: str | None, language: str, reason: str | None = None) -> str:
    """A target: counts are rounded up, since 133.33 deals are reached by 134 and not by 133."""
    if value is not None and unit == "count" and math.isfinite(value):
        value = float(math.ceil(value - 1e-9))
    return format_value(value, unit, language, reason)


def format_pace(value: float | None, unit: str | None, language: str) -> str:
    """A pace that is needed: as a target, but of few things as it is: 3 in 98 days are not 1 a day.

    >>> format_pace(3 / 98, "count", "ja"), format_pace(12.3, "count", "ja")
    ('0.03件', '13件')
    """
    if unit == "count" and value is not None and 0 < value < 10:
        shown = _trim(value, 2 if value >= 0.01 else 1 - math.floor(math.log10(value)))
        return f"{shown}件" if language == "ja" else shown
    return format_target(value, unit, language)


def format_share(share: float | None) -> str:
    """A share as whole per cent; 99.6 % is shown with its decimal, so that short of 100 never reads 100."""
    if share is None or not math.isfinite(share):
        return NOTHING
    if 0.995 <= share < 1:
        return f"{math.floor(share * 1000) / 10:.1f}%"
    return f"{_trim(share * 100, 0)}%"


def format_probability(probability: float | None, language: str) -> str:
    """A probability as whole per cent, never 0 % or 100 %: a forecast isn't certain."""
    if probability is None or not math.isfinite(probability):
        return NOTHING
    if probability < 0.01:
        return "1%未満" if language == "ja" else "<1%"
    if probability > 0.99:
        return "99%超" if language == "ja" else ">99%"
    return f"{_trim(probability * 100, 0)}%"


def format_change(now: float | None, before: float | None, unit: str | None) -> str:
    """Change against a period before: relative (+12%), for fractions in points (+1.2pt)."""
    if now is None or before is None:
        return NOTHING
    if unit == "percent":
        return f"{_signed((now - before) * 100, 1)}pt"
    if before == 0:
        return NOTHING
    return f"{_signed((now - before) / abs(before) * 100, 0)}%"


def format_date(day: date | None, language: str) -> str:
    """2026年10月31日, 31 Oct 2026."""
    if day is None:
        return NOTHING
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%b %Y}"


def format_month(day: date, language: str) -> str:
    """4月, Apr."""
    return f"{day.month}月" if language == "ja" else f"{day:%b}"


def clean(text: str) -> str:
    """`text` without control, bidirectional-override and invisible characters: names come from exports."""
    return "".join(" " if c in "\t\n\r" else c for c in text if c in "\t\n\r" or _is_visible(c))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _money_ja(value: float, unit: str) -> str:
    name = CURRENCY_JA.get(unit, unit)
    size = abs(value)
    if round(size / 1e4) >= 10_000:
        oku = value / 1e8
        return f"{_trim(oku, 2 if abs(oku) < 10 else 1 if abs(oku) < 1000 else 0)}億{name}"
    if size >= 1e4:
        man = value / 1e4
        return f"{_trim(man, 1 if abs(man) < 100 else 0)}万{name}"
    return f"{_trim(value, 0 if unit == 'JPY' or size >= 100 else 2)}{name}"


def _money_en(value: float, unit: str) -> str:
    sign = CURRENCY_SIGNS.get(unit, f"{unit} ")
    minus, size = ("-" if value < 0 else ""), abs(value)
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e4, "K")):
        divisor = 1e3 if letter == "K" else limit
        if size >= limit * 0.9995:
            short = size / divisor
            return f"{minus}{sign}{_trim(short, 2 if short < 10 else 1 if short < 100 else 0)}{letter}"
    return f"{minus}{sign}{_trim(size, 0 if unit == 'JPY' or size >= 100 else 2)}"


def _trim(value: float, decimals: int) -> str:
    """Grouped, at most so many decimals, without trailing zeros and without a negative zero."""
    written = f"{value:,.{decimals}f}"
    if "." in written and decimals > 1:
        written = written.rstrip("0").rstrip(".")
    elif written.endswith(".0"):
        written = written[:-2]
    return "0" if written in {"-0", "-0.0"} else written


def _signed(value: float, decimals: int) -> str:
    written = _trim(value, decimals)
    return written if written.startswith("-") or written == "0" else f"+{written}"
