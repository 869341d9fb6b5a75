"""Names that dbt's semantic layer accepts, for ours."""

from __future__ import annotations

import re
from collections.abc import Container

# Names of granularities, and words that its validation reserves.
_WORDS = """
nanosecond microsecond millisecond second minute hour day week month quarter half year metric_time dow doy
fiscal_quarter fiscal_half fiscal_year company_week date_part total and as create distinct for from full
having in inner into is join left like natural not null on or right select union using where with
"""
_RESERVED = frozenset(re.findall(r"\w+", _WORDS))


def accepted(name: str, taken: Container[str] = ()) -> str:
    """`name`, changed where the semantic layer refuses it or it is `taken`.

    It refuses two underscores in a row, one at the end, a single letter, and words of its own.
    """
    found = re.sub(r"__+", "_", name).rstrip("_")
    if len(found) < 2 or found in _RESERVED:
        found = f"the_{found}"
    while found in taken:
        found += "_measured"
    return found
