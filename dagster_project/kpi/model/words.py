"""Column types, grains, labels and places: the words that all definitions share.

Column types of the language and what they are in SQL:

    text VARCHAR · integer BIGINT · number DOUBLE · money DECIMAL(18,4) · percent DOUBLE (a fraction)
    date DATE · timestamp TIMESTAMP (local time of the calendar's zone) · boolean BOOLEAN
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "integer", "number", "money", "percent", "date", "timestamp", "boolean"]
SQL_TYPES: Mapping[str, str] = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "money": "decimal(18, 4)",
    "percent": "double",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}

Grain = Literal["day", "week", "month", "quarter", "half", "fiscal_year", "all"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "half", "fiscal_year", "all")


@dataclass(frozen=True)
class Where:
    """The place in the YAML that a definition was written at; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1


@dataclass(frozen=True)
class Label:
    """A name for people, in Japanese and English; each falls back to the other, then to the identifier."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        return self.ja if language == "ja" else self.en
