"""Typing the text of definitions: quantities, dates, spans of time. Each raises ValueError in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_NAME = 60  # PostgreSQL cuts names after 63 characters; file names end at 255

# Words that SQL engines keep for themselves; a column of that name would need quoting everywhere.
_RESERVED = """
all alter analyse analyze and anti any array as asc asof at both by case cast check collate column
constraint create cross current_date current_time current_timestamp current_user default deferrable desc
describe distinct do drop else end except false fetch for foreign from full glob grain grant group
having if ilike in inner intersect into is join lateral leading left like limit localtime map natural
not null offset on only or order outer period_end period_start pivot pivot_longer placing positional
primary qualify references regexp returning right rlike select semi show similar some summarize
symmetric table tablesample then to trailing true union unique unpivot user using values variadic when
where window with
"""
RESERVED = frozenset(_RESERVED.split())

_QUANTITY = re.compile(r"(?P<sign>[+-]?)(?P<number>\d[\d_]*(?:\.\d[\d_]*)?|\.\d+)\s*(?P<suffix>%|pt)?")


def identifier(text: str) -> str:
    """`text` as a name: lower-case letters, digits and underscores, and no word reserved by SQL."""
    if not IDENTIFIER.fullmatch(text):
        raise ValueError("a name starts with a lower-case letter and holds only a-z, 0-9 and _")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"a name has at most {LONGEST_NAME} characters, this one {len(text)}")
    if text in RESERVED:
        raise ValueError(f"'{text}' is a word reserved by SQL; choose another name")
    return text


@dataclass(frozen=True)
class Quantity:
    """A typed figure. `value` is exact (20% is 1/5); `relative` marks +10% or +10pt (growth, points)."""

    value: Fraction
    form: Literal["number", "percent", "points"]
    relative: bool

    def __float__(self) -> float:
        return float(self.value)


def parse_quantity(text: str) -> Quantity:
    """`100_000_000`, `2_360.5`, `20%`, `+10%` (growth), `+10pt` (points), `-5`."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a figure; write 1000000, 1_000_000, 20% or +10%")
    value = Fraction(match["number"].replace("_", ""))
    if match["sign"] == "-":
        value = -value
    suffix = match["suffix"]
    if suffix == "pt" and not match["sign"]:
        raise ValueError(f"'{text}': points are a change; write +10pt or -10pt")
    if suffix is None:
        return Quantity(value, "number", relative=False)
    return Quantity(
        value / 100, "percent" if suffix == "%" else "points", relative=match["sign"] == "+" or suffix == "pt"
    )


def parse_date(text: str) -> date:
    """An ISO date, 2026-04-01."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(f"'{text}' is not a date; write it as 2026-04-01")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no day of the calendar") from error


def parse_days(text: str) -> int:
    """A number of days: `1 day`, `4 days`, `0`."""
    match = re.fullmatch(r"(\d+)(?:\s+days?)?", text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a number of days; write 4 days")
    return int(match[1])


def parse_bool(text: str) -> bool:
    """`true` or `false`, nothing else."""
    if text not in ("true", "false"):
        raise ValueError(f"'{text}' is neither true nor false")
    return text == "true"
