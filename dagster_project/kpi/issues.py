"""Findings as data: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, order=True)
class Issue:
    """One finding. `file` is relative to the project folder; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    subject: str
    message: str
    hint: str = ""
    level: Level = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        what = f"{self.subject}: {self.message}" if self.subject else self.message
        mark = "" if self.level == "error" else f"{self.level}: "
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {mark}{what}{hint}"


def a(noun: str) -> str:
    """The noun with its article: a date, an integer."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def suggest(given: str, known: Iterable[str]) -> str:
    """A hint `did you mean 'x'?` for a mistyped name, or an empty string where nothing is close."""
    names = sorted(set(known))
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.65)
    if not close:
        folded = {name.casefold(): name for name in names}
        close = [
            folded[key] for key in difflib.get_close_matches(given.casefold(), list(folded), n=1, cutoff=0.65)
        ]
    return f"did you mean '{close[0]}'?" if close else ""


def suggest_kpi(given: str, formerly: Mapping[str, Iterable[str]]) -> str:
    """What to write instead of a name that no KPI has: the new name of a renamed one, else the nearest.

    `formerly`: the old names of every KPI.
    """
    for name, old_names in formerly.items():
        if given in old_names:
            return f"it was renamed: write '{name}'"
    return suggest(given, formerly)
